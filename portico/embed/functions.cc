// portico/embed/functions.cc — see functions.h.
#include "portico/embed/functions.h"

#include <exception>
#include <string>
#include <utility>

#include "portico/embed/tell.h"

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

}  // namespace portico
