// portico/embed/middleware.cc — see middleware.h.
#include "portico/embed/middleware.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "portico/base/printable.h"
#include "portico/http/basic_auth.h"
#include "portico/http/content_type.h"
#include "portico/http/etag.h"
#include "portico/http/hex.h"
#include "portico/http/negotiate.h"
#include "portico/io/core.h"
#include "portico/io/gate.h"
#include "portico/io/scope.h"
#include "portico/link/exchange.h"
#include "portico/site/encode.h"

namespace portico {
namespace {

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

// Which sites' scripts may read the answers, and whether with credentials.
struct CorsRules {
    std::vector<std::string> origins;  // none: all
    CorsCredentials credentials;

    [[nodiscard]] bool allow(std::optional<std::string_view> origin) const {
        return origin && (origins.empty() || std::ranges::find(origins, *origin) != origins.end());
    }
    // `origin`: the request's. An answer that may depend on it says so to caches, even if this request has no Origin
    // (Fetch standard, CORS protocol and HTTP caches).
    void apply(std::optional<std::string_view> origin, Response& response) const {
        if (!origins.empty()) response.add("Vary", "Origin");
        if (!allow(origin)) return;
        response.set("Access-Control-Allow-Origin", origins.empty() ? std::string("*") : std::string(*origin));
        const bool with_credentials = credentials == CorsCredentials::allowed && !origins.empty();
        if (with_credentials) response.set("Access-Control-Allow-Credentials", "true");
    }
};

// The entity tag of the encoded content, if `tag` is the strong tag of the content itself; in the form that our sites
// use. Nothing if `tag` is missing or weak: a weak tag stands for all octets with the same meaning.
std::optional<std::string> tag_of_encoded(std::string_view tag, http::Coding coding) {
    const auto parsed = http::parse_entity_tag(tag);
    if (!parsed || parsed->weak) return std::nullopt;
    std::string encoded(parsed->opaque.substr(0, parsed->opaque.size() - 1));
    encoded += '-';
    encoded += http::spelling(coding);
    encoded += "-made\"";
    return encoded;
}

// Whether the client already has the content that `tag` names (RFC 9110 §13.1.2).
bool has_already(const Request& request, const std::string& tag) {
    if (request.method() != Method::get && request.method() != Method::head) return false;
    const auto ours = http::parse_entity_tag(tag);
    bool has = false;
    request.message().fields.for_each(http::FieldName::if_none_match, [&](std::string_view list) {
        while (const auto theirs = http::next_entity_tag(list)) has = has || http::match_weakly(*theirs, *ours);
    });
    return has;
}

// Whether the content may be sent in another coding.
bool may_be_encoded(const Response& response, std::size_t octets_min) {
    const auto type = response.field("Content-Type");
    return response.is_in_memory() && response.content().size() >= octets_min && type && http::is_compressible(*type) &&
           response.status() != Status::partial_content && !response.field("Content-Encoding") &&
           !response.field("Content-Range") && !response.lists("Cache-Control", "no-transform");  // RFC 9111 §5.2.2.6
}

}  // namespace

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
    if (std::ranges::find(origins, "*") != origins.end()) origins.clear();
    return [rules = CorsRules{std::move(origins), credentials}](Request& request, Next next) -> Task<Response> {
        const auto origin = request.field("Origin");
        const auto wanted = request.field("Access-Control-Request-Method");
        if (rules.allow(origin) && wanted && request.method() == Method::options) {
            Response preflight(Status::no_content);
            rules.apply(origin, preflight);
            preflight.set("Access-Control-Allow-Methods", std::string(*wanted));
            preflight.set("Access-Control-Max-Age", "86400");
            const auto fields = request.field("Access-Control-Request-Headers");
            if (fields) preflight.set("Access-Control-Allow-Headers", std::string(*fields));
            co_return std::move(preflight);
        }
        Response response = co_await next(request);
        rules.apply(origin, response);
        co_return std::move(response);
    };
}

Middleware basic_auth(std::string realm, std::function<bool(std::string_view, std::string_view)> check) {
    return [challenge = http::basic_challenge(realm), check = std::move(check)](Request& request,
                                                                                Next next) -> Task<Response> {
        const std::optional<http::Credentials> credentials = http::basic_credentials(request.message().fields);
        // On a 401 the log says who tried.
        if (credentials) request.exchange().notes().user = credentials->user;
        if (!credentials || !check(credentials->user, credentials->password)) {
            Response response(Status::unauthorized);
            response.set("WWW-Authenticate", challenge);
            response.set_reason(credentials ? "wrong user or password" : "no credentials");
            co_return std::move(response);
        }
        request.set_user(credentials->user);
        Response response = co_await next(request);
        co_return std::move(response);
    };
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

Middleware time_out(std::chrono::milliseconds time) {
    return [time](Request& request, Next next) -> Task<Response> {
        const auto timed = std::make_shared<Timed>();
        request.unfinished().start(run_timed(next(request), timed));
        const io::TimePoint deadline = io::later(request.core().now(), time);
        const io::Result<void> over = co_await timed->over.wait(request.core(), deadline);
        if (timed->response) co_return *std::move(timed->response);
        if (!over && timed->running != nullptr) timed->running->request_stop();
        Response late(Status::service_unavailable);
        late.set("Retry-After", "1");
        late.set_reason("the handler took longer than its time-out");
        co_return std::move(late);
    };
}

Middleware request_id() {
    return [](Request& request, Next next) -> Task<Response> {
        const auto sent = request.field("X-Request-Id");
        std::string id = sent && is_request_id(*sent) ? std::string(*sent) : new_request_id(request.core());
        Response response = co_await next(request);
        response.set("X-Request-Id", std::move(id));
        co_return std::move(response);
    };
}

Middleware compression(std::size_t octets_min) {
    return [octets_min](Request& request, Next next) -> Task<Response> {
        Response response = co_await next(request);
        if (!may_be_encoded(response, octets_min)) co_return std::move(response);
        response.add("Vary", "Accept-Encoding");
        http::CodingSet codings;
        codings.add(http::Coding::gzip);
        codings.add(http::Coding::zstd);
        codings.add(http::Coding::br);
        const http::Coding coding =
            http::choose_coding(request.message().fields, codings).value_or(http::Coding::identity);
        if (coding == http::Coding::identity) co_return std::move(response);
        std::optional<std::string> tag = tag_of_encoded(response.field("ETag").value_or(""), coding);
        if (tag && response.status() == Status::ok && has_already(request, *tag)) {
            response.set_status(Status::not_modified);
            response.set_content({});
            response.set("ETag", *std::move(tag));
            co_return std::move(response);
        }
        auto encode = [&response, coding] { return site::encode(coding, response.content()); };
        std::optional<std::optional<std::string>> encoded = co_await io::offload(request.core(), encode);
        if (encoded && *encoded) {
            response.set_content(**std::move(encoded));
            response.set("Content-Encoding", std::string(http::spelling(coding)));
            if (tag) response.set("ETag", *std::move(tag));
        }
        co_return std::move(response);
    };
}

}  // namespace portico
