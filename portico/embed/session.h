// portico/embed/session.h — sessions: what the server knows of a browser, in a cookie that it has signed.
//
//   server.use(portico::sessions(options));
//   server.post("/visits", [](portico::Session session) -> std::expected<std::string, portico::SessionError> {
//       const auto kept = session.set("visited", "yes");
//       if (!kept) return std::unexpected(kept.error());
//       return "welcome\n";
//   });
//
// The server keeps nothing. A browser's user can read the values, but not change them. Whoever has copied the cookie
// can use it until it expires, even after the session was cleared in the browser.
//
// Room embed: see response.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/embed/next.h"
#include "portico/embed/request.h"
#include "portico/embed/response.h"
#include "portico/embed/route.h"

namespace portico {

// When a browser sends the cookie back.
enum class SecureCookie : std::uint8_t {
    with_https,  // over TLS only, if the session began there: see Request::scheme()
    always,      // over TLS only: for a server whose proxy has TLS, but is none of Options::trusted_proxies
};

// How sessions are kept.
class SessionOptions {
public:
    SessionOptions() {}  // NOLINT(modernize-use-equals-default): see Options

    // The first one signs, all are accepted: to change keys, add the new one in front, and remove the old one after
    // `time_max`. Each has at least 32 octets, from a source of random numbers, and is a secret. Empty: a key of this
    // process's own, so that sessions end with it.
    std::vector<std::string> keys;
    std::chrono::seconds time_max{std::chrono::hours(24 * 14)};  // from its beginning, or Session::renew(), to its end
    std::string name = "session";                                // of the cookie; a prefix is added, see sessions()
    std::string path = "/";                                      // below which browsers send it
    SecureCookie secure = SecureCookie::with_https;              // when browsers send it
};

// Why a session can't be changed.
enum class SessionError : std::uint8_t {
    too_large,  // the cookie would have more than 4,000 octets, which browsers do not have to keep
    too_late,   // the head of the answer has been made: a stream can't set a cookie any more
};

// The session of a request: names and values, which are any octets. Copies refer to the same session. It lives until
// the answer has been sent. A handler takes it as an argument, or finds it with request.find<Session>().
class Session {
public:
    struct State;  // for the library itself
    explicit Session(std::shared_ptr<State> state) : state_(std::move(state)) {}

    // The value with this name, until the session is changed.
    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
    // Whether it has no values. A request without a valid cookie begins with an empty session.
    [[nodiscard]] bool is_empty() const;
    // When it ends, whatever the browser does.
    [[nodiscard]] std::chrono::sys_seconds valid_until() const;

    // Each change makes the answer set the cookie, unless the values are in the end what they were. Call clear() before
    // you set another user.
    [[nodiscard]] std::expected<void, SessionError> set(std::string_view name, std::string value);
    // Removes the value, if there is one. Error: too_late.
    std::expected<void, SessionError> erase(std::string_view name);  // NOLINT(modernize-use-nodiscard)
    // Removes all values, and so the cookie. Error: too_late.
    std::expected<void, SessionError> clear();  // NOLINT(modernize-use-nodiscard)
    // Gives the session its full time again, even if nothing else changes. Error: too_late.
    std::expected<void, SessionError> renew();  // NOLINT(modernize-use-nodiscard)

private:
    std::shared_ptr<State> state_;
};

// Gives each request a Session. A cookie that has expired, or that this server has not signed, is no session, as if it
// were not there. Cookies are HttpOnly, SameSite=Lax, and over TLS Secure: the name then begins with "__Host-", so that
// no other host can set it, or with "__Secure-" if the path is not "/" (RFC 6265bis §4.1.3). An answer that sets the
// cookie gets Cache-Control: private, unless it has that field, and one for which a value was read Vary: Cookie.
[[nodiscard]] Middleware sessions(SessionOptions options = SessionOptions());

// Handlers take a Session: 500 if sessions() is not on the route's way.
template <>
struct FromRequest<Session> {
    // The session, or the answer that says why there is none.
    [[nodiscard]] static std::expected<Session, Response> make(Request& request);
};

// A handler may return the error: 500, and the access log gives the reason.
template <>
struct IntoResponse<SessionError> {
    // The answer.
    [[nodiscard]] static Response make(SessionError error);
};

}  // namespace portico
