// portico/wire/h1/read_head.cc — see read_head.h.
#include "portico/wire/h1/read_head.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "portico/wire/h1/interpret.h"
#include "portico/wire/h1/octets.h"
#include "portico/wire/h1/scan.h"

namespace portico::h1 {
namespace {

using http::FieldName;
using http::Refusal;
using http::Status;

// Far longer than any method we know: RFC 9112 §3.
constexpr std::size_t method_octets_max = 64;

// Why an octet can't be part of a head, for the log.
std::string_view what_is_wrong_with(char stop, std::string_view otherwise) {
    if (stop == '\n') return "LF without CR";
    if (stop == '\r') return "CR without LF, or a line that ends too early";
    if (is(control_octet, stop)) return "control octet";
    return otherwise;
}

// One attempt to read a head from `text`, front to back, that looks at each octet once. A refusal depends only on the
// octets up to the refused one, so octets that arrive one by one have the same outcome as all at once.
class HeadReader {
public:
    enum class Outcome : std::uint8_t { done, incomplete, refused };

    HeadReader(std::string_view text, const HeadLimits& limits, http::Request& request)
        : text_(text), limits_(limits), request_(request), scanner_(text) {}

    Outcome read() {
        Outcome outcome = pass_over_empty_line();
        if (outcome == Outcome::done) outcome = read_method();
        if (outcome == Outcome::done) outcome = read_target();
        if (outcome == Outcome::done) outcome = read_version();
        while (outcome == Outcome::done && !at_end_) outcome = read_field_line();
        if (outcome != Outcome::done) return outcome;
        if (const auto result = interpret_fields(request_); !result) return refuse(result.error());
        return Outcome::done;
    }

    [[nodiscard]] std::size_t octets() const { return at_; }
    [[nodiscard]] const Refusal& refusal() const { return refusal_; }

private:
    [[nodiscard]] bool has(std::size_t position) const { return position < text_.size(); }

    Outcome refuse(const Refusal& refusal) {
        refusal_ = refusal;
        return Outcome::refused;
    }
    Outcome refuse(Status status, std::string_view reason) { return refuse(Refusal{status, reason}); }

    // There is a CR at at_: reads it and the LF after it.
    Outcome take_line_end() {
        if (!has(at_ + 1)) return Outcome::incomplete;
        if (text_[at_ + 1] != '\n') return refuse(Status::bad_request, "CR without LF");
        at_ += 2;
        return Outcome::done;
    }

    // RFC 9112 §2.2
    Outcome pass_over_empty_line() {
        if (!has(0) || text_[0] != '\r') return Outcome::done;
        return take_line_end();
    }

    Outcome read_method() {
        const std::size_t end = scanner_.next_not_token(at_);
        if (end - at_ > method_octets_max) return refuse(Status::not_implemented, "method is too long");
        if (!has(end)) return Outcome::incomplete;
        if (text_[end] != ' ' || end == at_) {
            return refuse(Status::bad_request, what_is_wrong_with(text_[end], "method is not a token"));
        }
        request_.method_token = text_.substr(at_, end - at_);
        request_.method = http::recognise_method(request_.method_token);
        at_ = end + 1;
        return Outcome::done;
    }

    Outcome read_target() {
        std::size_t end = scanner_.next_not_path(at_);
        bool in_query = false;
        while (has(end) && (text_[end] == '?' || (in_query && is(query_octet, text_[end])))) {
            in_query = true;
            end = scanner_.next_not_path(end + 1);
        }
        if (end - at_ > limits_.target_octets_max) return refuse(Status::uri_too_long, "target is too long");
        if (!has(end)) return Outcome::incomplete;
        if (text_[end] != ' ' || end == at_) {
            return refuse(Status::bad_request, what_is_wrong_with(text_[end], "octet that is not allowed in a target"));
        }
        request_.target = text_.substr(at_, end - at_);
        at_ = end + 1;
        return Outcome::done;
    }

    // RFC 9112 §2.3, and the end of the request line.
    Outcome read_version() {
        constexpr std::string_view shape = "HTTP/d.d\r\n";
        const std::string_view rest = text_.substr(at_, shape.size());
        if (rest != "HTTP/1.1\r\n" && rest != "HTTP/1.0\r\n") {
            for (std::size_t i = 0; i < rest.size(); ++i) {
                const bool fits = shape[i] == 'd' ? is(digit_octet, rest[i]) : rest[i] == shape[i];
                if (!fits) return refuse(Status::bad_request, what_is_wrong_with(rest[i], "version is malformed"));
            }
            if (rest.size() < shape.size()) return Outcome::incomplete;
            if (rest[5] != '1') return refuse(Status::http_version_not_supported, "major version is not 1");
        }
        // A minor version that we don't know is treated as the highest that we do: RFC 9110 §2.5.
        request_.version = rest[7] == '0' ? http::Version::http_1_0 : http::Version::http_1_1;
        at_ += shape.size();
        if (const auto result = interpret_target(request_); !result) return refuse(result.error());
        return Outcome::done;
    }

