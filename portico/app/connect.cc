// portico/app/connect.cc — `portico connect`: a client for any protocol over a connection.
//
// Room app: see command.h.
#include <fmt/core.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portico/app/commands.h"
#include "portico/app/conversation.h"
#include "portico/app/conversation_end.h"
#include "portico/app/notice.h"
#include "portico/app/own_certificate.h"
#include "portico/app/retype.h"
#include "portico/app/terminal_settings.h"
#include "portico/app/tls_facts.h"
#include "portico/base/printable.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/net/endpoint_meant.h"
#include "portico/io/net/happy_eyeballs.h"
#include "portico/io/net/resolve.h"
#include "portico/io/run_task.h"
#include "portico/io/signals.h"
#include "portico/tls/client_context.h"

namespace portico::app {
namespace {

// The port to use if the address has none: most servers that people talk to by hand speak HTTP.
constexpr std::uint16_t default_peer_port = 80;

constexpr std::string_view tls_scheme = "tls://";

enum class Talk : std::uint8_t { usual, errors_only, details };

// Whether each TLS record is printed, with what is in it.
enum class Records : std::uint8_t { hidden, shown };

// What the command line asks for.
struct Wish {
    io::Endpoint endpoint;
    ConversationOptions conversation;
    std::optional<io::Family> family;
    Talk talk = Talk::usual;
    Records records = Records::hidden;
    std::optional<tls::ClientTlsOptions> tls;  // nothing: without TLS
    std::string careless;                      // the command line that does without verification

    [[nodiscard]] std::string where() const {
        const std::string text = printable(endpoint.text());
        return tls && text.starts_with("tcp://") ? std::string(tls_scheme) + text.substr(6) : text;
    }
};

bool wants_tls(const Arguments& arguments) {
    return arguments.has("tls") || arguments.positional(0)->starts_with(tls_scheme);
}

std::expected<io::Endpoint, Misuse> endpoint_from(const Arguments& arguments) {
    const bool wants_udp = arguments.has("udp");
    const auto scheme = wants_udp ? io::EndpointScheme::udp : io::EndpointScheme::tcp;
    std::string_view first = *arguments.positional(0);
    if (first.starts_with(tls_scheme)) first.remove_prefix(tls_scheme.size());
    const auto port = arguments.positional(1);
    auto endpoint = port ? io::endpoint_of(first, *port, scheme) : io::parse_endpoint(first, scheme);
    if (!endpoint) {
        const std::string written = port ? fmt::format("{} {}", first, *port) : std::string(first);
        const auto meant = io::endpoint_meant_by(written, default_peer_port, scheme);
        return std::unexpected(Misuse{fmt::format("'{}' is not an endpoint: {}", written, endpoint.error().message),
                                      fmt::format("portico connect {}", meant ? shell_quoted(*meant) : "HOST:PORT")});
    }
    if (wants_tls(arguments) && endpoint->scheme == io::EndpointScheme::udp) {
        return std::unexpected(Misuse{"there is no TLS over UDP", "portico connect tls://HOST:PORT"});
    }
    if (endpoint->scheme == io::EndpointScheme::stdio) {
        return std::unexpected(
            Misuse{"stdio is this end of the connection; name the other end", "portico connect HOST:PORT"});
    }
    if (wants_udp && endpoint->scheme != io::EndpointScheme::udp) {
        return std::unexpected(Misuse{fmt::format("--udp cannot be combined with '{}'", first),
                                      fmt::format("portico connect {}", shell_quoted(first))});
    }
    if (endpoint->scheme != io::EndpointScheme::unix_stream && endpoint->port == 0) {
        return std::unexpected(Misuse{"cannot connect to port 0", "portico ports --listening"});
    }
    return *std::move(endpoint);
}

std::expected<void, Misuse> wish_for_tls(const Arguments& arguments, Wish& wish) {
    if (!wants_tls(arguments)) {
        for (const std::string_view option : {"ca", "insecure", "alpn", "cert", "key"}) {
            if (!arguments.has(option)) continue;
            return std::unexpected(
                Misuse{fmt::format("--{} is for connections with TLS", option), "portico connect tls://HOST:PORT"});
        }
        return {};
    }
    wish.tls.emplace();
    wish.careless = retyped(arguments, "--insecure");
    if (arguments.has("insecure")) wish.tls->verification = tls::Verification::none;
    for (const std::string_view name : arguments.values("alpn")) wish.tls->applications.emplace_back(name);
    auto own = own_certificate(arguments, "portico connect tls://HOST:PORT --cert cert.pem --key key.pem");
    if (!own) return std::unexpected(std::move(own.error()));
    wish.tls->own = *std::move(own);
    const auto path = arguments.value("ca");
    if (!path) return {};
    std::ifstream file(std::string(*path), std::ios::binary);
    wish.tls->authorities.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (!wish.tls->authorities.empty()) return {};
    return std::unexpected(Misuse{fmt::format("there is no certificate in '{}'", *path),
                                  fmt::format("ls -l {}", shell_quoted(std::string(*path)))});
}

std::expected<Wish, Misuse> wish_from(const Arguments& arguments) {
    auto endpoint = endpoint_from(arguments);
    if (!endpoint) return std::unexpected(endpoint.error());
    Wish wish;
    wish.endpoint = *std::move(endpoint);
    if (arguments.has("verbose")) wish.talk = Talk::details;
    if (std::ranges::count(arguments.given(), "verbose", &Arguments::Given::first) > 1) wish.records = Records::shown;
    if (arguments.has("quiet")) wish.talk = Talk::errors_only;
    const auto tls = wish_for_tls(arguments, wish);
    if (!tls) return std::unexpected(tls.error());
    const auto wait = arguments.duration("wait");
    if (wait && wait->count() == 0)
        return std::unexpected(Misuse{"--wait must be greater than 0", "portico connect --help"});
    if (wait) wish.conversation.idle_max = *wait;
    if (arguments.has("crlf")) wish.conversation.line_ends = LineEnds::crlf;
    if (::isatty(STDIN_FILENO) == 1) wish.conversation.typing = Typing::yes;
    const bool is_shown = ::isatty(STDOUT_FILENO) == 1 && !arguments.has("raw");
    if (is_shown) wish.conversation.showing = Showing::printable;
    if (arguments.has("ipv4")) wish.family = io::Family::ipv4;
    if (arguments.has("ipv6")) wish.family = io::Family::ipv6;
    return wish;
}

// ^] hands over a line as Enter does. The terminal still edits lines, and the escape needs no Enter.
void set_escape_key(termios& settings) { settings.c_cc[VEOL] = 0x1d; }

class Teller final : public io::ConnectWatcher, public tls::SessionWatcher {
public:
    Teller(const Wish& wish, io::Core& core) : wish_(wish), core_(core), began_(core.now()) {}

