// portico/http/multipart.cc — see multipart.h.
#include "portico/http/multipart.h"

#include <algorithm>
#include <utility>

#include "portico/http/fields.h"

namespace portico::http {
namespace {

constexpr std::size_t boundary_octets_max = 70;
// RFC 2046 §5.1.1: white space after a delimiter. No client is known to send any; more than this is nonsense.
constexpr std::size_t padding_octets_max = 100;

// RFC 2046 §5.1.1: bchars.
bool is_boundary_octet(char octet) {
    return (octet >= '0' && octet <= '9') || (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
           std::string_view("'()+_,-./:=? ").find(octet) != std::string_view::npos;
}

// A parameter's value without its quotes. Browsers escape a quote as %22 and leave a backslash unchanged; others write
// \" and \\. A backslash that escapes nothing stays.
std::string unquoted(std::string_view value) {
    if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
    value = value.substr(1, value.size() - 2);
    std::string text;
    text.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
        const bool escapes = value[i] == '\\' && i + 1 < value.size() && (value[i + 1] == '"' || value[i + 1] == '\\');
        if (escapes) ++i;
        text += value[i];
    }
    return text;
}

// The value of a parameter among "a=1; b="2"", names in any case.
std::optional<std::string> parameter(std::string_view parameters, std::string_view name) {
    while (const auto one = next_element(parameters, ';')) {
        const std::size_t equals = one->find('=');
        if (equals == std::string_view::npos) continue;
        if (equals_ignoring_case(trim(one->substr(0, equals)), name)) return unquoted(trim(one->substr(equals + 1)));
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
    const auto type = next_element(content_type, ';');
    if (!type || !equals_ignoring_case(*type, "multipart/form-data")) return std::nullopt;
    std::optional<std::string> boundary = parameter(content_type, "boundary");
    const bool is_valid = boundary && !boundary->empty() && boundary->size() <= boundary_octets_max &&
                          std::ranges::all_of(*boundary, is_boundary_octet) && boundary->back() != ' ';
    if (!is_valid) return std::nullopt;
    return boundary;
}

MultipartReader::MultipartReader(std::string_view boundary, std::size_t head_octets_max)
    : delimiter_("\r\n--" + std::string(boundary)), head_octets_max_(head_octets_max) {}

MultipartReader::Step MultipartReader::next(std::string_view& octets) {
    switch (state_) {
        case State::preamble:
            for (;;) {  // RFC 2046 §5.1.1: the preamble is ignored
                const Step step = read_content(octets);
                if (step.what == What::more) return step;
                if (step.what == What::part_end) return read_delimiter_line(octets);
            }
        case State::content: return read_content(octets);
        case State::delimiter_line: return read_delimiter_line(octets);
        case State::head: return read_head(octets);
        case State::epilogue: octets = {}; return {What::more};
        case State::broken: break;
    }
    return {What::broken};
}

// Reads up to what may be a delimiter. Only a delimiter's first octet is a CR, so if the octets after a CR turn out not
// to match, all of them are content: no other octet among them can begin a delimiter.
MultipartReader::Step MultipartReader::read_content(std::string_view& octets) {
    while (!octets.empty()) {
        if (matched_ == 0) {
            const std::string_view content = octets.substr(0, octets.find('\r'));
            octets.remove_prefix(content.size());
            if (!content.empty()) return {What::content, content};
        }
        while (!octets.empty() && matched_ < delimiter_.size() && octets.front() == delimiter_[matched_]) {
            octets.remove_prefix(1);
            ++matched_;
        }
        if (matched_ == delimiter_.size()) {
            matched_ = 0;
            line_.clear();
            state_ = State::delimiter_line;
            return {What::part_end};
        }
        if (octets.empty()) break;
        return {What::content, std::string_view(delimiter_).substr(0, std::exchange(matched_, 0))};
    }
    return {What::more};
}

// A delimiter is followed by "--" if it was the last one, or else by the end of its line.
MultipartReader::Step MultipartReader::read_delimiter_line(std::string_view& octets) {
    while (!octets.empty()) {
        line_ += octets.front();
        octets.remove_prefix(1);
        if (line_ == "--") {
            state_ = State::epilogue;
            return {What::end};
        }
        if (line_.ends_with("\r\n")) {
            const std::string_view padding = std::string_view(line_).substr(0, line_.size() - 2);
            if (!trim(padding).empty()) return fail("unexpected text after a boundary");
            line_.clear();
            state_ = State::head;
            return read_head(octets);
        }
        if (line_.size() > padding_octets_max) return fail("unexpected text after a boundary");
    }
    return {What::more};
}

MultipartReader::Step MultipartReader::read_head(std::string_view& octets) {
    while (!octets.empty()) {
        const std::size_t line_end = octets.find('\n');
        const std::size_t taken = line_end == std::string_view::npos ? octets.size() : line_end + 1;
        if (taken > head_octets_max_ - line_.size()) return fail("a part's head that is too large");
        line_ += octets.substr(0, taken);
        octets.remove_prefix(taken);
        if (line_ == "\r\n" || line_.ends_with("\r\n\r\n")) {
            if (!parse_head()) return {What::broken};
            state_ = State::content;
            return {What::head};
        }
    }
    return {What::more};
}

bool MultipartReader::parse_head() {
    head_ = PartHead();
    std::string_view lines = line_;
    while (lines != "\r\n") {  // the empty line ends them
        const std::size_t end = lines.find("\r\n");
        if (!parse_line(lines.substr(0, end))) return false;
        lines.remove_prefix(end + 2);
    }
    if (head_.name.empty()) fail("a part without a name");
    return !head_.name.empty();
}

// RFC 7578 §4.8: fields other than these have no meaning.
bool MultipartReader::parse_line(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        fail("a part's head with a line that is not a field");
        return false;
    }
    const std::string_view name = line.substr(0, colon);
    std::string_view value = trim(line.substr(colon + 1));
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
        fail("a part's head with a control octet");
        return false;
    }
    if (equals_ignoring_case(name, "Content-Type")) head_.content_type = value;
    if (!equals_ignoring_case(name, "Content-Disposition")) return true;
    const auto kind = next_element(value, ';');
    if (!kind || !equals_ignoring_case(*kind, "form-data")) {
        fail("a part that is not form-data");
        return false;
    }
    head_.name = parameter(value, "name").value_or("");
    head_.file_name = parameter(value, "filename");
    return true;
}

MultipartReader::Step MultipartReader::fail(std::string_view trouble) {
    state_ = State::broken;
    trouble_ = trouble;
    return {What::broken};
}

}  // namespace portico::http
