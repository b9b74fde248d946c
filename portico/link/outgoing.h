// portico/link/outgoing.h — what a client sends besides a request's fields, and what is told of it.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "portico/http/message.h"
#include "portico/io/core.h"
#include "portico/wire/h1/framing.h"

namespace portico::link {

// Is notified of what an exchange sends and receives, to inform the user. Must not throw, nor end the task.
class ExchangeWatcher {
public:
    // The head of the request. That of HTTP/2 is shown as HTTP/1.1 would write it, with its own version.
    virtual void sending(std::string_view head) = 0;
    // The head of a response, interim or final.
    virtual void received(const http::Response& head, http::Version version) = 0;

protected:
    ~ExchangeWatcher() = default;
};

// Whether content waits until the server wants it (RFC 9110 §10.1.1).
enum class Consent : std::uint8_t {
    not_needed,
    awaited,
    given,  // or the time for it is over
};

// What to send, besides the request's fields. Octets and producer outlive the exchange.
struct Outgoing {
    std::optional<std::string_view> content;       // nothing: the request has no content, or `producer` makes it
    const http::Producer* producer = nullptr;      // must not throw
    std::optional<std::uint64_t> produced_octets;  // how many `producer` writes, if that is known
    // The request has content and the field Expect: 100-continue. The content follows once the server says so, or after
    // OutboundLimits::consent_time_max; not at all if the final response comes first.
    bool asks_first = false;
    h1::Persistence persistence = h1::Persistence::keep;
    io::TimePoint deadline = io::never;  // for the whole exchange, including the response's content
    ExchangeWatcher* watcher = nullptr;  // outlives the exchange's head

    [[nodiscard]] bool has_content() const { return content || producer != nullptr; }
    [[nodiscard]] std::optional<std::uint64_t> content_length() const {
        return content ? std::optional<std::uint64_t>(content->size()) : produced_octets;
    }
};

}  // namespace portico::link
