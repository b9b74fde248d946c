// portico/http/multipart.h — reads multipart/form-data as it arrives (RFC 7578; RFC 2046 §5.1).
//
// Room http: see status.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portico::http {

// Returns the boundary in a Content-Type of multipart/form-data. Returns nothing if it is another type or has no valid
// boundary: 1 to 70 octets of RFC 2046 §5.1.1's bchars, of which the last is not a space.
[[nodiscard]] std::optional<std::string> multipart_boundary(std::string_view content_type);

// The header section of a part (RFC 7578 §4.2).
struct PartHead {
    std::string name;                      // of the form's field
    std::optional<std::string> file_name;  // as sent: any octets, and perhaps a path. Do not trust it
    std::string content_type;              // of the part; empty if it has none, which means text/plain
};

// Reads one multipart content piece by piece. It stores only a part's head; content is passed on as it arrives.
class MultipartReader {
public:
    // The kind of the next step.
    enum class What : std::uint8_t {
        more,      // all octets were used: call again with the next piece
        head,      // a part begins: see head()
        content,   // octets of the part
        part_end,  // the part is complete
        end,       // after the last part; an epilogue is ignored (RFC 2046 §5.1.1)
        broken     // not multipart/form-data: trouble() says why. Nothing more can be read
    };
    // One step of reading.
    struct Step {
        What what;                     // the kind of step
        std::string_view octets = {};  // for `content`: valid until the next call, and never empty
    };

    // `boundary`: see multipart_boundary(). A head of more than `head_octets_max` octets is `broken`.
    explicit MultipartReader(std::string_view boundary, std::size_t head_octets_max = 8192);

    // Reads one step, and removes what it read from the front of `octets`. Returns `end` once, and `more` after that.
    [[nodiscard]] Step next(std::string_view& octets);

    // The head of the current part; overwritten when the next one begins.
    [[nodiscard]] const PartHead& head() const { return head_; }
    // Whether `end` was returned: the content is complete.
    [[nodiscard]] bool has_ended() const { return state_ == State::epilogue; }
    // What is wrong, as a literal.
    [[nodiscard]] std::string_view trouble() const { return trouble_; }

private:
    enum class State : std::uint8_t { preamble, content, delimiter_line, head, epilogue, broken };

    Step read_content(std::string_view& octets);
    Step read_delimiter_line(std::string_view& octets);
    Step read_head(std::string_view& octets);
    bool parse_head();
    bool parse_line(std::string_view line);
    Step fail(std::string_view trouble);

    const std::string delimiter_;  // CRLF "--" boundary
    const std::size_t head_octets_max_;
    State state_ = State::preamble;
    // Octets of the delimiter that have been received. Before the first part, its CRLF may be missing.
    std::size_t matched_ = 2;
    std::string line_;  // what has been received of the rest of the delimiter's line, or of a head
    PartHead head_;
    std::string_view trouble_;
};

}  // namespace portico::http
