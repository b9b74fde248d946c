// portico/embed/services.cc — see services.h.
#include "portico/embed/services.h"

#include <signal.h>

#include <cassert>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "portico/embed/tell.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/net/endpoint.h"
#include "portico/io/signals.h"
#include "portico/services/copy.h"
#include "portico/services/datagrams.h"
#include "portico/services/serve.h"
#include "portico/services/service.h"

namespace portico {
namespace {

constexpr io::Duration failure_pause = std::chrono::milliseconds(100);

class FunctionService final : public services::Service {
public:
    FunctionService(io::Core& core, ServeStream serve, AnswerDatagram answer_one)
        : core_(&core), serve_(std::move(serve)), answer_(std::move(answer_one)) {}

    Task<void> serve(io::Stream stream) override {
        std::exception_ptr exception;
        try {
            co_await serve_(std::move(stream));
        } catch (...) {
            exception = std::current_exception();
        }
        if (exception) tell_of_exception("the function that serves a client", exception);
    }
    Task<io::Result<void>> serve_stdio(io::Stdio) override {
        assert(false && "serve_at() refuses it: a ServeStream has one stream, and standard input and output are two");
        co_return io::Result<void>();
    }
    Task<void> serve_secure(link::Transport) override {
        assert(false && "serve_at() opens no endpoint with TLS");
        co_return;
    }
    Task<void> answer(io::Datagram socket) override {
        std::vector<char> room(services::datagram_room);
        std::vector<io::DatagramSlot> slots(1);
        for (bool has_failed = false;;) {
            slots.front().octets = room;
            const io::Result<std::size_t> received = co_await socket.receive(slots, io::never);
            if (!received && received.error().number == ECANCELED) co_return;
            if (!received) {
                // Usually the error reports an answer that was not received. After the first error, pause, so that
                // errors that never end do not become a busy loop.
                const io::Duration pause = has_failed ? failure_pause : io::Duration::zero();
                const bool slept = co_await io::sleep_for(*core_, pause);
                if (!slept) co_return;
                has_failed = true;
                continue;
            }
            has_failed = false;
            std::optional<std::string> reply = answer_to({slots.front().octets.data(), slots.front().octets.size()});
            if (!reply) continue;
            slots.front().octets = *reply;
            const io::Result<std::size_t> sent = co_await socket.send(slots, io::never);
            if (!sent && sent.error().number == ECANCELED) co_return;
        }
    }

private:
    std::optional<std::string> answer_to(std::string_view datagram) {
        try {
            return answer_(datagram);
        } catch (...) {
            tell_of_exception("the function that answers a datagram", std::current_exception());
        }
        return std::nullopt;
    }

    io::Core* core_;
    ServeStream serve_;
    AnswerDatagram answer_;
};

class Silent final : public services::ServiceWatcher {
public:
    void came(const io::SocketAddress& peer) override { static_cast<void>(peer); }
    void could_not_accept(const io::Error& error) override {
        std::fprintf(stderr, "can't accept: %s\n", io::describe(error).c_str());
    }
};

int complain(const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return 1;
}

Task<void> serve_until_stopped(io::Core& core, services::Service& service,
                               std::vector<services::OpenEndpoint> endpoints, services::ServiceWatcher& watcher) {
    co_await services::serve_endpoints(core, service, std::move(endpoints), services::ServeLimits(), watcher);
    core.stop();
}

int serve_at(std::string_view text, io::Transport transport, ServeStream serve, AnswerDatagram answer) {
    const auto endpoint = io::parse_endpoint(text, transport);
    if (!endpoint) return complain("'" + std::string(text) + "' is not an endpoint: " + endpoint.error().message);
    const bool is_udp = transport == io::Transport::udp;
    const bool fits =
        endpoint->transport == transport || (!is_udp && endpoint->transport == io::Transport::unix_stream);
    if (!fits) {
        return complain("'" + std::string(text) + "' is not an endpoint for " +
                        (is_udp ? "UDP: write HOST:PORT" : "streams: write HOST:PORT or unix:PATH"));
    }
    auto kernel = io::make_epoll_kernel();
    if (!kernel) return complain(io::describe(kernel.error()));
    io::Core core(**kernel);
    std::vector<services::OpenEndpoint> opened;
    const auto open = services::open_endpoint(core, *endpoint, opened);
    if (!open) return complain("can't listen on " + std::string(text) + ": " + open.error().message);
    FunctionService service(core, std::move(serve), std::move(answer));
    Silent watcher;
    io::Scope serving;
    const io::SignalWatcher signals({SIGTERM, SIGINT}, [&](int) { core.post([&serving] { serving.request_stop(); }); });
    // The signal watcher already exists: a program that reads these lines may send a signal at once.
    for (const services::OpenEndpoint& one : opened) {
        std::fprintf(stderr, "Listening on %s\n", services::text_of(one).c_str());
    }
    serving.start(serve_until_stopped(core, service, std::move(opened), watcher));
    core.run();
    return 0;
}

}  // namespace

int serve_tcp(std::string_view endpoint, ServeStream serve) {
    return serve_at(endpoint, io::Transport::tcp, std::move(serve), nullptr);
}

int serve_udp(std::string_view endpoint, AnswerDatagram answer) {
    return serve_at(endpoint, io::Transport::udp, nullptr, std::move(answer));
}

Task<io::Result<std::uint64_t>> copy(Stream& from, Stream& to, io::TimePoint deadline) {
    return services::copy(from, to, deadline);
}

}  // namespace portico
