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
// octets up to the refused one, so octets that arrive one by one have the same outcome as all at once. This class reads
// what requests and responses have in common: everything but the first line.
class HeadReader {
public:
    enum class Outcome : std::uint8_t { done, incomplete, refused };

    [[nodiscard]] std::size_t octets() const { return at_; }
    [[nodiscard]] const Refusal& refusal() const { return refusal_; }

protected:
    HeadReader(std::string_view text, http::Version& version, const HeadLimits& limits, http::FieldSection& fields)
        : text_(text), limits_(limits), scanner_(text), fields_(fields), version_(version) {}

    [[nodiscard]] http::Version version() const { return version_; }  // once it has been read
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

    // Reads "HTTP/d.d" and the octets after it (RFC 9112 §2.3).
    Outcome read_version(std::string_view after) {
        constexpr std::string_view shape = "HTTP/d.d";
        const std::string_view rest = text_.substr(at_, shape.size() + after.size());
        const bool is_usual = rest.starts_with("HTTP/1.1") && rest.substr(shape.size()) == after;
        for (std::size_t i = 0; i < rest.size() && !is_usual; ++i) {
            const char wanted = i < shape.size() ? shape[i] : after[i - shape.size()];
            const bool fits = wanted == 'd' ? is(digit_octet, rest[i]) : rest[i] == wanted;
            if (!fits) return refuse(Status::bad_request, what_is_wrong_with(rest[i], "version is malformed"));
        }
        if (rest.size() < shape.size() + after.size()) return Outcome::incomplete;
        if (rest[5] != '1') return refuse(Status::http_version_not_supported, "major version is not 1");
        // A minor version that we don't know is treated as the highest that we do: RFC 9110 §2.5.
        version_ = rest[7] == '0' ? http::Version::http_1_0 : http::Version::http_1_1;
        at_ += rest.size();
        return Outcome::done;
    }

    // Reads the field lines, and the empty line that ends the head (RFC 9112 §5).
    Outcome read_fields() {
        Outcome outcome = Outcome::done;
        while (outcome == Outcome::done && !at_end_) outcome = read_field_line();
        return outcome;
    }

    const std::string_view text_;
    const HeadLimits& limits_;
    Scanner scanner_;
    std::size_t at_ = 0;  // everything before it has been read

private:
    Outcome read_field_line() {
        const std::size_t colon = scanner_.next_not_token(at_);
        if (!has(colon)) return Outcome::incomplete;
        if (text_[colon] != ':' || colon == at_) {
            at_end_ = colon == at_ && text_[colon] == '\r';
            return at_end_ ? take_line_end() : refuse_field_name(colon);
        }
        if (fields_.size() >= limits_.field_count_max) {
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
            if (fields_.has(known)) return refuse_repetition(known);
        }
        fields_.add(known, name, text_.substr(begin, end - begin));
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
        if (fields_.size() == 0) {
            return refuse(Status::bad_request, "white space before the first field line");  // §2.2
        }
        return refuse(Status::bad_request, "obsolete line folding");  // §5.2
    }

    http::FieldSection& fields_;
    http::Version& version_;
    bool at_end_ = false;  // the empty line's CR has been seen
    Refusal refusal_{};
};

class RequestReader : public HeadReader {
public:
    RequestReader(std::string_view text, http::Version& version, const HeadLimits& limits, http::Request& request)
        : HeadReader(text, version, limits, request.fields), request_(request) {}

    Outcome read(ReadHead& head) {
        Outcome outcome = pass_over_empty_line();
        if (outcome == Outcome::done) outcome = read_method();
        if (outcome == Outcome::done) outcome = read_target();
        if (outcome == Outcome::done) outcome = read_rest_of_line();
        if (outcome == Outcome::done) outcome = read_fields();
        if (outcome != Outcome::done) return outcome;
        if (const auto result = interpret_fields(version(), request_, head); !result) return refuse(result.error());
        head.octets = octets();
        return Outcome::done;
    }

private:
    Outcome read_method() {
        const std::size_t end = scanner_.next_not_token(at_);
        if (end - at_ > method_octets_max) return refuse(Status::not_implemented, "method is too long");
        if (!has(end)) return Outcome::incomplete;
        // The first octet of a TLS handshake (RFC 8446 §5.1).
        if (end == at_ && text_[end] == '\x16') return refuse(Status::bad_request, "TLS on a port for HTTP");
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
        // The first octet of a TLS handshake (RFC 8446 §5.1).
        if (end == at_ && text_[end] == '\x16') return refuse(Status::bad_request, "TLS on a port for HTTP");
        if (text_[end] != ' ' || end == at_) {
            return refuse(Status::bad_request, what_is_wrong_with(text_[end], "octet that is not allowed in a target"));
        }
        request_.target = text_.substr(at_, end - at_);
        at_ = end + 1;
        return Outcome::done;
    }