    // Reads one field line, or the empty line that ends the head (RFC 9112 §5).
    Outcome read_field_line() {
        const std::size_t colon = scanner_.next_not_token(at_);
        if (!has(colon)) return Outcome::incomplete;
        if (text_[colon] != ':' || colon == at_) {
            at_end_ = colon == at_ && text_[colon] == '\r';
            return at_end_ ? take_line_end() : refuse_field_name(colon);
        }
        if (request_.fields.size() >= limits_.field_count_max) {
            return refuse(Status::request_header_fields_too_large, "too many field lines");
        }
        std::size_t begin = colon + 1;
        while (has(begin) && is_white(text_[begin])) ++begin;
        std::size_t end = scanner_.next_control(begin);
        if (!has(end)) return Outcome::incomplete;
        if (text_[end] != '\r') {
            return refuse(Status::bad_request, what_is_wrong_with(text_[end], "malformed field value"));
        }
        const std::string_view name = text_.substr(at_, colon - at_);
        at_ = end;
        while (end > begin && is_white(text_[end - 1])) --end;
        const FieldName known = http::recognise(name);
        const Outcome line_end = take_line_end();
        if (line_end != Outcome::done) return line_end;
        if (known == FieldName::host || known == FieldName::content_length) {
            if (request_.fields.has(known)) return refuse_repetition(known);
        }
        request_.fields.add(known, name, text_.substr(begin, end - begin));
        return Outcome::done;
    }

    // RFC 9112 §3.2 for Host. For Content-Length, §6.3 would allow us to take two equal ones for one.
    Outcome refuse_repetition(FieldName known) {
        return refuse(Status::bad_request,
                      known == FieldName::host ? "Host is repeated" : "Content-Length is repeated");
    }

    Outcome refuse_field_name(std::size_t stop) {
        const char octet = text_[stop];
        if (!is_white(octet)) {
            return refuse(Status::bad_request, what_is_wrong_with(octet, "field name is not a token"));
        }
        if (stop > at_) return refuse(Status::bad_request, "white space in or after a field name");  // §5.1
        if (request_.fields.size() == 0) {
            return refuse(Status::bad_request, "white space before the first field line");  // §2.2
        }
        return refuse(Status::bad_request, "obsolete line folding");  // §5.2
    }

    const std::string_view text_;
    const HeadLimits& limits_;
    http::Request& request_;
    Scanner scanner_;
    std::size_t at_ = 0;   // everything before it has been read
    bool at_end_ = false;  // the empty line's CR has been seen
    Refusal refusal_{};
};

// Whether reading from the start again may give a result, now that more octets follow the first `searched`, which gave
// none. A wrong yes does no harm, so it also returns true each time the head has doubled, in order to refuse hopeless
// heads early. It never returns false for a head that is complete or over a limit.
bool may_be_decided(std::string_view received, std::size_t searched, const HeadLimits& limits) {
    const std::size_t size = received.size();
    if (size >= limits.head_octets_max || std::bit_width(size) != std::bit_width(searched)) return true;
    const std::size_t start = received.starts_with("\r\n") ? 2 : 0;
    const std::size_t space = received.substr(0, start + method_octets_max + 1).find(' ');
    const std::size_t longest = space == std::string_view::npos ? start + method_octets_max  // so far it is all method
                                                                : space + 1 + limits.target_octets_max;
    if (searched <= longest && size > longest) return true;
    const std::size_t from = std::max(searched - 1, start);  // the last octet may have been a CR
    Scanner scanner(received.substr(from));
    for (std::size_t at = from; (at = from + scanner.next_control(at - from)) < size; ++at) {
        if (received[at] == '\r' && (at + 1 == size || received[at + 1] == '\n')) continue;
        const bool line_end = received[at] == '\n' && at > 0 && received[at - 1] == '\r';
        const bool empty_line = line_end && at > 1 && received[at - 2] == '\n';
        if (!line_end || empty_line || received.find('\n', start) == at) return true;
    }
    return false;
}

Refusal refuse_too_long(const http::Request& request) {
    if (request.target.empty()) return Refusal{Status::uri_too_long, "request line is longer than a head may be"};
    return Refusal{Status::request_header_fields_too_large, "head is too long"};
}

}  // namespace

http::Result<std::optional<std::size_t>> read_head(std::string_view received, std::size_t& searched,
                                                   const HeadLimits& limits, http::Request& request) {
    assert(searched <= received.size());
    if (searched != 0 && !may_be_decided(received, searched, limits)) {
        searched = received.size();
        return std::nullopt;
    }
    request.clear();
    HeadReader reader(received.substr(0, limits.head_octets_max), limits, request);
    switch (reader.read()) {
        case HeadReader::Outcome::done: return reader.octets();
        case HeadReader::Outcome::refused: return std::unexpected(reader.refusal());
        case HeadReader::Outcome::incomplete: break;
    }
    if (received.size() >= limits.head_octets_max) return std::unexpected(refuse_too_long(request));
    searched = received.size();
    request.clear();  // its views would be invalid after the octets move
    return std::nullopt;
}

}  // namespace portico::h1
