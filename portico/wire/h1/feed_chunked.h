// portico/wire/h1/feed_chunked.h — for tests: reads chunked content that arrives in pieces, and records the outcome.
//
// Room wire: see read_head.h.
#pragma once

#include <algorithm>
#include <cassert>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "portico/wire/h1/read_chunked.h"

namespace portico::h1 {

struct ChunkedOutcome {
    bool done = false;
    std::optional<http::Status> refusal;
    std::string_view reason;
    std::size_t used = 0;  // 0 if it was refused
    std::string content;
    bool operator==(const ChunkedOutcome&) const = default;
};

// Gives the reader `received` in pieces: of `first` octets, then of `piece` octets each.
inline ChunkedOutcome feed_chunked(std::string_view received, std::size_t first, std::size_t piece,
                                   const ChunkedLimits& limits = {}) {
    ChunkedReader reader(limits);
    ChunkedOutcome outcome;
    std::size_t given = std::min(first, received.size());
    for (;;) {
        const std::size_t size = given - outcome.used;
        const auto buffer = std::make_unique<char[]>(size);
        std::copy_n(received.data() + outcome.used, size, buffer.get());
        const std::string_view octets(buffer.get(), size);
        const auto step = reader.read(octets);
        if (!step) {
            outcome.refusal = step.error().status;
            outcome.reason = step.error().reason;
            outcome.used = 0;  // the number of octets used before depends on the pieces
            return outcome;
        }
        assert(step->used <= size);
        assert(step->content.empty() || (step->content.data() >= octets.data() && step->content.end() <= octets.end()));
        outcome.used += step->used;
        outcome.content += step->content;
        outcome.done = reader.done();
        if (outcome.done || (step->used == 0 && given == received.size())) return outcome;
        if (step->used == 0 || outcome.used == given) given = std::min(given + piece, received.size());
    }
}

inline ChunkedOutcome feed_whole_chunked(std::string_view received, const ChunkedLimits& limits = {}) {
    return feed_chunked(received, received.size(), 1, limits);
}

}  // namespace portico::h1