    Outcome read_rest_of_line() {
        const Outcome outcome = read_version("\r\n");
        if (outcome != Outcome::done) return outcome;
        if (const auto result = interpret_target(request_); !result) return refuse(result.error());
        return Outcome::done;
    }

    http::Request& request_;
};

// RFC 9112 §4
class ResponseReader : public HeadReader {
public:
    ResponseReader(std::string_view text, http::Version& version, const HeadLimits& limits, http::Response& response)
        : HeadReader(text, version, limits, response.fields), response_(response) {}

    Outcome read(http::Method method, ReadHead& head) {
        Outcome outcome = pass_over_empty_line();
        if (outcome == Outcome::done) outcome = read_version(" ");
        if (outcome == Outcome::done) outcome = read_status();
        if (outcome == Outcome::done) outcome = read_fields();
        if (outcome != Outcome::done) return outcome;
        const auto result = interpret_fields(method, version(), response_, head);
        if (!result) return refuse(result.error());
        head.octets = octets();
        return Outcome::done;
    }

private:
    // Three digits, a space, and a reason phrase that nobody needs; some servers leave out the space with the phrase.
    Outcome read_status() {
        unsigned code = 0;
        for (std::size_t i = 0; i < 3; ++i, ++at_) {
            if (!has(at_)) return Outcome::incomplete;
            if (!is(digit_octet, text_[at_])) return refuse(Status::bad_request, "status is not three digits");
            code = 10 * code + static_cast<unsigned>(text_[at_] - '0');
        }
        if (code < 100) return refuse(Status::bad_request, "status is below 100");
        response_.status = static_cast<Status>(code);
        if (!has(at_)) return Outcome::incomplete;
        if (text_[at_] != ' ' && text_[at_] != '\r') return refuse(Status::bad_request, "status is not three digits");
        at_ = scanner_.next_control(at_);
        if (!has(at_)) return Outcome::incomplete;
        if (text_[at_] != '\r') {
            return refuse(Status::bad_request, what_is_wrong_with(text_[at_], "malformed reason phrase"));
        }
        return take_line_end();
    }

    http::Response& response_;
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

http::Result<std::optional<ReadHead>> read_head(std::string_view received, HeadNotes& notes, const HeadLimits& limits,
                                                http::Request& request) {
    assert(notes.searched <= received.size());
    if (notes.searched != 0 && !may_be_decided(received, notes.searched, limits)) {
        notes.searched = received.size();
        return std::nullopt;
    }
    request.clear();
    ReadHead head;
    RequestReader reader(received.substr(0, limits.head_octets_max), notes.version, limits, request);
    switch (reader.read(head)) {
        case HeadReader::Outcome::done: return head;
        case HeadReader::Outcome::refused: return std::unexpected(reader.refusal());
        case HeadReader::Outcome::incomplete: break;
    }
    if (received.size() >= limits.head_octets_max) return std::unexpected(refuse_too_long(request));
    notes.searched = received.size();
    request.clear();  // its views would be invalid after the octets move
    return std::nullopt;
}

http::Result<std::optional<ReadHead>> read_response_head(std::string_view received, HeadNotes& notes,
                                                         const HeadLimits& limits, http::Method method,
                                                         http::Response& response) {
    assert(notes.searched <= received.size());
    if (notes.searched != 0 && !may_be_decided(received, notes.searched, limits)) {
        notes.searched = received.size();
        return std::nullopt;
    }
    response.clear();
    ReadHead head;
    ResponseReader reader(received.substr(0, limits.head_octets_max), notes.version, limits, response);
    switch (reader.read(method, head)) {
        case HeadReader::Outcome::done: return head;
        case HeadReader::Outcome::refused: return http::refuse(Status::bad_gateway, reader.refusal().reason);
        case HeadReader::Outcome::incomplete: break;
    }
    if (received.size() >= limits.head_octets_max) return http::refuse(Status::bad_gateway, "head is too long");
    notes.searched = received.size();
    response.clear();
    return std::nullopt;
}

}  // namespace portico::h1
