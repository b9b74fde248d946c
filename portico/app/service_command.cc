// portico/app/service_command.cc — see service_command.h.
//
// Room app: see command.h.
#include "portico/app/service_command.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <expected>
#include <optional>
#include <string>
#include <utility>

#include "portico/app/certificates.h"
#include "portico/app/line_printer.h"
#include "portico/app/notation.h"
#include "portico/app/notice.h"
#include "portico/app/retype.h"
#include "portico/app/serve_trouble.h"
#include "portico/base/printable.h"
#include "portico/io/descriptor_limit.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/net/own_names.h"
#include "portico/io/net/ports.h"
#include "portico/io/signals.h"
#include "portico/server/web_endpoint.h"
#include "portico/services/serve.h"

namespace portico::app {
namespace {

using services::OpenEndpoint;

// Prints a line for each client, and, at most every ten seconds, why clients cannot be accepted.
class Reporter final : public services::ServiceWatcher {
public:
    Reporter(io::Core& core, LinePrinter* printer) : core_(&core), printer_(printer) {}

    void came(const io::SocketAddress& peer) override {
        if (printer_ != nullptr) printer_->print("Connection from " + peer.text());
    }
    void could_not_accept(const io::Error& error) override {
        if (core_->now() < next_report_) return;
        next_report_ = core_->now() + std::chrono::seconds(10);
        note(fmt::format("new clients must wait: {}", io::describe(error)));
    }
    void stdio_failed(const io::Error& error) override {
        exit_code_ = exit_failure;
        // The reader of our output has read enough, as in `| head`.
        if (error.number == EPIPE) return;
        const char* const failed = error.doing == "read" ? "input could not be read" : "output could not be written";
        complain(fmt::format("standard {}: {}", failed, std::strerror(error.number)));
    }
    [[nodiscard]] int exit_code() const { return exit_code_; }

private:
    io::Core* core_;
    LinePrinter* printer_;  // null: --quiet, or standard output belongs to a client
    io::TimePoint next_report_{};
    int exit_code_ = exit_ok;
};

// Returns the endpoints given on the command line. They were checked when it was parsed.
std::vector<server::WebEndpoint> endpoints_of(const Arguments& arguments) {
    std::vector<server::WebEndpoint> endpoints;
    for (const std::string_view text : arguments.values("listen")) {
        endpoints.push_back(*server::parse_web_endpoint(text));
    }
    return endpoints;
}

struct Running {
    io::Core& core;
    services::Service& service;
    Reporter& reporter;
    services::ServeLimits limits;
};

Task<void> serve_and_stop(Running running, std::vector<OpenEndpoint> endpoints) {
    co_await serve_endpoints(running.core, running.service, std::move(endpoints), running.limits, running.reporter);
    running.core.stop();
}

void announce(const std::vector<OpenEndpoint>& opened, bool standard_output_is_ours) {
    for (const OpenEndpoint& endpoint : opened) {
        if (std::holds_alternative<io::Stdio>(endpoint)) continue;
        const std::string line = "Listening on " + printable(services::text_of(endpoint)) + "\n";
        if (standard_output_is_ours) {
            say_in_passing(line);
        } else {
            say_aside(line);
        }
    }
}

}  // namespace

int complain_of_opening(const Arguments& arguments, const io::Endpoint& endpoint,
                        const services::OpenFailure& failure) {
    if (failure.number == 0 || endpoint.scheme == io::EndpointScheme::stdio) {
        return complain(fmt::format("cannot listen on {}: {}", endpoint.text(), failure.message));
    }
    const auto in_use = failure.number == EADDRINUSE ? io::who_holds(failure.address, endpoint.scheme) : std::nullopt;
    if (!in_use || endpoint.scheme == io::EndpointScheme::unix_stream) {
        const Misuse trouble =
            trouble_with_listening(arguments, failure.address, {failure.number, "listen"}, standard_port);
        return complain(trouble.message, trouble.advice);
    }
    io::Endpoint other = io::endpoint_at(failure.address, endpoint.scheme);
    const std::string wanted = other.text();
    other.port = 0;
    std::string advice = retyped(arguments, "--listen " + shell_quoted(other.text()));
    if (!in_use->held_by.empty()) advice += fmt::format("\nkill {}", in_use->held_by.front().pid);
    return complain(fmt::format("cannot listen on {}: the port is in use by {}", wanted, io::describe_holders(*in_use)),
                    advice);
}

std::expected<std::unique_ptr<server::ServerCertificates>, Misuse> certificates_for(
    const Arguments& arguments, const std::vector<server::WebEndpoint>& endpoints) {
    const bool is_wanted =
        std::ranges::any_of(endpoints, [](const auto& one) { return one.speech == server::Speech::tls; });
    const auto chain = arguments.value("cert");
    const auto key = arguments.value("key");
    if (chain.has_value() != key.has_value()) {
        return std::unexpected(
            Misuse{"--cert and --key belong together",
                   fmt::format("portico {} --cert fullchain.pem --key privkey.pem", arguments.command().name)});
    }
    if (chain && !is_wanted) {
        return std::unexpected(
            Misuse{"--cert is for endpoints with tls://", fmt::format("portico {} --help", arguments.command().name)});
    }
    if (!is_wanted) return nullptr;
    server::CertificatePlan plan;
    plan.use = chain ? server::CertificateUse::files : server::CertificateUse::local;
    if (chain) plan.files.emplace_back(std::string(*chain), std::string(*key));
    plan.names = io::names_of_this_machine();
    plan.offer = server::Applications::listed;
    auto opened = open_certificates(plan, "");
    if (!opened) return std::unexpected(Misuse{opened.error().message, advice_of(opened.error())});
    return *std::move(opened);
}

std::vector<Option> service_options() {
    return {
        {.name = "listen",
         .letter = 'l',
         .value = "ENDPOINT",
         .meaning = "TCP, tls://, udp://, unix: or stdio",
         .kind = ValueKind::notation,
         .notation = &service_notation,
         .repeat = Repeat::collected,
         .fallback = "tcp://127.0.0.1:8080"},
        {.name = "cert",
         .value = "FILE",
         .meaning = "the certificate chain for tls:// [one of your own]",
         .kind = ValueKind::file},
        {.name = "key", .value = "FILE", .meaning = "its private key", .kind = ValueKind::file},
        {.name = "connections",
         .value = "N",
         .meaning = "maximum number of clients; further ones wait",
         .kind = ValueKind::number,
         .fallback = "10000",
         .least = 1},
        {.name = "quiet", .letter = 'q', .meaning = "do not print a line for each connection"},
    };
}

std::vector<OtherName> service_other_names() {
    return {{"--port", "listen", "127.0.0.1:"},
            {"-p", "listen", "127.0.0.1:"},
            {"--bind", "listen"},
            {"-b", "listen"},
            {"--host", "listen"},
            {"--address", "listen"},
            {"-a", "listen"}};
}

int run_service(const Arguments& arguments, const MakeService& make_service) {
    io::ignore_broken_pipes();
    io::raise_descriptor_limit();
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return complain(io::describe(kernel.error()));
    io::Core core(**kernel);
    // A signal that comes before the loop runs is handled when it does.
    io::Scope serving;
    const io::SignalWatcher signals(
        {SIGTERM, SIGINT}, [&](int) { core.post([&] { serving.request_stop(); }); },
        io::SignalWatcher::Afterwards::ignored);
    std::vector<OpenEndpoint> opened;
    const std::vector<server::WebEndpoint> endpoints = endpoints_of(arguments);
    const auto certificates = certificates_for(arguments, endpoints);
    if (!certificates) return complain_of_misuse(certificates.error().message, certificates.error().advice);
    const auto tls = std::make_shared<services::PresentTls>();
    if (*certificates != nullptr) tls->context = (*certificates)->context();
    for (const auto& [endpoint, speech] : endpoints) {
        const auto done =
            services::open_endpoint(core, endpoint, opened, speech == server::Speech::tls ? tls : nullptr);
        if (!done) return complain_of_opening(arguments, endpoint, done.error());
    }
    // Standard output carries either our messages or a client's octets.
    const bool output_is_ours = std::ranges::none_of(
        opened, [](const OpenEndpoint& endpoint) { return std::holds_alternative<io::Stdio>(endpoint); });
    announce(opened, output_is_ours);
    std::optional<LinePrinter> printer;
    if (output_is_ours && !arguments.has("quiet")) {
        auto stdio = io::open_stdio(core);
        if (stdio) printer.emplace(core, std::move(stdio->output));
    }
    Reporter reporter(core, printer ? &*printer : nullptr);
    const auto service = make_service(core);
    const services::ServeLimits limits{.connections_max = static_cast<std::size_t>(*arguments.number("connections"))};

    io::Scope printing;
    if (printer) printing.start(printer->run());
    serving.start(serve_and_stop({core, *service, reporter, limits}, std::move(opened)));
    if (*certificates != nullptr) {
        (*certificates)->keep([&core, tls](const auto& renewed) {
            core.post([tls, renewed] { tls->context = renewed; });
        });
    }
    core.run();
    printing.request_stop();
    while (printing.size() > 0) core.run_once(core.now());
    return reporter.exit_code();
}

}  // namespace portico::app
