// portico/embed/pages.cc — see pages.h.
#include "portico/embed/pages.h"

#include <any>
#include <optional>
#include <string>
#include <string_view>

#include "portico/embed/tell.h"
#include "portico/route/refusal_page.h"

namespace portico {
namespace {

// Calls a hook. Nothing, and the operator is told, if it throws.
template <class Hook, class What>
std::optional<Response> ask(const Hook& hook, link::Exchange& exchange, const What& what) {
    const Request request(exchange);
    try {
        return hook(request, what);
    } catch (...) {
        tell_of_exception(exchange.core(), "the program's function for errors or refusals", std::current_exception());
    }
    return std::nullopt;
}

// Once for each failure: the innermost hook is told.
std::optional<Response> tell_of_failure(const ErrorHook& hook, link::Exchange& exchange) {
    link::ExchangeNotes& notes = exchange.notes();
    notes.has_failed = false;
    const Failed failed(notes.reason, std::exchange(notes.exception, nullptr));
    return ask(hook, exchange, failed);
}

// The sentence for the client's user that belongs to the exchange's response, which is an error page.
std::string_view detail_of(link::Exchange& exchange) {
    for (const std::any& one : exchange.attached()) {
        if (const auto* const own = std::any_cast<PageDetail>(&one)) return own->text;
    }
    const std::string_view advice = exchange.notes().advice;
    return advice.empty() ? route::meaning_of(exchange.response().status) : advice;
}

// The content of a response, made by a function of the program that may fail meanwhile: too late for another answer.
Task<bool> make_observed(const http::Producer& producer, ContentWriter& writer, link::Exchange& exchange,
                         const Hooks& hooks) {
    const bool is_whole = co_await producer(writer);
    if (exchange.notes().has_failed) static_cast<void>(tell_of_failure(hooks.error, exchange));
    co_return is_whole;
}

}  // namespace

bool Pages::pass_at_once(link::Exchange& exchange, const route::Route& rest) {
    if (!rest.answer_at_once(exchange)) return false;
    look_at(exchange);
    return true;
}

Task<void> Pages::pass(link::Exchange& exchange, route::Route rest) {
    co_await rest.answer(exchange);
    look_at(exchange);
}

void Pages::look_at(link::Exchange& exchange) const {
    http::Response& response = exchange.response();
    const auto is_page = [&response] { return response.is_standard_page && http::code(response.status) >= 400; };
    const bool is_error = is_page() && response.status == Status::internal_server_error;
    if (hooks_->error && (exchange.notes().has_failed || is_error)) {
        std::optional<Response> own = tell_of_failure(hooks_->error, exchange);
        if (own && is_error) std::move(*own).replace_page(exchange);
    }
    if (hooks_->refusal && is_page()) {
        const Refused refused(response.status, exchange.notes().reason, detail_of(exchange));
        std::optional<Response> own = ask(hooks_->refusal, exchange, refused);
        if (own) std::move(*own).replace_page(exchange);
    }
    if (hooks_->error && response.producer) {
        response.producer = [producer = std::move(response.producer), hooks = hooks_, &exchange](
                                ContentWriter& writer) { return make_observed(producer, writer, exchange, *hooks); };
    }
}

route::ForCore<route::Middleware> pages_of(std::shared_ptr<const Hooks> hooks) {
    return [hooks = std::move(hooks)](io::Core&) { return std::make_shared<Pages>(hooks); };
}

std::shared_ptr<const route::ForCore<route::Middleware>> outermost_of(std::shared_ptr<const Hooks> hooks) {
    if (hooks == nullptr) return nullptr;
    return std::make_shared<const route::ForCore<route::Middleware>>(pages_of(std::move(hooks)));
}

}  // namespace portico
