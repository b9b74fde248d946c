// portico/embed/rate_limit.cc — see rate_limit.h.
#include "portico/embed/rate_limit.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "portico/embed/buckets.h"
#include "portico/embed/functions.h"
#include "portico/io/core.h"
#include "portico/io/net/address.h"

namespace portico {

using std::chrono::nanoseconds;

namespace {

// What all cores share.
struct Limiter {
    explicit Limiter(RateLimitOptions the_options, nanoseconds interval, std::uint64_t burst)
        : options(std::move(the_options)), buckets(interval, burst, options.clients_max) {}

    const RateLimitOptions options;
    Buckets buckets;
    std::once_flag has_key;
};

// Two kinds of names never meet: the first octet says which it is.
std::string name_of(const Request& request, const RateLimitOptions& options) {
    std::string name = options.key ? options.key(request) : std::string();
    if (!name.empty()) return "k" + name;
    std::uint64_t network = io::network_of(request.client());
    name = "a";
    for (; network != 0; network >>= 8) name += static_cast<char>(network & 0xff);
    return name;
}

Task<Response> limit(Request& request, Next next, Limiter& limiter) {
    const nanoseconds wait = limiter.buckets.take(name_of(request, limiter.options), request.core().now());
    if (wait > nanoseconds(0)) {
        Response response(Status::too_many_requests);
        response.set("Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()));
        response.set_reason("more requests than the rate limit allows");
        co_return std::move(response);
    }
    Response response = co_await next(request);
    co_return std::move(response);
}

}  // namespace

Middleware rate_limit(RateLimitOptions options) {
    constexpr std::chrono::hours longest(24 * 366);
    if (options.requests == 0 || options.per < std::chrono::milliseconds(1) || options.per > longest) {
        return Middleware::unusable("a rate limit is one request or more in a millisecond to a year");
    }
    const nanoseconds interval =
        nanoseconds(static_cast<std::uint64_t>(nanoseconds(options.per).count()) / options.requests);
    const std::uint64_t burst = options.burst == 0 ? options.requests : options.burst;
    if (interval < nanoseconds(1) || burst > static_cast<std::uint64_t>(nanoseconds(longest) / interval)) {
        return Middleware::unusable(
            "a rate limit is at most one request in a nanosecond, and a burst is that of a year");
    }
    const auto limiter = std::make_shared<Limiter>(std::move(options), interval, burst);
    auto function = std::make_shared<Middleware::Function>(
        [limiter](Request& request, Next next) { return limit(request, next, *limiter); });
    Middleware made([limiter, function](io::Core& core) {
        std::call_once(limiter->has_key, [&] {
            route::HashKey key{};
            const auto octets = std::as_writable_bytes(std::span(key));
            core.kernel().random({reinterpret_cast<char*>(octets.data()), octets.size()});
            limiter->buckets.set_key(key);
        });
        return std::make_shared<FunctionMiddleware>(function);
    });
    return made.describe_answer(Status::too_many_requests, {},
                                {AnswerField::of<unsigned>("Retry-After", "How many seconds to wait.")});
}

}  // namespace portico
