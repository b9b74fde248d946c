// portico/wire/h1/read_head_diff_fuzz.cc — compares our reading of a request head with that of libhttp-parser.
//
// If one parser refuses what the other reads, or both read it differently, a named difference must explain that from
// the octets alone. A difference without an explanation is a finding. docs/h1-strictness.md uses the same names.
#include <http_parser.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "portico/wire/h1/octets.h"
#include "portico/wire/h1/read_head.h"

namespace portico::h1 {
namespace {

using http::FieldName;

// A head, cut naively at its line ends and spaces.
struct NaiveHead {
    struct Field {
        std::string_view name;
        std::string_view value;
    };

    explicit NaiveHead(std::string_view received) : text(received) {
        std::string_view rest = received;
        if (rest.starts_with("\r\n")) rest.remove_prefix(2);
        for (bool first = true; !rest.empty(); first = false) {
            const std::size_t lf = rest.find('\n');
            std::string_view line = rest.substr(0, lf);
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (first) {
                request_line = line;
            } else if (line.empty()) {
                return;
            } else {
                lines.push_back(line);
            }
            if (lf == std::string_view::npos) return;
            rest.remove_prefix(lf + 1);
        }
    }

    [[nodiscard]] std::string_view word(int index) const {
        std::string_view rest = request_line;
        for (; index > 0; --index) {
            const std::size_t space = rest.find(' ');
            if (space == std::string_view::npos) return {};
            rest.remove_prefix(space + 1);
        }
        return rest.substr(0, rest.find(' '));
    }
    [[nodiscard]] std::string_view method() const { return word(0); }
    [[nodiscard]] std::string_view target() const { return word(1); }
    // Returns what follows the second space, up to the end of the line.
    [[nodiscard]] std::string_view version() const {
        const std::size_t before = method().size() + target().size() + 2;
        return before <= request_line.size() ? request_line.substr(before) : std::string_view();
    }
    // Returns the values with the white space around them.
    [[nodiscard]] std::vector<std::string_view> raw_values(std::string_view name) const {
        std::vector<std::string_view> found;
        for (const std::string_view line : lines) {
            const std::size_t colon = line.find(':');
            if (colon == std::string_view::npos) continue;
            if (http::equals_ignoring_case(line.substr(0, colon), name)) found.push_back(line.substr(colon + 1));
        }
        return found;
    }
    [[nodiscard]] std::vector<std::string_view> values(std::string_view name) const {
        std::vector<std::string_view> found = raw_values(name);
        for (std::string_view& value : found) value = http::trim(value);
        return found;
    }

    std::string_view text;
    std::string_view request_line;
    std::vector<std::string_view> lines;
};

// Named differences. Each is a question about the octets: can this be the cause?

bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return is(digit_octet, c); });
}

bool bare_line_end(const NaiveHead& head) {
    const std::string_view text = head.text;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return true;
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] != '\n') return true;
    }
    return false;
}

bool empty_lines_before(const NaiveHead& head) { return head.text.starts_with("\r\n\r\n"); }

bool control_octet_inside(const NaiveHead& head) {
    return std::ranges::any_of(head.text, [](char c) { return is(control_octet, c) && c != '\r' && c != '\n'; });
}

bool words_not_three(const NaiveHead& head) {
    return std::ranges::count(head.request_line, ' ') != 2 || head.method().empty() || head.target().empty() ||
           head.version().empty();
}

bool method_not_token(const NaiveHead& head) { return !http::is_token(head.method()); }

bool method_too_long(const NaiveHead& head) { return head.method().size() > 64; }

bool method_not_listed(const NaiveHead& head) {
    for (unsigned method = 0; method < 64; ++method) {
        if (head.method() == http_method_str(static_cast<http_method>(method))) return false;
    }
    return true;
}

bool target_octet(const NaiveHead& head) {
    bool in_query = false;
    for (const char c : head.target()) {
        in_query = in_query || c == '?';
        if (c <= ' ' || c == '\x7f' || std::string_view("#<>").find(c) != std::string_view::npos) return true;
        if (!in_query && std::string_view("\"\\`{}").find(c) != std::string_view::npos) return true;
    }
    return head.target().empty();
}

bool target_form(const NaiveHead& head) {
    const std::string_view target = head.target();
    if (head.method() == "CONNECT") return true;
    if (target.starts_with('/')) return false;
    if (target == "*") return head.method() != "OPTIONS";
    return true;
}

