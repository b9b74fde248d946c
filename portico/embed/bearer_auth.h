// portico/embed/bearer_auth.h — middleware that asks for a bearer token (RFC 6750).
//
//   server.use(portico::bearer_auth("api", [](std::string_view token) -> std::optional<std::string> {
//       if (portico::constant_time_equal(token, the_token)) return "ada";
//       return std::nullopt;
//   }));
//
// Room embed: see response.h.
// Threads:   every core calls the check; with one thread it never runs twice at the same time, but while one request
//            waits in it, it may be called for another.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "portico/base/task.h"
#include "portico/embed/next.h"
#include "portico/embed/request.h"
#include "portico/embed/response.h"
#include "portico/embed/route.h"
#include "portico/http/basic_auth.h"

namespace portico {

using http::constant_time_equal;

namespace detail {

// What a check has said of a token. Error: the answer; nothing if the token is wrong.
using Admission = std::expected<void, std::optional<Response>>;
using TokenCheck = std::move_only_function<Task<Admission>(Request& request, std::string_view token)>;

// Calls a check, which may leave the request out.
template <class Check>
auto ask_check(Check& check, Request& request, std::string_view token) {
    if constexpr (std::is_invocable_v<Check&, Request&, std::string_view>) {
        return check(request, token);
    } else {
        return check(token);
    }
}

inline Admission admit(Request&, bool is_right) {
    if (is_right) return {};
    return std::unexpected(std::nullopt);
}
// Keeps what is known of the user. A text is the user's name; something else is attached, and has it in `name`.
template <class T>
Admission admit(Request& request, std::optional<T> identity) {
    if (!identity) return std::unexpected(std::nullopt);
    if constexpr (std::is_constructible_v<std::string, T>) {
        request.set_user(std::string(*std::move(identity)));
    } else {
        if constexpr (requires { std::string(identity->name); }) request.set_user(std::string(identity->name));
        request.attach(*std::move(identity));
    }
    return {};
}
template <class T, class E>
Admission admit(Request& request, std::expected<T, E> identity) {
    if (!identity) return std::unexpected(std::optional<Response>(respond(std::move(identity.error()))));
    return admit(request, *std::move(identity));
}

template <class Check>
concept TakesToken =
    std::is_invocable_v<Check&, std::string_view> || std::is_invocable_v<Check&, Request&, std::string_view>;

// What a check, or its Task, may return.
template <class T>
concept SaysWhoItIs = requires(Request& request) { admit(request, std::declval<T>()); };

template <class Check>
Task<Admission> check_token(Check& check, Request& request, std::string_view token) {
    if constexpr (is_task<decltype(ask_check(check, request, token))>) {
        auto said = co_await ask_check(check, request, token);
        co_return admit(request, std::move(said));
    } else {
        co_return admit(request, ask_check(check, request, token));
    }
}

[[nodiscard]] Middleware bearer_middleware(std::string realm, TokenCheck check);

}  // namespace detail

// Asks for a bearer token (RFC 6750), and answers 401 unless `check` knows it, or 400 if there are several, or it is
// not a token. `check` is a function of a std::string_view, or of Request& and that, and may return a Task. It returns
//   bool: whether the token is right;
//   std::optional of a text: the user's name, for Request::user() and the access log;
//   std::optional of something else: it is attached, for Request::find(). If it has a member `name`, that is the user;
//   std::expected of one of these: the error is the answer, such as Status::forbidden or Status::service_unavailable.
// Compare tokens that the program itself knows with constant_time_equal(), or look up a hash of them.
template <class Check>
[[nodiscard]] Middleware bearer_auth(std::string realm, Check check) {
    if constexpr (!detail::TakesToken<Check>) {
        static_assert(detail::TakesToken<Check>,
                      "the check of bearer_auth() must take a std::string_view, or Request& and a std::string_view");
        return Middleware::unusable({});
    } else {
        using Returned = decltype(detail::ask_check(check, std::declval<Request&>(), std::string_view()));
        constexpr bool is_known = detail::SaysWhoItIs<typename detail::Unwrapped<Returned>::type>;
        static_assert(is_known,
                      "the check of bearer_auth() must return a bool, a std::optional of text or of a type of yours, a "
                      "std::expected of one of these, or a Task of them");
        if constexpr (is_known) {
            return detail::bearer_middleware(
                std::move(realm), [check = std::move(check)](Request& request, std::string_view token) mutable {
                    return detail::check_token(check, request, token);
                });
        } else {
            return Middleware::unusable({});
        }
    }
}

}  // namespace portico
