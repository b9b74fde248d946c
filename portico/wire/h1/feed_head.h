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

inline std::string describe(const http::Request& request, http::Version version, const ReadHead& head) {
    const auto number = [](auto value) { return std::to_string(static_cast<unsigned long long>(value)) + "|"; };
    std::string text = std::string(request.method_token) + "|" + std::string(request.target) + "|" +
                       std::string(request.path) + "|" + std::string(request.query) + "|" +
                       std::string(request.authority) + "|";
    text += number(request.method) + number(request.form) + number(request.has_query) + number(version) +
            number(request.scheme) + number(request.has_content) + number(request.content_length.value_or(0)) +
            number(request.expectation) + number(head.framing) + number(head.content_length) + number(head.persistence);
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
    HeadNotes notes;
    std::size_t size = std::min(first, received.size());
    for (;;) {
        const auto buffer = std::make_unique<char[]>(size);
        std::copy_n(received.data(), size, buffer.get());
        const auto head = read_head(std::string_view(buffer.get(), size), notes, limits, request);
        if (!head) return {.octets = {}, .refusal = head.error().status, .reason = head.error().reason, .request = {}};
        if (*head) {
            return {.octets = (*head)->octets,
                    .refusal = {},
                    .reason = {},
                    .request = describe(request, notes.version, **head)};
        }
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

// The same for a response to `method`; `request` then has everything that the response says.
inline HeadOutcome feed_response(std::string_view received, std::size_t first, std::size_t piece, http::Method method,
                                 const HeadLimits& limits = {}) {
    http::Response response;
    HeadNotes notes;
    std::size_t size = std::min(first, received.size());
    for (;;) {
        const auto buffer = std::make_unique<char[]>(size);
        std::copy_n(received.data(), size, buffer.get());
        const auto read = read_response_head(std::string_view(buffer.get(), size), notes, limits, method, response);
        if (!read) return {.octets = {}, .refusal = read.error().status, .reason = read.error().reason, .request = {}};
        if (*read) {
            const ReadHead& head = **read;
            std::string said = std::to_string(http::code(response.status)) + "|" +
                               std::to_string(static_cast<int>(notes.version)) + "|" +
                               std::to_string(static_cast<int>(head.framing)) + "|" +
                               std::to_string(response.content_length.value_or(0)) + "|" +
                               std::to_string(static_cast<int>(head.persistence));
            for (const http::FieldLine& line : response.fields.lines()) {
                said.append("\n").append(line.name).append(":").append(line.value);
            }
            return {.octets = head.octets, .refusal = {}, .reason = {}, .request = std::move(said)};
        }
        if (size == received.size()) return {};
        size = std::min(size + piece, received.size());
    }
}

}  // namespace portico::h1