bool version_malformed(const NaiveHead& head) {
    const std::string_view v = head.version();
    return v.size() != 8 || !v.starts_with("HTTP/") || v[6] != '.' || !is(digit_octet, v[5]) || !is(digit_octet, v[7]);
}

bool version_not_1(const NaiveHead& head) { return head.version().size() == 8 && head.version()[5] != '1'; }

bool field_name(const NaiveHead& head) {
    return std::ranges::any_of(head.lines, [](std::string_view line) {
        const std::size_t colon = line.find(':');
        return colon == std::string_view::npos || !http::is_token(line.substr(0, colon));
    });
}

bool white_first_in_line(const NaiveHead& head) {
    return std::ranges::any_of(head.lines, [](std::string_view line) { return is_white(line[0]); });
}

bool host_missing(const NaiveHead& head) { return head.values("host").empty() && head.version() != "HTTP/1.0"; }

bool host_repeated(const NaiveHead& head) { return head.values("host").size() > 1; }

bool host_malformed(const NaiveHead& head) {
    return std::ranges::any_of(head.values("host"), [](std::string_view value) {
        const bool plain = std::ranges::all_of(value, [](char c) { return is(host_octet, c); });
        return !plain && !value.empty();
    });
}

bool content_length(const NaiveHead& head) {
    const auto values = head.values("content-length");
    if (values.size() > 1) return true;
    if (values.empty()) return false;
    std::string_view digits = values[0];
    if (digits.empty() || !all_digits(digits)) return true;
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits.size() > 19 || (digits.size() == 19 && digits > "9223372036854775807");
}

bool transfer_encoding(const NaiveHead& head) {
    const auto values = head.values("transfer-encoding");
    if (values.empty()) return false;
    return values.size() > 1 || !http::equals_ignoring_case(values[0], "chunked") || head.version() == "HTTP/1.0" ||
           !head.values("content-length").empty();
}

bool expectation(const NaiveHead& head) {
    return std::ranges::any_of(head.values("expect"), [](std::string_view value) {
        return !http::equals_ignoring_case(value, "100-continue");
    });
}

bool limits(const NaiveHead& head) {
    const HeadLimits ours;
    return head.target().size() > ours.target_octets_max || head.text.size() >= ours.head_octets_max ||
           head.lines.size() > ours.field_count_max;
}

// A Connection list with HTAB, or with elements that are empty or unknown to libhttp-parser: it may take the comma
// after such an element for a part of it.
bool connection_list(const NaiveHead& head) {
    const auto is_known = [](std::string_view option) {
        return http::equals_ignoring_case(option, "close") || http::equals_ignoring_case(option, "keep-alive") ||
               http::equals_ignoring_case(option, "upgrade");
    };
    return std::ranges::any_of(head.raw_values("connection"), [&is_known](std::string_view value) {
        if (value.find('\t') != std::string_view::npos) return true;
        if (value.find(',') == std::string_view::npos) return false;
        for (std::size_t comma = 0; comma != std::string_view::npos;) {
            comma = value.find(',');
            if (!is_known(http::trim(value.substr(0, comma)))) return true;
            if (comma != std::string_view::npos) value.remove_prefix(comma + 1);
        }
        return false;
    });
}

