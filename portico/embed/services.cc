// portico/embed/services.cc — see services.h.
#include "portico/embed/services.h"

#include <signal.h>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portico/embed/connection_state.h"
#include "portico/embed/tell.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/net/endpoint.h"
#include "portico/io/net/own_names.h"
#include "portico/io/signals.h"
#include "portico/server/server_certificates.h"
#include "portico/server/web_endpoint.h"
#include "portico/services/copy.h"
#include "portico/services/datagrams.h"
#include "portico/services/serve.h"
#include "portico/services/service.h"

namespace portico {
namespace {

constexpr io::Duration failure_pause = std::chrono::milliseconds(100);

// One of them is not empty.
struct Functions {
    ServeStream stream;
    ServeConnection connection;
    AnswerDatagram answer;
};

class FunctionService final : public services::Service {
public:
    FunctionService(io::Core& core, Functions functions) : core_(&core), functions_(std::move(functions)) {}

    Task<void> serve(io::Stream stream) override {
        if (functions_.connection) return guarded(serve_as_connection(link::Transport(std::move(stream))));
        return guarded(serve_as_stream(std::move(stream)));
    }
    Task<io::Result<void>> serve_stdio(io::Stdio) override {
        assert(false && "serve_at() refuses it: a ServeStream has one stream, and standard input and output are two");
        co_return io::Result<void>();
    }
    Task<void> serve_secure(link::Transport transport) override {
        return guarded(serve_as_connection(std::move(transport)));
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
    Task<void> serve_as_connection(link::Transport transport) {
        Connection connection(std::make_unique<Connection::State>(std::move(transport)));
        co_await functions_.connection(std::move(connection));
    }
    Task<void> serve_as_stream(io::Stream stream) { co_await functions_.stream(std::move(stream)); }
    static Task<void> guarded(Task<void> serving) {
        std::exception_ptr exception;
        try {
            co_await std::move(serving);
        } catch (...) {
            exception = std::current_exception();
        }
        if (exception) tell_of_exception("the function that serves a client", exception);
    }
    std::optional<std::string> answer_to(std::string_view datagram) {
        try {
            return functions_.answer(datagram);
        } catch (...) {
            tell_of_exception("the function that answers a datagram", std::current_exception());
        }
        return std::nullopt;
    }

    io::Core* core_;
    Functions functions_;
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

void tell_of_certificates(const server::CertificateNews& news) { std::fprintf(stderr, "%s\n", news.message.c_str()); }

Task<void> serve_until_stopped(io::Core& core, services::Service& service,
                               std::vector<services::OpenEndpoint> endpoints, services::ServeLimits limits,
                               services::ServiceWatcher& watcher) {
    co_await services::serve_endpoints(core, service, std::move(endpoints), limits, watcher);
    core.stop();
}

// Null without TLS.
std::expected<std::unique_ptr<server::ServerCertificates>, std::string> open_certificates(
    const ServiceOptions& options) {
    server::CertificatePlan plan;
    const bool has_files = !options.certificates.empty();
    plan.use = has_files ? server::CertificateUse::files : server::CertificateUse::local;
    plan.files = options.certificates;
    if (!has_files) plan.names = io::names_of_this_machine();
    plan.names.insert(plan.names.end(), options.local_names.begin(), options.local_names.end());
    plan.offer = server::Applications::listed;
    plan.applications = options.applications;
    auto keys = server::TicketKeySource::open("", std::chrono::steady_clock::now());
    if (!keys) return std::unexpected(keys.error().message);
    auto opened = server::ServerCertificates::open(std::move(plan), *std::move(keys), tell_of_certificates);
    if (!opened) return std::unexpected(opened.error().message);
    return *std::move(opened);
}

// Why the functions can't serve there, or nothing.
std::string trouble_with(const server::WebEndpoint& where, const Functions& functions) {
    const io::Transport transport = where.endpoint.transport;
    if (functions.answer) return transport == io::Transport::udp ? "" : "is not an endpoint for UDP: write HOST:PORT";
    const bool is_stream = transport == io::Transport::tcp || transport == io::Transport::unix_stream;
    if (!is_stream) return "is not an endpoint for streams: write HOST:PORT or unix:PATH";
    if (where.speech == server::Speech::tls && !functions.connection) {
        return "has TLS: the function must take a portico::Connection, not a Stream";
    }
    return "";
}

// "tls://" before an endpoint for streams.
std::expected<server::WebEndpoint, io::EndpointError> parse(std::string_view text, const Functions& functions) {
    if (!functions.answer) return server::parse_web_endpoint(text);
    auto endpoint = io::parse_endpoint(text, io::Transport::udp);
    if (!endpoint) return std::unexpected(endpoint.error());
    return server::WebEndpoint{*std::move(endpoint), server::Speech::plain};
}

int serve_at(std::string_view text, Functions functions, const ServiceOptions& options) {
    const auto where = parse(text, functions);
    const std::string shown = "'" + std::string(text) + "' ";
    if (!where) return complain(shown + "is not an endpoint: " + where.error().message);
    const std::string trouble = trouble_with(*where, functions);
    if (!trouble.empty()) return complain(shown + trouble);
    auto kernel = io::make_epoll_kernel();
    if (!kernel) return complain(io::describe(kernel.error()));
    io::Core core(**kernel);
    std::unique_ptr<server::ServerCertificates> certificates;
    std::shared_ptr<services::PresentTls> tls;
    if (where->speech == server::Speech::tls) {
        auto made = open_certificates(options);
        if (!made) return complain("no TLS at " + std::string(text) + ": " + made.error());
        certificates = *std::move(made);
        tls = std::make_shared<services::PresentTls>(certificates->context());
    }
    std::vector<services::OpenEndpoint> opened;
    const auto open = services::open_endpoint(core, where->endpoint, opened, tls);
    if (!open) return complain("can't listen on " + std::string(text) + ": " + open.error().message);
    FunctionService service(core, std::move(functions));
    Silent watcher;
    io::Scope serving;
    const io::SignalWatcher signals({SIGTERM, SIGINT}, [&](int) { core.post([&serving] { serving.request_stop(); }); });
    // The signal watcher already exists: a program that reads these lines may send a signal at once.
    for (const services::OpenEndpoint& one : opened) {
        std::fprintf(stderr, "Listening on %s\n", services::text_of(one).c_str());
    }
    services::ServeLimits limits;
    limits.connections_max = options.connections_max;
    limits.handshake_time_max = options.handshake_time_max;
    serving.start(serve_until_stopped(core, service, std::move(opened), limits, watcher));
    if (certificates != nullptr) {
        certificates->keep(
            [&core, tls](const auto& renewed) { core.post([tls, renewed] { tls->context = renewed; }); });
    }
    core.run();
    return 0;
}

}  // namespace

int serve_tcp(std::string_view endpoint, ServeStream serve) {
    Functions functions;
    functions.stream = std::move(serve);
    return serve_at(endpoint, std::move(functions), ServiceOptions());
}

int serve_tcp(std::string_view endpoint, ServeConnection serve, ServiceOptions options) {
    Functions functions;
    functions.connection = std::move(serve);
    return serve_at(endpoint, std::move(functions), options);
}

int serve_udp(std::string_view endpoint, AnswerDatagram answer) {
    Functions functions;
    functions.answer = std::move(answer);
    return serve_at(endpoint, std::move(functions), ServiceOptions());
}

Task<io::Result<std::uint64_t>> copy(Stream& from, Stream& to, io::TimePoint deadline) {
    return services::copy(from, to, deadline);
}

}  // namespace portico
