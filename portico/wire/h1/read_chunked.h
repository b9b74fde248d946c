// portico/wire/h1/read_chunked.h — reads content in chunked transfer coding (RFC 9112 §7.1).
//
// Room wire: see read_head.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "portico/http/status.h"

namespace portico::h1 {

// How much the framing of one request's content may cost.
struct ChunkedLimits {
    std::size_t chunk_line_octets_max = 4 * 1024;  // a chunk-size line with its extensions: 400
    std::size_t extension_octets_max = 16 * 1024;  // extensions of all chunks together: 400
    std::size_t trailer_octets_max = 8 * 1024;     // the trailer section: 431
    std::size_t trailer_count_max = 64;            // field lines in it: 431
};

// Decodes chunked content as it arrives, in place: no octet is copied. Extensions and trailer fields are checked
// against their grammar and skipped.
class ChunkedReader {
public:
    // At the start of a content. The limits are copied.
    explicit ChunkedReader(const ChunkedLimits& limits) : limits_(limits) {}

    // The result of one step: how many of the given octets are used up, and which of them were content (a view into the
    // given octets, perhaps empty).
    struct Step {
        std::size_t used = 0;      // octets
        std::string_view content;  // decoded; never from more than one chunk
    };

    // Reads from the front of `received`, at most to the end of one chunk's data. Call it again with the following
    // octets until done() is true, or until `used` is 0, which means that more octets are needed.
    //
    // Refusals: 400 size that isn't a hexadecimal number or overflows 63 bits, bare CR or LF, data not followed
    //           by CRLF, malformed extension or trailer field line, line or extensions over their limits;
    //           431 trailer section over its limits. The reader must not be used after a refusal.
    [[nodiscard]] http::Result<Step> read(std::string_view received);

    // Whether the last chunk and the trailer section have been read.
    [[nodiscard]] bool done() const { return state_ == State::done; }

private:
    // Each state is named after the part to which the next octet belongs. Their order is that of the octets.
    enum class State : std::uint8_t {
        size_first,
        size,
        size_white,  // after the size: an extension must follow
        extension_name_first,
        extension_name,
        extension_name_white,
        extension_value_first,
        extension_token,
        extension_quoted,
        extension_quoted_pair,
        extension_quoted_end,
        extension_value_white,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_first,
        trailer_name,
        trailer_value,
        trailer_lf,
        end_lf,
        done
    };
    // The state after an octet of a chunk-size line or of the trailer section; nothing if the octet is not allowed
    // there.
    using Next = std::optional<State>;

    [[nodiscard]] Next after(char octet);
    [[nodiscard]] Next after_size(char octet);
    [[nodiscard]] Next after_extension_name(char octet) const;
    [[nodiscard]] Next after_extension_value(char octet) const;
    [[nodiscard]] Next after_trailer(char octet);
    [[nodiscard]] std::optional<http::Refusal> charge();  // for the next octet
    [[nodiscard]] std::string_view fault() const;         // why that octet is not allowed there

    ChunkedLimits limits_;
    State state_ = State::size_first;
    std::uint64_t left_ = 0;       // octets still to come of this chunk's data
    std::size_t line_octets_ = 0;  // octets of the chunk-size line that is being read
    std::size_t extension_octets_ = 0;
    std::size_t trailer_octets_ = 0;
    std::size_t trailer_count_ = 0;
};

}  // namespace portico::h1
