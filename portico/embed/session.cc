// portico/embed/session.cc — see session.h.
#include "portico/embed/session.h"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include "portico/embed/functions.h"
#include "portico/embed/session_text.h"
#include "portico/embed/tell.h"
#include "portico/http/fields.h"
#include "portico/io/core.h"
#include "portico/link/exchange.h"

namespace portico {

using std::chrono::seconds;
using std::chrono::sys_seconds;

struct Session::State {
    SignedSession now;
    SessionValues before;  // as the cookie has them
    std::string cookie;    // its name
    seconds time_max{};
    sys_seconds began;
    enum class Phase : std::uint8_t { open, answered };
    Phase phase = Phase::open;
    bool is_renewed = false;
    bool was_read = false;
};

namespace {

constexpr std::size_t key_octets_min = 32;

// What all cores share.
struct Sessions {
    explicit Sessions(SessionOptions the_options) : options(std::move(the_options)) {}

    SessionOptions options;  // const, once each core's middleware is made
    std::once_flag has_keys;
};

bool is_secure(const Request& request, const SessionOptions& options) {
    return options.secure == SecureCookie::always || request.scheme() == "https";
}

std::string cookie_name(const SessionOptions& options, bool secure) {
    if (!secure) return options.name;
    return (options.path == "/" ? "__Host-" : "__Secure-") + options.name;
}

std::shared_ptr<Session::State> open_session(const Request& request, const SessionOptions& options) {
    auto state = std::make_shared<Session::State>();
    state->cookie = cookie_name(options, is_secure(request, options));
    state->time_max = options.time_max;
    state->began = std::chrono::floor<seconds>(request.core().wall_clock());
    state->now.valid_until = state->began + options.time_max;
    const auto sent = request.cookie(state->cookie);
    auto read = sent ? read_session(*sent, state->cookie, options.keys, state->began) : std::nullopt;
    if (read) state->now = *std::move(read);
    state->before = state->now.values;
    return state;
}

void finish(Session::State& state, const SessionOptions& options, bool secure, Response& response) {
    state.phase = Session::State::Phase::answered;
    if (state.was_read && !response.lists("Vary", "Cookie")) response.add("Vary", "Cookie");
    const bool is_renewed = state.is_renewed && !state.now.values.empty();
    if (state.now.values == state.before && !is_renewed) return;
    const bool is_over = state.now.values.empty();
    Cookie cookie(state.cookie, is_over ? "" : write_session(state.now, state.cookie, options.keys.front()));
    cookie.path(options.path).max_age(is_over ? seconds(0) : state.now.valid_until - state.began);
    if (!secure) cookie.allow_plain_http();
    response.set_cookie(cookie);
    if (!response.field("Cache-Control")) response.set("Cache-Control", "private");
}

// If it is on the way twice, the outer one counts.
Task<Response> with_session(Request& request, Next next, const SessionOptions& options) {
    std::shared_ptr<Session::State> own;
    if (request.find<Session>() == nullptr) {
        own = open_session(request, options);
        request.attach(Session(own));
    }
    Response response = co_await next(request);
    if (own != nullptr) finish(*own, options, is_secure(request, options), response);
    co_return std::move(response);
}

std::string wrong_of(const SessionOptions& options) {
    const auto is_short = [](const std::string& key) { return key.size() < key_octets_min; };
    if (std::ranges::any_of(options.keys, is_short)) return "a key of sessions has at least 32 octets";
    if (options.time_max < seconds(1) || options.time_max > std::chrono::years(10)) {
        return "a session lasts at least a second, and at most ten years";
    }
    if (!options.path.starts_with('/') || !Cookie(options.name, "").path(options.path).text()) {
        return "a session's cookie has a token as its name, and a path that begins with a slash";
    }
    return {};
}

// The same for all routes, so that sessions outlive a replacement of the routes.
const std::string& key_of_process(io::Core& core) {
    static const std::string key = [&core] {
        std::array<char, key_octets_min> random{};
        core.kernel().random(random);
        return std::string(random.data(), random.size());
    }();
    return key;
}

}  // namespace

std::optional<std::string_view> Session::get(std::string_view name) const {
    state_->was_read = true;
    const auto found = state_->now.values.find(name);
    if (found == state_->now.values.end()) return std::nullopt;
    return found->second;
}

bool Session::is_empty() const {
    state_->was_read = true;
    return state_->now.values.empty();
}

sys_seconds Session::valid_until() const { return state_->now.valid_until; }

std::expected<void, SessionError> Session::set(std::string_view name, std::string value) {
    if (state_->phase != State::Phase::open) return std::unexpected(SessionError::too_late);
    SignedSession changed = state_->now;
    changed.values.insert_or_assign(std::string(name), std::move(value));
    const std::size_t octets = state_->cookie.size() + 1 + write_session(changed, state_->cookie, "").size();
    if (octets > session_octets_max) return std::unexpected(SessionError::too_large);
    state_->now = std::move(changed);
    return {};
}

std::expected<void, SessionError> Session::erase(std::string_view name) {
    if (state_->phase != State::Phase::open) return std::unexpected(SessionError::too_late);
    const auto found = state_->now.values.find(name);
    if (found != state_->now.values.end()) state_->now.values.erase(found);
    return {};
}

std::expected<void, SessionError> Session::clear() {
    if (state_->phase != State::Phase::open) return std::unexpected(SessionError::too_late);
    state_->now.values.clear();
    return renew();  // what comes after it is a new session
}

std::expected<void, SessionError> Session::renew() {
    if (state_->phase != State::Phase::open) return std::unexpected(SessionError::too_late);
    state_->now.valid_until = state_->began + state_->time_max;
    state_->is_renewed = true;
    return {};
}

Middleware sessions(SessionOptions options) {
    std::string wrong = wrong_of(options);
    if (!wrong.empty()) return Middleware::unusable(std::move(wrong));
    std::string text = "A session, which the server has signed.";
    if (options.secure == SecureCookie::with_https) text += " Without TLS, the cookie's name is " + options.name + ".";
    const SecurityScheme scheme = SecurityScheme::cookie(cookie_name(options, true), std::move(text));
    const auto shared = std::make_shared<Sessions>(std::move(options));
    auto function = std::make_shared<Middleware::Function>(
        [shared](Request& request, Next next) { return with_session(request, next, shared->options); });
    Middleware made([shared, function](io::Core& core) {
        std::call_once(shared->has_keys, [&] {
            if (shared->options.keys.empty()) shared->options.keys.push_back(key_of_process(core));
        });
        return std::make_shared<FunctionMiddleware>(function);
    });
    return made.describe_security(scheme, Presence::optional);
}

std::expected<Session, Response> FromRequest<Session>::make(Request& request) {
    const Session* const session = request.find<Session>();
    if (session != nullptr) return *session;
    const std::string reason = "the handler takes a Session, and its route does not use sessions()";
    tell_of_error(request.exchange().core(), reason);
    Response response(Status::internal_server_error);
    response.set_reason(reason);
    return std::unexpected(std::move(response));
}

Response IntoResponse<SessionError>::make(SessionError error) {
    Response response(Status::internal_server_error);
    response.set_reason(error == SessionError::too_large ? "the session is larger than a cookie may be"
                                                         : "the session was changed after the answer's head");
    return response;
}

}  // namespace portico