    void trying(const io::SocketAddress& peer) override { tell(fmt::format("Trying {} …", peer.text())); }
    void failed(const io::SocketAddress& peer, const io::Error& error) override {
        tell(fmt::format("{}: {}", peer.text(), std::strerror(error.number)));
    }
    void connected(const io::SocketAddress& peer) {
        tell(fmt::format("Connected to {}", peer.text()));
        if (wish_.conversation.typing == Typing::yes) tell("Escape character is '^]'");
    }
    void secured(const tls::Session& session) {
        if (wish_.talk != Talk::details) return;
        for (const std::string& line : tls_facts(session)) tell(line);
    }
    // As tcpdump prints packets: when, from whom, what, how long.
    void saw(const tls::Sighting& sighting) override {
        const std::chrono::duration<double, std::milli> since = core_.kernel().clock() - began_;
        const bool is_sent = sighting.direction == tls::Direction::sent;
        const bool is_record = sighting.part == tls::Sighting::Part::record;
        tell(fmt::format("{:.2f} ms {}{}{}, length {}", since.count(),
                         is_sent ? "client > server: " : "server > client: ", is_record ? "record: " : "  ",
                         sighting.name, sighting.octets));
    }
    void closed() {
        if (wish_.conversation.typing == Typing::yes) tell("Connection closed");
    }

private:
    void tell(const std::string& line) const {
        if (wish_.talk != Talk::errors_only) say_aside(line + "\n");
    }
    const Wish& wish_;
    io::Core& core_;
    const io::TimePoint began_;
};

int explain(const Wish& wish, const io::ConnectFailure& failure) {
    const bool is_late = failure.number == ETIMEDOUT;
    if (failure.stage == io::ConnectFailure::Stage::resolving) {
        complain(failure.message);
        return is_late ? exit_timed_out : exit_not_resolved;
    }
    const char* const why = is_late ? "no answer in time" : std::strerror(failure.number);
    complain(fmt::format("cannot connect to {}: {}", wish.where(), why));
    return is_late ? exit_timed_out : exit_not_connected;
}

int explain(const Wish& wish, const tls::Session& session) {
    if (session.is_untrusted()) {
        complain(fmt::format("{} is not who it should be: {}", wish.where(), session.failure()), wish.careless);
        return exit_not_trusted;
    }
    if (session.failure().empty()) {
        complain(fmt::format("no TLS handshake with {} in time", wish.where()));
        return exit_timed_out;
    }
    complain(fmt::format("no TLS with {}: {}", wish.where(), session.failure()));
    return exit_not_secured;
}

int explain(const Wish& wish, const ConversationEnd& end) {
    if (wish.endpoint.scheme == io::EndpointScheme::udp) {
        const bool is_silent = end.ending == Ending::done && !end.has_received && wish.conversation.idle_max;
        if (is_silent) {
            complain(fmt::format("{} did not answer", wish.where()));
            return exit_timed_out;
        }
        if (end.ending == Ending::receive_failed && end.number == ECONNREFUSED) {
            complain(fmt::format("nothing listens on {}", wish.where()));
            return exit_not_connected;
        }
    }
    return explain(end, wish.where(), wish.conversation.idle_max);
}

io::TimePoint deadline_of(io::Core& core, const Wish& wish) {
    return wish.conversation.idle_max ? core.now() + *wish.conversation.idle_max : io::never;
}

std::expected<std::unique_ptr<tls::Session>, std::string> session_for(io::Core& core, const Wish& wish) {
    const auto context = tls::ClientContext::open(*wish.tls);
    if (!context) return std::unexpected(context.error());
    return (*context)->make_session(wish.endpoint.host, core.buffers());
}

Task<int> converse_by_stream(io::Core& core, const Wish& wish, Teller& teller) {
    io::ConnectOptions options(deadline_of(core, wish));
    options.family = wish.family;
    options.watcher = &teller;
    io::ConnectResult connected = co_await io::connect_to(core, wish.endpoint, options);
    if (!connected) co_return explain(wish, connected.error());
    auto stdio = io::open_stdio(core);
    if (!stdio) co_return complain(io::describe(stdio.error()));
    link::Transport transport(std::move(connected->stream));
    if (wish.tls) {
        auto session = session_for(core, wish);
        if (!session) co_return complain(session.error());
        if (wish.records == Records::shown) (*session)->watch(teller);
        transport.protect(*std::move(session));
        const io::Result<void> secured = co_await transport.handshake(std::nullopt, deadline_of(core, wish));
        if (!secured) co_return explain(wish, *transport.session());
    }
    teller.connected(connected->peer);
    if (wish.tls) teller.secured(*transport.session());
    const ConversationEnd end = co_await converse(std::move(transport), *std::move(stdio), wish.conversation);
    teller.closed();
    co_return explain(wish, end);
}

Task<int> converse_over_udp(io::Core& core, const Wish& wish, Teller& teller) {
    const io::Endpoint& there = wish.endpoint;
    const auto peers = co_await io::resolve(core, there.host, there.port, wish.family, deadline_of(core, wish));
    if (!peers) {
        complain(peers.error().message);
        co_return peers.error().kind == io::ResolveError::Kind::timed_out ? exit_timed_out : exit_not_resolved;
    }
    auto opened = io::Datagram::open_to(core, *peers);
    if (!opened) {
        complain(fmt::format("cannot reach {}: {}", wish.where(), std::strerror(opened.error().number)));
        co_return exit_not_connected;
    }
    auto stdio = io::open_stdio(core);
    if (!stdio) co_return complain(io::describe(stdio.error()));
    io::SocketAddress peer = opened->peer();
    teller.connected(peer);
    const ConversationEnd end =
        co_await converse_by_datagram(*std::move(opened), std::move(peer), *std::move(stdio), wish.conversation);
    co_return explain(wish, end);
}

int run_connect(const Arguments& arguments) {
    const auto wish = wish_from(arguments);
    if (!wish) return complain_of_misuse(wish.error().message, wish.error().advice);
    io::ignore_broken_pipes();
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return complain(io::describe(kernel.error()));
    io::Core core(**kernel);
    std::optional<TerminalSettings> escape_key;
    if (wish->conversation.typing == Typing::yes) escape_key.emplace(set_escape_key);
    Teller teller(*wish, core);
    const bool is_udp = wish->endpoint.scheme == io::EndpointScheme::udp;
    return io::run_task(core,
                        is_udp ? converse_over_udp(core, *wish, teller) : converse_by_stream(core, *wish, teller));
}

constexpr std::string_view connect_exit_codes =
    "6   the host was not found\n"
    "7   the connection was not accepted\n"
    "18  the end of a TLS connection may not be the peer's: bytes may be missing\n"
    "23  standard output could not be written\n"
    "26  standard input could not be read\n"
    "28  the --wait time has expired\n"
    "35  the TLS handshake failed\n"
    "55  sending failed\n"
    "56  the connection was lost\n"
    "60  the server's certificate is not trusted";

}  // namespace

Command connect_command() {
    return {
        .name = "connect",
        .summary = "talk to a server: send standard input, print its answers",
        .about =
            "Sends standard input to the peer and writes what the peer sends to standard output, both at the same "
            "time.\n"
            "At the end of input it closes its sending side, and reads on until the peer closes the connection. If "
            "the\n"
            "peer closes first, the remaining input is sent until there has been none for two seconds.\n\n"
            "At a terminal, lines can be edited before they are sent; Ctrl-D ends the input, and ^] leaves at once. "
            "Control\n"
            "characters that the peer sends to a terminal are shown as \"\\x1b\" unless --raw is given, so that a "
            "hostile\n"
            "server cannot control the terminal.\n\n"
            "Over UDP, each read of the input is sent as one datagram, and an empty input as an empty datagram; it "
            "ends\n"
            "when the input has ended and no answer has arrived for a second, or for the time of --wait.\n",
        .examples = {{"portico connect localhost:8080", "type lines, read answers"},
                     {"portico connect localhost http", "host and port as separate words, as for telnet"},
                     {"printf 'GET / HTTP/1.0\\n\\n' | portico connect localhost:80 --crlf", "a request by hand"},
                     {"portico connect unix:/run/echo.sock -w 5", "a Unix socket; give up after 5 s of silence"},
                     {"portico connect tls://example.org:443 -v", "over TLS; what was agreed on, and the certificates"},
                     {"echo hello | portico connect --udp localhost:7", "one datagram and its answer"}},
        .arguments = {{.name = "ENDPOINT",
                       .meaning = "HOST:PORT, tls://HOST:PORT, udp://HOST:PORT, unix:PATH, or HOST",
                       .kind = ValueKind::host,
                       .presence = Presence::required},
                      {.name = "PORT", .meaning = "with HOST: a number or a service's name"}},
        .options =
            {
                {.name = "udp", .letter = 'u', .meaning = "send datagrams instead of connecting"},
                {.name = "tls", .meaning = "protect the connection with TLS, as tls:// does"},
                {.name = "ca",
                 .value = "FILE",
                 .meaning = "trust the authorities in this file (PEM) [the system's]",
                 .kind = ValueKind::file},
                {.name = "insecure", .letter = 'k', .meaning = "believe any certificate"},
                {.name = "cert",
                 .value = "FILE",
                 .meaning = "show this certificate to a server that asks (PEM)",
                 .kind = ValueKind::file},
                {.name = "key", .value = "FILE", .meaning = "its private key (PEM)", .kind = ValueKind::file},
                {.name = "alpn",
                 .value = "NAME",
                 .meaning = "offer a protocol, such as http/1.1",
                 .repeat = Repeat::collected},
                {.name = "verbose", .letter = 'v', .meaning = "show what TLS agreed on; twice: each record, too"},
                {.name = "crlf", .letter = 'c', .meaning = "send each line end as CRLF"},
                {.name = "wait",
                 .letter = 'w',
                 .value = "SECS",
                 .meaning = "give up when nothing happens for this long",
                 .kind = ValueKind::duration},
                {.name = "ipv4", .letter = '4', .meaning = "only IPv4 addresses"},
                {.name = "ipv6", .letter = '6', .meaning = "only IPv6 addresses"},
                {.name = "raw", .meaning = "let control characters through to the terminal"},
                {.name = "quiet", .letter = 'q', .meaning = "print errors only"},
            },
        .other_names = {{"-C", "crlf"}, {"--timeout", "wait"}, {"-t", "wait"}},
        .exit_codes = connect_exit_codes,
        .run = run_connect,
    };
}

}  // namespace portico::app