// HTTP/1.0 with both options: libhttp-parser prefers keep-alive, RFC 9112 §9.3 prefers close.
bool close_and_keep_alive(const NaiveHead& head) {
    std::string all;
    for (const std::string_view value : head.values("connection")) all.append(value).append(",");
    std::ranges::transform(all, all.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return head.version() == "HTTP/1.0" && all.find("close") != std::string::npos &&
           all.find("keep-alive") != std::string::npos;
}

// libhttp-parser treats a name that only begins with Transfer-Encoding as Transfer-Encoding.
bool longer_than_transfer_encoding(const NaiveHead& head) {
    static constexpr std::string_view name = "transfer-encoding";
    return std::ranges::any_of(head.lines, [](std::string_view line) {
        return line.find(':') > name.size() && http::equals_ignoring_case(line.substr(0, name.size()), name);
    });
}

using Question = bool (*)(const NaiveHead&);

// The possible explanations for each of our reasons to refuse, if libhttp-parser does not refuse.
struct OurRefusal {
    std::string_view reason;
    std::vector<Question> differences;
};

const std::vector<OurRefusal>& our_refusals() {
    static const std::vector<OurRefusal> all = {
        {"LF without CR", {bare_line_end}},
        {"CR without LF", {bare_line_end}},
        {"CR without LF, or a line that ends too early",
         {bare_line_end, empty_lines_before, words_not_three, version_malformed, field_name}},
        {"control octet", {control_octet_inside}},
        {"method is too long", {method_too_long}},
        {"method is not a token", {method_not_token}},
        {"octet that is not allowed in a target", {target_octet}},
        {"target is too long", {limits}},
        {"request line is longer than a head may be", {limits}},
        {"head is too long", {limits}},
        {"too many field lines", {limits}},
        {"version is malformed", {version_malformed}},
        {"major version is not 1", {version_not_1}},
        {"target is neither a path nor an http or https URI", {target_form}},
        {"authority in the target is not a host and port", {target_form}},
        {"target of CONNECT is not a host and port", {target_form}},
        {"field name is not a token", {field_name}},
        {"white space in or after a field name", {field_name}},
        {"white space before the first field line", {white_first_in_line}},
        {"obsolete line folding", {white_first_in_line}},
        {"Host is missing", {host_missing}},
        {"Host is repeated", {host_repeated}},
        {"Host is not a host and port", {host_malformed}},
        {"Content-Length is repeated", {content_length}},
        {"Content-Length is not one decimal number below 2^63", {content_length}},
        {"Transfer-Encoding in HTTP/1.0", {transfer_encoding}},
        {"both Transfer-Encoding and Content-Length", {transfer_encoding}},
        {"Transfer-Encoding is malformed", {transfer_encoding}},
        {"Transfer-Encoding does not end in chunked", {transfer_encoding}},
        {"chunked is not the last transfer coding, or not the only one of that name", {transfer_encoding}},
        {"chunked has a parameter", {transfer_encoding}},
        {"transfer coding is not known", {transfer_encoding}},
        {"an expectation other than 100-continue", {expectation}},
    };
    return all;
}

// Runs libhttp-parser, which is given the octets one by one until it has the head.
class TheirReader {
public:
    enum class Outcome : std::uint8_t { done, incomplete, refused };

    explicit TheirReader(std::string_view received) {
        http_parser_init(&parser_, HTTP_REQUEST);
        http_parser_settings_init(&settings_);
        parser_.data = this;
        settings_.on_url = [](http_parser* parser, const char* at, std::size_t size) {
            self(parser).target.append(at, size);
            return 0;
        };
        settings_.on_header_field = [](http_parser* parser, const char* at, std::size_t size) {
            self(parser).add_name(std::string_view(at, size));
            return 0;
        };
        settings_.on_header_value = [](http_parser* parser, const char* at, std::size_t size) {
            self(parser).add_value(std::string_view(at, size));
            return 0;
        };
        settings_.on_headers_complete = [](http_parser* parser) {
            TheirReader& reader = self(parser);
            reader.outcome = Outcome::done;
            reader.content_length = parser->content_length;
            reader.chunked = (parser->flags & F_CHUNKED) != 0;
            reader.keep = http_should_keep_alive(parser) != 0;
            return 0;
        };
        while (outcome == Outcome::incomplete && octets < received.size()) {
            http_parser_execute(&parser_, &settings_, received.data() + octets, 1);
            ++octets;
            if (parser_.http_errno != HPE_OK) outcome = Outcome::refused;
        }
    }
    TheirReader(const TheirReader&) = delete;
    TheirReader& operator=(const TheirReader&) = delete;

    [[nodiscard]] http_errno error() const { return static_cast<http_errno>(parser_.http_errno); }
    [[nodiscard]] std::string_view method() const { return http_method_str(static_cast<http_method>(parser_.method)); }

    Outcome outcome = Outcome::incomplete;
    std::size_t octets = 0;
    std::string target;
    std::vector<std::pair<std::string, std::string>> fields;
    std::uint64_t content_length = 0;
    bool chunked = false;
    bool keep = false;

private:
    static TheirReader& self(http_parser* parser) { return *static_cast<TheirReader*>(parser->data); }
    void add_name(std::string_view part) {
        if (!in_name_) fields.emplace_back();
        in_name_ = true;
        fields.back().first += part;
    }
    void add_value(std::string_view part) {
        in_name_ = false;
        fields.back().second += part;
    }

    http_parser parser_{};
    http_parser_settings settings_{};
    bool in_name_ = false;
};

// Explains why libhttp-parser may refuse what we accept.
bool explains(http_errno error, const NaiveHead& head) {
    switch (error) {
        case HPE_INVALID_METHOD: return method_not_listed(head);
        case HPE_INVALID_URL: return target_form(head);  // its grammar of authorities is not that of RFC 3986
        case HPE_UNEXPECTED_CONTENT_LENGTH:
        case HPE_INVALID_TRANSFER_ENCODING: return longer_than_transfer_encoding(head);
        default: return false;
    }
}

[[noreturn]] void report(const char* what, std::string_view detail, std::string_view received) {
    std::fprintf(stderr, "unexplained: %s: %.*s\n%.*s\n", what, static_cast<int>(detail.size()), detail.data(),
                 static_cast<int>(received.size()), received.data());
    std::abort();
}

// The same head, completed: one parser may refuse earlier than the other.
std::string completed(std::string_view received) {
    return std::string(received) + (received.ends_with('\r') ? "\n\r\n" : "\r\n\r\n");
}

bool we_refuse_in_the_end(std::string_view received) {
    http::Request request;
    HeadNotes notes;
    return !read_head(completed(received), notes, HeadLimits{}, request);
}

bool they_refuse_in_the_end(std::string_view received) {
    return TheirReader(completed(received)).outcome == TheirReader::Outcome::refused;
}

void compare(const http::Request& request, const ReadHead& read, const TheirReader& theirs, const NaiveHead& head) {
    if (read.octets != theirs.octets) report("octets of the head", "", head.text);
    if (request.method_token != theirs.method()) report("method", theirs.method(), head.text);
    if (request.target != theirs.target) report("target", theirs.target, head.text);
    if (request.fields.size() != theirs.fields.size()) report("number of fields", "", head.text);
    for (std::size_t i = 0; i < theirs.fields.size(); ++i) {
        const http::FieldLine& line = request.fields.lines()[i];
        if (line.name != theirs.fields[i].first) report("name", theirs.fields[i].first, head.text);
        if (line.value != http::trim(theirs.fields[i].second)) report("value", theirs.fields[i].second, head.text);
    }
    if ((read.framing == Framing::chunked) != theirs.chunked) report("chunked", "", head.text);
    const bool has_length = theirs.content_length != ~std::uint64_t{0};
    if ((read.framing == Framing::length) != has_length) report("whether there is a length", "", head.text);
    if (has_length && request.content_length != theirs.content_length) report("length", "", head.text);
    const bool keep = read.persistence == Persistence::keep;
    if (keep != theirs.keep && !connection_list(head) && !close_and_keep_alive(head)) {
        report("persistence", "", head.text);
    }
}

}  // namespace
}  // namespace portico::h1

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace portico::h1;
    const std::string_view received(reinterpret_cast<const char*>(data), size);
    portico::http::Request request;
    HeadNotes notes;
    const auto ours = read_head(received, notes, HeadLimits{}, request);
    const TheirReader theirs(received);
    const NaiveHead head(received);
    if (!ours) {
        if (theirs.outcome == TheirReader::Outcome::refused) return 0;
        if (theirs.outcome == TheirReader::Outcome::incomplete && they_refuse_in_the_end(received)) return 0;
        const auto row = std::ranges::find(our_refusals(), ours.error().reason, &OurRefusal::reason);
        if (row == our_refusals().end()) report("a reason without a row", ours.error().reason, received);
        const auto holds = [&head](Question question) { return question(head); };
        if (!std::ranges::any_of(row->differences, holds)) report("our refusal", ours.error().reason, received);
    } else if (theirs.outcome == TheirReader::Outcome::refused) {
        if (!*ours && we_refuse_in_the_end(received)) return 0;
        if (!explains(theirs.error(), head)) report("their refusal", http_errno_name(theirs.error()), received);
    } else if (ours->has_value() != (theirs.outcome == TheirReader::Outcome::done)) {
        report("only one needs more octets", "", received);
    } else if (*ours) {
        compare(request, **ours, theirs, head);
    }
    return 0;
}
