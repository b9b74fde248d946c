// portico/embed/functions.cc — see functions.h and next.h.
#include "portico/embed/functions.h"

#include <cassert>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "portico/embed/tell.h"
#include "portico/io/scope.h"

namespace portico {
namespace {

// The answer if a function has thrown.
void answer_exception(link::Exchange& exchange, const std::exception_ptr& exception) {
    const http::Request& request = exchange.request();
    tell_of_exception(exchange.core(), std::string(request.method_token) + " " + std::string(request.target),
                      exception);
    Response response(Status::internal_server_error);
    response.set_reason("the handler " + describe_exception(exception));
    exchange.notes().has_failed = true;
    exchange.notes().exception = exception;
    std::move(response).move_into(exchange);
}

Task<Response> answer_by(route::Route rest, link::Exchange& exchange) {
    co_await rest.answer(exchange);
    co_return Response::take(exchange);
}

}  // namespace

bool FunctionHandler::answer_at_once(link::Exchange& exchange) {
    if (!function_->at_once) return false;
    try {
        Request request(exchange);
        exchange.core().note_label(exchange.notes().pattern);
        function_->at_once(request).move_into(exchange);
    } catch (...) {
        answer_exception(exchange, std::current_exception());
    }
    return true;
}

Task<void> FunctionHandler::answer(link::Exchange& exchange) {
    if (function_->at_once) {  // the middleware before it may have waited
        static_cast<void>(answer_at_once(exchange));
        co_return;
    }
    Request request(exchange);
    std::exception_ptr exception;
    try {
        // The function may throw before it has made its task, or in the task.
        Task<Response> task = function_->slowly(request);
        Response response = co_await task;
        std::move(response).move_into(exchange);
        co_return;
    } catch (...) {
        exception = std::current_exception();
    }
    answer_exception(exchange, exception);
}

Task<void> FunctionMiddleware::pass(link::Exchange& exchange, route::Route rest) {
    Request request(exchange);
    std::exception_ptr exception;
    try {
        Task<Response> task = (*function_)(request, Next(rest));
        Response response = co_await task;
        std::move(response).move_into(exchange);
        co_return;
    } catch (...) {
        exception = std::current_exception();
    }
    answer_exception(exchange, exception);
}

Next::Next(const route::Route& rest) : way_(rest.way), handler_(rest.handler), refuser_(rest.refuser) {}

Task<Response> Next::operator()(Request& request) const {
    return answer_by(route::Route{nullptr, way_, handler_, refuser_}, request.exchange());
}

void Next::start_and_leave(Request& request, Task<void> task) const {
    io::Scope* const tasks = request.exchange().unfinished();
    assert(tasks != nullptr && "middleware runs while a response is made");
    tasks->start(std::move(task), AfterStop::ends);
}

Middleware Middleware::unusable(std::string why) {
    Middleware middleware([](io::Core&) { return nullptr; });
    middleware.why_unusable_ = std::move(why);
    return middleware;
}

Middleware& Middleware::describe_security(SecurityScheme scheme, Presence presence) {
    MiddlewareNotes notes = notes_ == nullptr ? MiddlewareNotes() : *notes_;
    notes.security.push_back(MiddlewareNotes::Security{std::move(scheme), presence});
    notes_ = std::make_shared<const MiddlewareNotes>(std::move(notes));
    return *this;
}

Middleware& Middleware::describe_answer(http::Status status, std::string text, std::vector<AnswerField> fields) {
    MiddlewareNotes notes = notes_ == nullptr ? MiddlewareNotes() : *notes_;
    notes.answers.push_back(MiddlewareNotes::Answer{status, std::move(text), std::move(fields)});
    notes_ = std::make_shared<const MiddlewareNotes>(std::move(notes));
    return *this;
}

Middleware::ForCore Middleware::of_function(std::shared_ptr<Function> function) {
    return [function = std::move(function)](io::Core&) { return std::make_shared<FunctionMiddleware>(function); };
}

}  // namespace portico
