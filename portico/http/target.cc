// portico/http/target.cc — see target.h.
#include "portico/http/target.h"

#include <array>
#include <cstddef>

#include "portico/http/hex.h"

namespace portico::http {
namespace {

// The octets that are plain at any place in a path. The slash is not, because it may begin an empty segment or a dot
// segment; nor are octets that may be part of overlong UTF-8.
consteval std::array<bool, 256> make_plain() {
    std::array<bool, 256> plain{};
    for (unsigned c = 0x20; c < 0x7f; ++c) plain[c] = true;
    for (const char c : std::string_view("%/\\#?")) plain[octet(c)] = false;
    return plain;
}
constexpr auto plain = make_plain();

// Whether the text after a slash is an empty segment or a dot segment, so that removing it changes the path. The path's
// last segment may be empty.
bool removable_segment(std::string_view behind_slash) {
    const std::string_view segment = behind_slash.substr(0, behind_slash.find('/'));
    if (segment.empty()) return !behind_slash.empty();
    return segment == "." || segment == "..";
}

// Whether decode_path() would return exactly `path`, which begins with "/".
bool is_decoded(std::string_view path) {
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (plain[octet(path[i])]) continue;
        if (path[i] != '/') return false;
        const char next = i + 1 < path.size() ? path[i + 1] : '\0';
        if ((next == '/' || next == '.') && removable_segment(path.substr(i + 1))) return false;
    }
    return true;
}

// Whether two octets are enough to know that a UTF-8 sequence is longer than its character needs. The forms of five and
// six octets, which RFC 3629 removed, count too: some decoder may still accept them.
bool begins_overlong(char first, char second) {
    const unsigned low = octet(second);
    if (low < 0x80 || low > 0xbf) return false;
    switch (octet(first)) {
        case 0xc0:
        case 0xc1: return true;
        case 0xe0: return low < 0xa0;
        case 0xf0: return low < 0x90;
        case 0xf8: return low < 0x88;
        case 0xfc: return low < 0x84;
        default: return false;
    }
}

// Builds a decoded path octet by octet and segment by segment.
class PathBuilder {
public:
    explicit PathBuilder(std::string& buffer) : path_(buffer) { path_.assign(1, '/'); }

    Result<void> add(char c) {
        if (c == '\0') return refuse(Status::bad_request, "NUL in the path");
        if (begins_overlong(path_.back(), c)) return refuse(Status::bad_request, "overlong UTF-8 in the path");
        path_.push_back(c);
        return {};
    }

    Result<void> end_segment() {
        const std::string_view segment = std::string_view(path_).substr(segment_at_);
        if (segment == "..") {
            if (segment_at_ == 1) return refuse(Status::bad_request, "path climbs above the root");
            path_.resize(path_.rfind('/', segment_at_ - 2) + 1);
        } else if (segment == ".") {
            path_.resize(segment_at_);
        }
        segment_at_ = path_.size();
        return {};
    }

    void add_slash() {
        if (path_.back() == '/') return;
        path_.push_back('/');
        segment_at_ = path_.size();
    }

private:
    std::string& path_;
    std::size_t segment_at_ = 1;  // the start of the segment that is being built
};

// The octet that the escape at the front of `text` encodes.
Result<char> read_escape(std::string_view text) {
    const int high = text.size() < 3 ? -1 : hex_value(text[1]);
    const int low = text.size() < 3 ? -1 : hex_value(text[2]);
    if (high < 0 || low < 0) return refuse(Status::bad_request, "bad percent-encoding in the path");
    const char c = static_cast<char>(high << 4 | low);
    // Decoded to a separator, it would move the request to another folder, after a proxy in front of us may have judged
    // it by this one.
    if (c == '/') return refuse(Status::not_found, "escaped slash in the path");
    return c;
}

// The octets that are not escaped in a path: RFC 3986's unreserved, "/" and the delimiters that are harmless in markup.
consteval std::array<bool, 256> make_unescaped() {
    std::array<bool, 256> unescaped{};
    for (const char c : std::string_view("-._~/!$()*+,;=@0123456789")) unescaped[octet(c)] = true;
    for (unsigned c = 'a'; c <= 'z'; ++c) unescaped[c] = unescaped[c - 0x20] = true;
    return unescaped;
}
constexpr auto unescaped = make_unescaped();

}  // namespace

Result<std::string_view> decode_path(std::string_view raw_path, std::string& buffer) {
    if (raw_path.empty()) return "/";
    if (raw_path.front() != '/') return refuse(Status::bad_request, "path does not begin with a slash");
    if (is_decoded(raw_path)) return raw_path;

    PathBuilder path(buffer);
    for (std::size_t i = 1; i < raw_path.size(); ++i) {
        char c = raw_path[i];
        if (c == '/') {
            if (const auto ended = path.end_segment(); !ended) return std::unexpected(ended.error());
            path.add_slash();
            continue;
        }
        if (octet(c) < 0x20 || octet(c) == 0x7f || c == '\\' || c == '#' || c == '?') {
            return refuse(Status::bad_request, "octet that is not allowed in a path");
        }
        if (c == '%') {
            const auto escaped = read_escape(raw_path.substr(i));
            if (!escaped) return std::unexpected(escaped.error());
            c = *escaped;
            i += 2;
        }
        if (const auto added = path.add(c); !added) return std::unexpected(added.error());
    }
    if (const auto ended = path.end_segment(); !ended) return std::unexpected(ended.error());
    return buffer;
}

bool is_hidden(std::string_view decoded_path) {
    constexpr std::string_view well_known = "/.well-known";
    if (decoded_path.starts_with(well_known)) {
        const std::string_view below = decoded_path.substr(well_known.size());
        if (below.empty() || below.front() == '/') decoded_path = below;
    }
    return decoded_path.find("/.") != std::string_view::npos;
}

void append_encoded_path(std::string& out, std::string_view decoded_path) {
    for (const char c : decoded_path) {
        if (unescaped[octet(c)]) {
            out.push_back(c);
        } else {
            out.push_back('%');
            out.push_back(hex_digits_upper[octet(c) >> 4]);
            out.push_back(hex_digits_upper[octet(c) & 15]);
        }
    }
}

}  // namespace portico::http
