// portico/embed/middleware.cc — see middleware.h and next.h.
#include "portico/embed/middleware.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "portico/base/printable.h"
#include "portico/embed/collected_max.h"
#include "portico/embed/functions.h"
#include "portico/embed/tell.h"
#include "portico/http/fields.h"
#include "portico/http/hex.h"
#include "portico/io/core.h"
#include "portico/io/gate.h"
#include "portico/io/scope.h"
#include "portico/route/basic_auth.h"
#include "portico/route/compression.h"
#include "portico/route/cors.h"

namespace portico {
namespace {

Task<Response> answer_by(route::Route rest, link::Exchange& exchange) {
    co_await rest.answer(exchange);
    co_return Response::take(exchange);
}

// A handler with a time limit. It may be inside offload() when the time is over, and then outlives the middleware that
// started it.
struct Timed {
    std::optional<Response> response;
    io::Scope* running = nullptr;  // null once the handler has ended
    io::Gate over;                 // opens when the handler ends
};

Task<void> keep_response(Task<Response> task, std::optional<Response>& into) {
    Response response = co_await task;
    into.emplace(std::move(response));
}

// Runs the handler in a separate scope, so that it can be ended.
Task<void> run_timed(Task<Response> task, std::shared_ptr<Timed> timed) {
    io::Scope scope;
    timed->running = &scope;
    scope.start(keep_response(std::move(task), timed->response), AfterStop::ends);
    co_await scope.join();
    timed->running = nullptr;
    timed->over.open();
}

bool is_request_id(std::string_view id) {
    return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, [](char octet) {
        return octet > 0x20 && octet < 0x7f && octet != '"' && octet != '\\';
    });
}

std::string new_request_id(io::Core& core) {
    std::array<char, 16> random{};
    core.kernel().random(random);
    std::string id;
    for (const char octet : random) {
        const auto code = static_cast<unsigned char>(octet);
        id += http::hex_digits_lower[code >> 4];
        id += http::hex_digits_lower[code & 15];
    }
    return id;
}

}  // namespace

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

Middleware log_to(std::FILE* stream) {
    return [stream](Request& request, Next next) -> Task<Response> {
        const io::TimePoint began = request.core().kernel().clock();
        Response response = co_await next(request);
        const auto time = request.core().kernel().clock() - began;
        const double milliseconds = std::chrono::duration<double, std::milli>(time).count();
        std::fprintf(stream, "%s %s %u %.2f ms\n", printable(request.method_name()).c_str(),
                     printable(request.target()).c_str(), unsigned{http::code(response.status())}, milliseconds);
        co_return std::move(response);
    };
}

Middleware cors(std::vector<std::string> origins, CorsCredentials credentials) {
    route::CorsOptions options;
    options.origins = std::move(origins);
    options.credentials = credentials;
    return cors(std::move(options));
}

Middleware cors(CorsOptions options) {
    for (const std::string* const list : {&options.methods, &options.request_fields, &options.exposed_fields}) {
        if (!http::is_field_value(*list)) return Middleware::unusable("a list for CORS contains a control character");
    }
    if (options.preflight_time < std::chrono::seconds(0)) {
        return Middleware::unusable("a preflight's answer can't be remembered for less than no time");
    }
    return Middleware([options = std::move(options)](io::Core&) { return std::make_shared<route::Cors>(options); });
}

Middleware basic_auth(std::string realm, std::function<bool(std::string_view, std::string_view)> check) {
    const std::string text = realm.empty() ? "" : "Realm: " + realm;
    // One for all cores, as every function of a program.
    const auto shared = std::make_shared<std::function<bool(std::string_view, std::string_view)>>(std::move(check));
    Middleware made([realm = std::move(realm), shared](io::Core& core) {
        auto careful = [shared, &core](std::string_view user, std::string_view password) -> std::optional<bool> {
            try {
                return (*shared)(user, password);
            } catch (...) {
                tell_of_exception(core, "the check of a password", std::current_exception());
            }
            return std::nullopt;
        };
        return std::make_shared<route::Guarded>(std::make_shared<route::PasswordFunction>(realm, std::move(careful)));
    });
    return made.describe_security(SecurityScheme::basic(text))
        .describe_answer(Status::unauthorized, {}, {AnswerField::of("WWW-Authenticate")});
}

Middleware content_at_most(std::uint64_t octets) {
    return [octets](Request& request, Next next) -> Task<Response> {
        const http::Request& message = request.message();
        if (message.content_length.value_or(0) > octets) {
            constexpr Refusal refusal{Status::content_too_large, "the content is larger than this route accepts"};
            co_return Response(refusal);
        }
        request.limit_content(octets);  // chunks announce no length: they are counted while they are read
        Response response = co_await next(request);
        co_return std::move(response);
    };
}

Middleware content_in_memory_at_most(std::size_t octets) {
    return [octets](Request& request, Next next) -> Task<Response> {
        request.attach(CollectedMax{octets});
        Response response = co_await next(request);
        co_return std::move(response);
    };
}

Middleware time_out(std::chrono::milliseconds time) {
    Middleware made = [time](Request& request, Next next) -> Task<Response> {
        const auto timed = std::make_shared<Timed>();
        next.start_and_leave(request, run_timed(next(request), timed));
        const io::TimePoint deadline = io::later(request.core().now(), time);
        const io::Result<void> over = co_await timed->over.wait(request.core(), deadline);
        if (timed->response) co_return *std::move(timed->response);
        if (!over && timed->running != nullptr) timed->running->request_stop();
        Response late(Status::service_unavailable);
        late.set("Retry-After", "1");
        late.set_reason("the handler took longer than its time-out");
        co_return std::move(late);
    };
    return made.describe_answer(Status::service_unavailable, {},
                                {AnswerField::of<unsigned>("Retry-After", "How many seconds to wait.")});
}

Middleware request_id() {
    return [](Request& request, Next next) -> Task<Response> {
        const auto sent = request.field("X-Request-Id");
        std::string id = sent && is_request_id(*sent) ? std::string(*sent) : new_request_id(request.core());
        request.set_id(id);
        Response response = co_await next(request);
        response.set("X-Request-Id", std::move(id));
        co_return std::move(response);
    };
}

Middleware compression(std::size_t octets_min) {
    route::CompressionOptions options;
    options.octets_min = octets_min;
    return Middleware([options](io::Core& core) { return std::make_shared<route::Compression>(core, options); });
}

}  // namespace portico
