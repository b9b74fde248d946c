// portico/embed/next.h — middleware: functions that requests pass on their way to a handler.
//
// Room embed: see response.h.
// Threads:   every core calls the functions; with one thread they never run at the same time.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "portico/base/task.h"
#include "portico/embed/middleware_notes.h"
#include "portico/embed/request.h"
#include "portico/embed/response.h"
#include "portico/route/for_core.h"

namespace portico::route {
class Handler;
class Middleware;
class Refuser;
struct Route;
}  // namespace portico::route

namespace portico {

// The rest of a request's way, for middleware. It is a value; the way and the handler outlive it.
class Next {
public:
    // For the library itself.
    explicit Next(const route::Route& rest);
    // Passes the request on: to further middleware, then to the handler. Await it at most once. Never throws: an
    // exception is reported on standard error and becomes a response with the status 500.
    [[nodiscard]] Task<Response> operator()(Request& request) const;
    // Starts a task that may have to be left behind when the middleware answers, such as a handler inside offload()
    // whose time is over. It must not refer to the request or to the middleware's own variables. Once the response has
    // been made, the task is ended where it waits, and never runs again. If it waits for offload(), the response is
    // sent without waiting for it, and the connection goes on when the function has returned.
    void start_and_leave(Request& request, Task<void> task) const;

private:
    std::span<route::Middleware* const> way_;
    route::Handler* handler_;
    route::Refuser* refuser_;
};

// What requests pass on their way to a handler; see Router::use(). Copies refer to the same middleware.
class Middleware {
public:
    // Makes a core's own middleware, which may keep what only this core uses.
    using ForCore = route::ForCore<route::Middleware>;
    // A function that answers by itself, or awaits next(request), once, and may change the response.
    using Function = std::move_only_function<Task<Response>(Request& request, Next next)>;

    // From a function of Request& and Next that returns a Task<Response>. Every core calls it.
    template <class F>
        requires(std::is_invocable_r_v<Task<Response>, F&, Request&, Next>)
    Middleware(F function)  // NOLINT(google-explicit-constructor): a function is middleware
        : Middleware(of_function(std::make_shared<Function>(std::move(function)))) {}

    // Middleware whose options make no sense. A server with it does not start: start() and replace() return `why`.
    [[nodiscard]] static Middleware unusable(std::string why);

    // For descriptions of the routes whose requests pass it (see Router::openapi()): how clients show who they are, and
    // whether they have to. The ready-made ones say it themselves. Each call adds a scheme. Call it before use(), which
    // keeps a copy.
    Middleware& describe_security(SecurityScheme scheme, Presence presence = Presence::required);
    // The same for an answer that it gives by itself. An empty text is that of the status.
    Middleware& describe_answer(http::Status status, std::string text = {}, std::vector<AnswerField> fields = {});

    // For the library itself.
    explicit Middleware(ForCore for_core) : for_core_(std::make_shared<const ForCore>(std::move(for_core))) {}
    [[nodiscard]] const std::shared_ptr<const ForCore>& for_core() const { return for_core_; }
    [[nodiscard]] const std::string& why_unusable() const { return why_unusable_; }  // empty: it can be used
    [[nodiscard]] const std::shared_ptr<const MiddlewareNotes>& notes() const { return notes_; }  // null: none

private:
    [[nodiscard]] static ForCore of_function(std::shared_ptr<Function> function);

    std::shared_ptr<const ForCore> for_core_;
    std::string why_unusable_;
    std::shared_ptr<const MiddlewareNotes> notes_;  // shared by copies, and by descriptions of routes
};

}  // namespace portico
