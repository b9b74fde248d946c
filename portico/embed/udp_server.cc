// portico/embed/udp_server.cc — see udp_server.h.
#include "portico/embed/udp_server.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <span>
#include <utility>
#include <variant>

#include "portico/embed/service_run.h"
#include "portico/embed/tell.h"
#include "portico/io/datagram.h"
#include "portico/io/net/endpoint.h"
#include "portico/io/scope.h"
#include "portico/services/datagrams.h"
#include "portico/services/serve.h"

namespace portico {
namespace {

constexpr io::Duration failure_pause = std::chrono::milliseconds(100);

class RunningUdp final : public RunningService {
public:
    RunningUdp(std::unique_ptr<ServiceThreads> threads, AnswerDatagramFrom answer, UdpOptions options)
        : threads_(std::move(threads)), answer_(std::move(answer)), options_(options) {}
    ~RunningUdp() override {
        RunningUdp::stop_now();
        threads_->join();
    }

    std::expected<void, std::string> listen(const io::Endpoint& where, std::string_view shown);
    std::expected<void, std::string> begin() override {
        return threads_->start([this](std::size_t) { return work(); });
    }
    void drain() override { stop_now(); }
    void stop_now() override {
        threads_->core(0).post([this] { answering_.request_stop(); });
    }
    ServiceThreads& threads() override { return *threads_; }

private:
    Task<void> work();
    Task<void> answer_all(io::Datagram& socket);
    [[nodiscard]] std::optional<std::string> answer_to(const io::DatagramSlot& slot);

    std::unique_ptr<ServiceThreads> threads_;
    AnswerDatagramFrom answer_;
    UdpOptions options_;
    services::AnswerablePeers clients_;
    std::vector<io::Datagram> sockets_;
    io::Scope answering_;
};

std::expected<void, std::string> RunningUdp::listen(const io::Endpoint& where, std::string_view shown) {
    std::vector<services::OpenEndpoint> opened;
    const auto open = services::open_endpoint(threads_->core(0), where, opened);
    if (!open) return std::unexpected("can't listen on " + std::string(shown) + ": " + open.error().message);
    note(opened);
    for (services::OpenEndpoint& one : opened) {
        sockets_.push_back(std::move(std::get<io::Datagram>(one)));
        clients_.add_own(sockets_.back().local());
    }
    return {};
}

Task<void> RunningUdp::work() {
    for (io::Datagram& socket : sockets_) answering_.start(answer_all(socket));
    co_await answering_.join();
    sockets_.clear();
}

// Nothing: it is not answered.
std::optional<std::string> RunningUdp::answer_to(const io::DatagramSlot& slot) {
    const bool is_guarded = options_.answer_to == AnswerTo::clients;
    if (slot.truncated || (is_guarded && !clients_.has(slot.peer))) return std::nullopt;
    std::optional<std::string> answer;
    try {
        answer = answer_({slot.octets.data(), slot.octets.size()}, slot.peer);
    } catch (...) {
        tell_of_exception(threads_->core(0), "the function that answers a datagram", std::current_exception());
    }
    const bool is_large = answer && answer->size() > services::answer_octets_max(slot.octets.size());
    if (is_guarded && is_large) return std::nullopt;
    return answer;
}

Task<void> RunningUdp::answer_all(io::Datagram& socket) {
    std::vector<char> room(options_.datagram_octets_max);
    std::array<io::DatagramSlot, 1> slots;
    for (bool has_failed = false;;) {
        slots[0].octets = room;
        const io::Result<std::size_t> received = co_await socket.receive(slots, io::never);
        if (!received && received.error().number == ECANCELED) co_return;
        if (!received) {
            // Usually the error reports an answer that was not received. After the first error, pause, so that errors
            // that never end do not become a busy loop.
            const io::Duration pause = has_failed ? failure_pause : io::Duration::zero();
            const bool slept = co_await io::sleep_for(socket.core(), pause);
            if (!slept) co_return;
            has_failed = true;
            continue;
        }
        has_failed = false;
        std::optional<std::string> answer = answer_to(slots[0]);
        if (!answer) continue;
        slots[0].octets = *answer;
        const io::Result<std::size_t> sent = co_await socket.send(slots, io::never);
        if (!sent && sent.error().number == ECANCELED) co_return;
    }
}

Opening open(std::string_view endpoint, const AnswerDatagramFrom& answer, const UdpOptions& options) {
    const std::string shown = "'" + std::string(endpoint) + "' ";
    const auto where = io::parse_endpoint(endpoint, io::EndpointScheme::udp);
    if (!where) return std::unexpected(shown + "is not an endpoint: " + where.error().message);
    if (where->scheme != io::EndpointScheme::udp) {
        return std::unexpected(shown + "is not an endpoint for UDP: write HOST:PORT");
    }
    auto threads = ServiceThreads::open(1, share(options.log));
    if (!threads) return std::unexpected(threads.error());
    auto running = std::make_unique<RunningUdp>(*std::move(threads), answer, options);
    const auto listens = running->listen(*where, endpoint);
    if (!listens) return std::unexpected(listens.error());
    return running;
}

}  // namespace

UdpServer::UdpServer(AnswerDatagramFrom answer, UdpOptions options)
    : SocketServer(std::make_shared<Own>(
          [answer = std::move(answer), options](std::string_view endpoint) { return open(endpoint, answer, options); },
          options.announces, options.log)) {}
UdpServer::UdpServer(AnswerDatagram answer, UdpOptions options)
    : UdpServer(
          [own = std::move(answer)](std::string_view datagram, const io::SocketAddress&) { return own(datagram); },
          options) {}

}  // namespace portico
