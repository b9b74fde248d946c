// portico/http/multipart.h — multipart/form-data, read as it comes (RFC 7578; RFC 2046 §5.1).
//
// Room http: see status.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portico::http {

// The boundary that a Content-Type of multipart/form-data names. Nothing if it is another type, or names none that
// is valid: 1 to 70 octets of RFC 2046 §5.1.1's bchars, the last of them no space.
[[nodiscard]] std::optional<std::string> multipart_boundary(std::string_view content_type);

// The header section of a part (RFC 7578 §4.2).
struct PartHead {
    std::string name;                      // of the form's field
    std::optional<std::string> file_name;  // as the sender says it: any octets, and perhaps a path. Not to be trusted
    std::string content_type;              // of the part; empty where it has none: text/plain, then
};

// Reads one multipart content, piece by piece. It keeps a part's head and nothing else: content is handed on as it
// comes.
class MultipartReader {
public:
    // What happens next.
    enum class What : std::uint8_t {
        more,      // all octets were used: call again with the next piece
        head,      // a part begins: head() tells of it
        content,   // octets of the part
        part_end,  // the part is complete
        end,       // of the last part; the epilogue that may follow is ignored (RFC 2046 §5.1.1)
        broken     // this is not multipart/form-data: trouble() tells why. Nothing more can be read
    };
    // One thing that happened.
    struct Step {
        What what;                     // which
        std::string_view octets = {};  // of `content`, valid until the next call; never empty then
    };

    // `boundary`: see multipart_boundary(). A head of more than `head_octets_max` octets is `broken`.
    explicit MultipartReader(std::string_view boundary, std::size_t head_octets_max = 8192);

    // The next thing that happens; what was read is taken from the front of `octets`. `end` comes once, `more` then.
    [[nodiscard]] Step next(std::string_view& octets);

    // The part that began last; overwritten when the next one begins.
    [[nodiscard]] const PartHead& head() const { return head_; }
    // Whether `end` was returned: the content is complete.
    [[nodiscard]] bool has_ended() const { return state_ == State::epilogue; }
    // A literal: what is wrong.
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
    // Octets of the delimiter that have come. Before the first part, its CRLF may be missing.
    std::size_t matched_ = 2;
    std::string line_;  // what has come of the rest of the delimiter's line, or of a head
    PartHead head_;
    std::string_view trouble_;
};

}  // namespace portico::http
