// portico/wire/h1/feed_head.h — for tests: reads a head that arrives in pieces, and records the outcome.
//
// Room wire: see read_head.h.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "portico/wire/h1/read_head.h"

namespace portico::h1 {

// The outcome of reading, in values that need no buffer to stay valid.
struct HeadOutcome {
    std::optional<std::size_t> octets;    // octets of the head, if it is complete
    std::optional<http::Status> refusal;  // if it was refused; neither: more octets are needed
    std::string_view reason;              // the refusal's reason
    std::string request;                  // everything that the request says
    bool operator==(const HeadOutcome&) const = default;
};

inline std::string describe(const http::Request& request) {
    const auto number = [](auto value) { return std::to_string(static_cast<unsigned long long>(value)) + "|"; };
    std::string text = std::string(request.method_token) + "|" + std::string(request.target) + "|" +
                       std::string(request.path) + "|" + std::string(request.query) + "|" +
                       std::string(request.authority) + "|";
    text += number(request.method) + number(request.form) + number(request.has_query) + number(request.version) +
            number(request.framing) + number(request.content_length) + number(request.persistence) +
            number(request.expectation);
    for (const http::FieldLine& line : request.fields.lines()) {
        text += "\n" + number(line.known) + std::string(line.name) + ":" + std::string(line.value);
    }
    return text;
}

// Reads from `received`, which arrives in pieces: of `first` octets, then of `piece` octets each. Each time, the octets
// are at another address, and nothing after them may be read.
inline HeadOutcome feed_head(std::string_view received, std::size_t first, std::size_t piece,
                             const HeadLimits& limits = {}) {
    http::Request request;
    std::size_t searched = 0;
    std::size_t size = std::min(first, received.size());
    for (;;) {
        const auto buffer = std::make_unique<char[]>(size);
        std::copy_n(received.data(), size, buffer.get());
        const auto octets = read_head(std::string_view(buffer.get(), size), searched, limits, request);
        if (!octets)
            return {.octets = {}, .refusal = octets.error().status, .reason = octets.error().reason, .request = {}};
        if (*octets) return {.octets = *octets, .refusal = {}, .reason = {}, .request = describe(request)};
        if (size == received.size()) return {};
        size = std::min(size + piece, received.size());
    }
}

inline HeadOutcome feed_whole(std::string_view received, const HeadLimits& limits = {}) {
    return feed_head(received, received.size(), 1, limits);
}

// Whether octets in pieces have the same outcome as the whole. In pieces, a refusal may need more octets: until the
// head is complete.
inline bool same_in_pieces(std::string_view received, std::size_t first, std::size_t piece,
                           const HeadLimits& limits = {}) {
    const HeadOutcome whole = feed_whole(received, limits);
    const HeadOutcome pieces = feed_head(received, first, piece, limits);
    if (pieces == whole) return true;
    const bool late = whole.refusal && pieces == HeadOutcome{};
    return late && feed_head(std::string(received) + "\r\n\r\n", first, piece, limits) == whole;
}

}  // namespace portico::h1
