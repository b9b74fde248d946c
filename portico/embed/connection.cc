// portico/embed/connection.cc — see connection.h.
#include "portico/embed/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include "portico/base/printable.h"
#include "portico/embed/connection_state.h"
#include "portico/io/net/happy_eyeballs.h"
#include "portico/link/failure.h"
#include "portico/link/shake_hands.h"
#include "portico/server/ticket_keys.h"
#include "portico/server/web_endpoint.h"
#include "portico/services/secure.h"
#include "portico/tls/client_context.h"
#include "portico/tls/own_credentials.h"

namespace portico {
namespace {

using Why = ConnectError::Kind;
using Trust = std::shared_ptr<const tls::ClientContext>;

// What close() reads and drops, at most.
constexpr std::size_t dropped_octets_max = 64 * 1024;

std::unexpected<ConnectError> unconnected(Why kind, std::string message) {
    return std::unexpected(ConnectError{kind, std::move(message)});
}

// A core's ways to trust. Reading the system's authorities takes tens of milliseconds.
class Trusts {
public:
    static constexpr std::size_t count_max = 8;

    static Trusts& of(io::Core& core) {
        static const char key = 0;
        std::shared_ptr<void>& local = core.local(&key);
        if (local == nullptr) local = std::make_shared<Trusts>();
        return *static_cast<Trusts*>(local.get());
    }
    // Null if it is not kept.
    [[nodiscard]] Trust find(const ConnectOptions& wanted, const std::string& authorities) const {
        const auto found = std::ranges::find_if(kept_, [&](const Kept& kept) {
            return kept.how.trust == wanted.trust && kept.authorities == authorities &&
                   kept.how.applications == wanted.applications && kept.how.certificate == wanted.certificate &&
                   kept.how.key == wanted.key;
        });
        return found == kept_.end() ? nullptr : found->trust;
    }
    void keep(const ConnectOptions& how, std::string authorities, Trust trust) {
        if (kept_.size() == count_max) kept_.pop_front();
        kept_.push_back({how, std::move(authorities), std::move(trust)});
    }

private:
    struct Kept {
        ConnectOptions how;
        std::string authorities;  // with those of the file
        Trust trust;
    };
    std::deque<Kept> kept_;  // the oldest first
};

ConnectError error_of(const link::Failure& failure) {
    switch (failure.kind) {
        case link::Failure::Kind::not_trusted: return {Why::not_trusted, failure.message};
        case link::Failure::Kind::timed_out: return {Why::timed_out, failure.message};
        case link::Failure::Kind::stopped: return {Why::stopped, failure.message};
        default: return {Why::not_secured, failure.message};  // shake_hands() has no others
    }
}

ConnectError error_of(const io::ConnectFailure& failure, const std::string& where) {
    if (failure.number == ECANCELED) return {Why::stopped, "stopped"};
    const bool is_late = failure.number == ETIMEDOUT;
    if (failure.stage == io::ConnectFailure::Stage::resolving) {
        return {is_late ? Why::timed_out : Why::not_resolved, failure.message};
    }
    const std::string begin = "cannot connect to " + where + ": ";
    if (is_late) return {Why::timed_out, begin + "no answer in time"};
    return {Why::not_connected, begin + std::strerror(failure.number)};
}

// Whom to trust. The context is made on a helper thread if there is none yet.
Task<std::expected<Trust, ConnectError>> trust_for(io::Core& core, const ConnectOptions& wanted) {
    tls::ClientTlsOptions options;
    options.authorities = wanted.authorities;
    options.applications = wanted.applications;
    if (wanted.trust == ServerTrust::any) options.verification = tls::Verification::none;
    if (!wanted.authorities_file.empty()) {
        auto read = [path = wanted.authorities_file] { return server::read_small_file(path); };
        auto text = co_await io::offload(core, read);
        if (!text) co_return unconnected(Why::stopped, "stopped");
        if (!*text) co_return unconnected(Why::misuse, text->error().message);
        options.authorities += **text;
        if (options.authorities.empty()) {
            co_return unconnected(Why::misuse,
                                  "there is no certificate in '" + printable(wanted.authorities_file) + "'");
        }
    }
    Trust kept = Trusts::of(core).find(wanted, options.authorities);
    if (kept != nullptr) co_return std::move(kept);
    auto own = tls::own_credentials(wanted.certificate, wanted.key);
    if (!own) co_return unconnected(Why::misuse, std::move(own.error()));
    options.own = *std::move(own);
    auto make = [&options] { return tls::ClientContext::open(options); };
    auto opened = co_await io::offload(core, make);
    if (!opened) co_return unconnected(Why::stopped, "stopped");
    if (!*opened) co_return unconnected(Why::misuse, std::move(opened->error()));
    Trusts::of(core).keep(wanted, std::move(options.authorities), **opened);
    co_return **std::move(opened);
}

// Nothing, or why the connection has no TLS.
Task<std::optional<ConnectError>> protect(link::Transport& transport, std::string host, const ConnectOptions& options,
                                          io::TimePoint deadline) {
    const std::expected<Trust, ConnectError> trust = co_await trust_for(transport.core(), options);
    if (!trust) co_return trust.error();
    auto session = (*trust)->make_session(host, transport.core().buffers());
    if (!session) co_return ConnectError{Why::misuse, std::move(session.error())};
    transport.protect(*std::move(session));
    const std::optional<link::Failure> failure = co_await link::shake_hands(transport, printable(host), deadline);
    if (failure) co_return error_of(*failure);
    co_return std::nullopt;
}

}  // namespace

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&& other) noexcept = default;
Connection& Connection::operator=(Connection&& other) noexcept = default;
Connection::~Connection() = default;

io::Core& Connection::core() const { return state_->transport.core(); }
const io::SocketAddress& Connection::peer() const { return state_->peer; }
std::uint64_t Connection::received_octets() const { return state_->traffic->received; }
std::uint64_t Connection::sent_octets() const { return state_->traffic->sent; }
bool Connection::is_secure() const { return state_->transport.session() != nullptr; }

std::string_view Connection::tls_version() const {
    return is_secure() ? state_->transport.session()->version() : std::string_view();
}
std::string_view Connection::cipher() const {
    return is_secure() ? state_->transport.session()->cipher() : std::string_view();
}
std::string_view Connection::application() const {
    return is_secure() ? state_->transport.session()->application() : std::string_view();
}

Task<io::Result<std::size_t>> Connection::read(std::span<char> room, io::TimePoint deadline) {
    if (room.empty()) co_return std::size_t{0};
    const io::Result<std::size_t> octets = co_await state_->transport.read(room, deadline);
    if (octets && *octets == 0 && state_->transport.was_cut()) co_return io::fail(ECONNRESET, "read");
    state_->traffic->received += octets.value_or(0);
    co_return octets;
}

Task<io::Result<Buffer>> Connection::read(io::TimePoint deadline) {
    io::Result<Buffer> octets = co_await services::read(state_->transport, deadline);
    if (octets) state_->traffic->received += octets->size();
    co_return std::move(octets);
}

Task<io::Result<void>> Connection::write_all(std::string_view octets, io::TimePoint deadline) {
    if (state_->is_finished) co_return io::fail(EPIPE, "write");
    const io::Result<void> written =
        co_await services::write_all(state_->transport, octets, deadline, state_->traffic.get());
    co_return written;
}

Task<io::Result<void>> Connection::finish_sending(io::TimePoint deadline) {
    state_->is_finished = true;
    return state_->transport.end_sending(deadline);
}

Task<void> Connection::close(std::chrono::milliseconds time_max) {
    state_->is_finished = true;
    return state_->transport.drain(time_max, dropped_octets_max);
}

void Connection::abort_on_close() { state_->transport.abort_on_close(); }
void Connection::break_off() { state_->transport.break_off(); }

io::LineReader lines_of(Connection& from, std::size_t octets_max) {
    auto read = [&from](std::span<char> room, io::TimePoint deadline) { return from.read(room, deadline); };
    return {std::move(read), octets_max};
}

Task<std::expected<Connection, ConnectError>> connect(io::Core& core, std::string endpoint, ConnectOptions options) {
    const auto parsed = server::parse_web_endpoint(endpoint);
    const std::string shown = "'" + printable(endpoint) + "'";
    if (!parsed) co_return unconnected(Why::misuse, shown + " is not an endpoint: " + parsed.error().message);
    const io::Endpoint& there = parsed->endpoint;
    const bool is_unix = there.scheme == io::EndpointScheme::unix_stream;
    if (!is_unix && (there.scheme != io::EndpointScheme::tcp || there.port == 0)) {
        co_return unconnected(Why::misuse, shown + " is nowhere to connect to");
    }
    const bool is_secure = parsed->speech == server::Speech::tls;
    const std::string host = options.server_name.empty() ? there.host : options.server_name;
    if (is_secure && host.empty()) co_return unconnected(Why::misuse, shown + " needs ConnectOptions::server_name");
    const io::TimePoint deadline = io::later(core.now(), options.time_max);
    io::ConnectOptions how(deadline);
    how.family = options.family;
    io::ConnectResult connected = co_await io::connect_to(core, there, how);
    if (!connected) co_return std::unexpected(error_of(connected.error(), printable(there.text())));
    connected->stream.set_no_delay();
    link::Transport transport(std::move(connected->stream));
    if (is_secure) {
        std::optional<ConnectError> trouble = co_await protect(transport, host, options, deadline);
        if (trouble) co_return std::unexpected(*std::move(trouble));
    }
    co_return Connection(std::make_unique<Connection::State>(std::move(transport), std::move(connected->peer)));
}

Task<std::expected<Connection, ConnectError>> connect(io::Core& core, std::string endpoint, io::TimePoint deadline) {
    ConnectOptions options;
    const auto left = std::max(deadline - core.now(), io::Duration::zero());
    options.time_max = std::chrono::ceil<std::chrono::milliseconds>(left);
    return connect(core, std::move(endpoint), std::move(options));
}

}  // namespace portico
