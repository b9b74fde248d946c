// portico/embed/response.cc — see response.h.
#include "portico/embed/response.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <exception>
#include <iterator>

#include "portico/embed/tell.h"
#include "portico/http/fields.h"
#include "portico/io/file_system.h"

namespace portico {
namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

std::string page_of(Status status) {
    if (http::code(status) < 400) return {};
    return std::to_string(http::code(status)) + " " + std::string(http::reason_phrase(status)) + "\n";
}

// Fields that the connection writes itself.
bool is_reserved(http::FieldName name) {
    constexpr std::array reserved{http::FieldName::content_length, http::FieldName::transfer_encoding,
                                  http::FieldName::connection,     http::FieldName::date,
                                  http::FieldName::keep_alive,     http::FieldName::upgrade,
                                  http::FieldName::trailer};
    return std::ranges::find(reserved, name) != reserved.end();
}

// Fields that are not lists, and therefore have one line (RFC 9110 §5.3).
bool is_single(http::FieldName name) {
    constexpr std::array single{http::FieldName::content_type, http::FieldName::etag, http::FieldName::last_modified,
                                http::FieldName::content_range, http::FieldName::location};
    return std::ranges::find(single, name) != single.end();
}

// Fields that describe the octets of a file, and are not true of other content.
bool is_of_octets(http::FieldName name) {
    constexpr std::array of_octets{http::FieldName::content_range, http::FieldName::content_encoding,
                                   http::FieldName::accept_ranges, http::FieldName::etag,
                                   http::FieldName::last_modified};
    return std::ranges::find(of_octets, name) != of_octets.end();
}

// Removes all lines with this name, whether FieldName knows the name or not.
void remove_field(http::FieldSection& fields, std::string_view name) {
    if (!fields.find(name)) return;
    const std::vector<http::FieldLine> lines = fields.lines();
    fields.clear();
    for (const http::FieldLine& line : lines) {
        if (!http::equals_ignoring_case(line.name, name)) fields.add(line.known, line.name, line.value);
    }
}

// RFC 6265 §4.1.1: cookie-octet.
bool is_cookie_value(std::string_view value) {
    return std::ranges::all_of(value, [](char octet) {
        return octet > 0x20 && octet < 0x7f && std::string_view("\",;\\").find(octet) == std::string_view::npos;
    });
}

bool is_cookie_attribute(std::string_view value) {
    return std::ranges::all_of(value, [](char octet) { return octet >= 0x20 && octet < 0x7f && octet != ';'; });
}

// Fields that describe content which will not be sent.
constexpr std::array content_fields{
    http::FieldName::accept_ranges,    http::FieldName::cache_control,    http::FieldName::content_disposition,
    http::FieldName::content_encoding, http::FieldName::content_language, http::FieldName::content_location,
    http::FieldName::content_range,    http::FieldName::content_type,     http::FieldName::etag,
    http::FieldName::expires,          http::FieldName::last_modified};

// Counts what is sent: the head is sent with the first octets. Sends no more than was announced.
class CountingWriter final : public ContentWriter {
public:
    CountingWriter(ContentWriter& to, std::optional<std::uint64_t> announced) : to_(&to), announced_(announced) {}
    Task<bool> write(std::string_view octets) override {
        exceeds_ = exceeds_ || (announced_ && octets.size() > *announced_ - octets_);
        if (exceeds_) return refuse();
        octets_ += octets.size();
        return to_->write(octets);
    }
    [[nodiscard]] bool has_begun() const { return octets_ > 0; }
    // Whether the content is not what was announced; `whole`: the producer has written everything.
    [[nodiscard]] bool is_wrong(bool whole) const {
        return exceeds_ || (whole && announced_ && octets_ != *announced_);
    }

private:
    static Task<bool> refuse() { co_return false; }

    ContentWriter* to_;
    std::optional<std::uint64_t> announced_;
    std::uint64_t octets_ = 0;
    bool exceeds_ = false;
};

// Runs the producer. If it fails, its content is aborted; if nothing has been sent yet, the answer becomes 500.
Task<bool> make_content(const http::Producer& producer, ContentWriter& writer, http::Response& message,
                        std::string& reason) {
    CountingWriter counting(writer, message.content_length);
    std::exception_ptr exception;
    bool whole = false;
    try {
        whole = co_await producer(counting);
    } catch (...) {
        exception = std::current_exception();
    }
    if (exception) {
        tell_of_exception("the response's stream", exception);
        reason = "the stream of the response " + describe_exception(exception);
        whole = false;
    }
    if (counting.is_wrong(whole)) {
        reason = "the stream of the response does not write as many octets as it announced";
        tell_of_error(reason);
        whole = false;
    }
    if (whole || counting.has_begun()) co_return whole;
    if (reason.empty()) reason = "the stream of the response failed before its first octet";
    for (const http::FieldName name : content_fields) message.fields.remove(name);
    message.status = Status::internal_server_error;
    message.fields.add(http::FieldName::content_type, plain_text);
    static const std::string page = page_of(Status::internal_server_error);
    message.content_length = page.size();
    const bool written = co_await writer.write(page);
    co_return written;
}

}  // namespace

Cookie& Cookie::max_age(std::chrono::seconds time) {
    max_age_ = time;
    return *this;
}
Cookie& Cookie::path(std::string path) {
    path_ = std::move(path);
    return *this;
}
Cookie& Cookie::domain(std::string host) {
    domain_ = std::move(host);
    return *this;
}
Cookie& Cookie::allow_scripts() {
    http_only_ = false;
    return *this;
}
Cookie& Cookie::allow_plain_http() {
    secure_ = false;
    return *this;
}
Cookie& Cookie::allow_other_sites() {
    same_site_ = false;
    return *this;
}

std::optional<std::string> Cookie::text() const {
    const bool is_valid =
        http::is_token(name_) && is_cookie_value(value_) && is_cookie_attribute(path_) && is_cookie_attribute(domain_);
    if (!is_valid) return std::nullopt;
    std::string text = name_ + "=" + value_ + "; Path=" + path_;
    if (!domain_.empty()) text += "; Domain=" + domain_;
    if (max_age_) text += "; Max-Age=" + std::to_string(max_age_->count());
    if (http_only_) text += "; HttpOnly";
    if (secure_) text += "; Secure";
    text += same_site_ ? "; SameSite=Lax" : "; SameSite=None";
    return text;
}

Response::Response(Status status, std::string content, std::string_view content_type)
    : status_(status), content_(std::move(content)) {
    set("Content-Type", std::string(content_type));
}
Response::Response(std::string text) : Response(Status::ok, std::move(text), plain_text) {}
Response::Response(std::string_view text) : Response(std::string(text)) {}
Response::Response(const char* text) : Response(std::string(text)) {}
Response::Response(Status status) : status_(status), content_(page_of(status)) {
    if (!content_.empty()) set("Content-Type", std::string(plain_text));
}
Response::Response(const Refusal& refusal) : Response(refusal.status) { reason_ = refusal.reason; }

Response Response::html(std::string content) { return {Status::ok, std::move(content), "text/html; charset=utf-8"}; }

Response Response::redirect(std::string location, Status status) {
    Response response(status);
    response.set("Location", std::move(location));
    return response;
}

Response Response::file(std::shared_ptr<const Fd> file, std::uint64_t offset, std::uint64_t length,
                        std::string content_type) {
    const io::Result<io::FileStatus> status = io::real_file_system().status(*file);
    if (!status || offset > status->size || length > status->size - offset) {
        return Response(Status::internal_server_error);
    }
    auto message = std::make_unique<http::Response>();
    http::Piece piece = http::Piece::range(std::move(file), offset, length);
    piece.file_octets = status->size;
    piece.file_modified = status->modified.time_since_epoch().count();
    piece.file_changed = status->changed.time_since_epoch().count();
    piece.file_links = status->links;
    message->content.push_back(std::move(piece));
    Response response = of_message(std::move(message));
    response.set("Content-Type", std::move(content_type));
    return response;
}

Response Response::stream(std::string content_type, http::Producer producer, std::optional<std::uint64_t> octets) {
    Response response(Status::ok);
    response.set("Content-Type", std::move(content_type));
    response.producer_ = std::move(producer);
    response.stream_octets_ = octets;
    return response;
}

Response Response::of_message(std::unique_ptr<http::Response> message) {
    Response response(message->status);
    response.content_.clear();
    response.fields_.clear();
    response.message_ = std::move(message);
    return response;
}

void Response::set(std::string_view name, std::string value) {
    std::erase_if(fields_, [name](const auto& line) { return http::equals_ignoring_case(line.first, name); });
    if (message_ != nullptr) remove_field(message_->fields, name);
    add_line(name, std::move(value));
}

void Response::add(std::string_view name, std::string value) {
    if (is_single(http::recognise(name))) return set(name, std::move(value));
    add_line(name, std::move(value));
}

void Response::add_line(std::string_view name, std::string value) {
    std::string its_name(name);
    if (!http::is_token(name)) return refuse_to_send("field name '" + its_name + "' is not a token");
    if (!http::is_field_value(value)) return refuse_to_send("field " + its_name + " contains a control character");
    if (is_reserved(http::recognise(name)))
        return refuse_to_send("field " + its_name + " can only be set by the connection");
    fields_.emplace_back(std::move(its_name), std::move(value));
}

// Only the first trouble is reported.
void Response::refuse_to_send(std::string trouble) {
    if (trouble_.empty()) trouble_ = std::move(trouble);
}

void Response::set_cookie(const Cookie& cookie) {
    std::optional<std::string> text = cookie.text();
    if (text) return add("Set-Cookie", *std::move(text));
    refuse_to_send("cookie " + cookie.name() + " contains a character that cookies can't have");
}

std::optional<std::string_view> Response::field(std::string_view name) const {
    for (const auto& [known, value] : fields_) {
        if (http::equals_ignoring_case(known, name)) return value;
    }
    return message_ == nullptr ? std::nullopt : message_->fields.find(name);
}

bool Response::lists(std::string_view name, std::string_view element) const {
    const auto holds = [&](std::string_view known, std::string_view list) {
        if (!http::equals_ignoring_case(known, name)) return false;
        while (const auto one = http::next_element(list)) {
            if (http::equals_ignoring_case(*one, element)) return true;
        }
        return false;
    };
    if (std::ranges::any_of(fields_, [&](const auto& line) { return holds(line.first, line.second); })) return true;
    return message_ != nullptr && std::ranges::any_of(message_->fields.lines(), [&](const http::FieldLine& line) {
               return holds(line.name, line.value);
           });
}

void Response::set_content(std::string content) {
    content_ = std::move(content);
    producer_ = nullptr;
    if (message_ == nullptr) return;
    const std::unique_ptr<http::Response> before = std::move(message_);
    std::vector<std::pair<std::string, std::string>> kept;
    for (const http::FieldLine& line : before->fields.lines()) {
        if (!is_of_octets(line.known)) kept.emplace_back(std::string(line.name), std::string(line.value));
    }
    fields_.insert(fields_.begin(), std::move_iterator(kept.begin()), std::move_iterator(kept.end()));
    if (status_ == Status::partial_content) status_ = Status::ok;
}

void Response::make_sendable() {
    // An answer's status is final (RFC 9110 §15).
    const bool is_final = http::code(status_) >= 200 && http::code(status_) <= 599;
    if (!is_final) refuse_to_send("status " + std::to_string(http::code(status_)) + " is not that of a final answer");
    if (trouble_.empty()) return;
    tell_of_error("the response's " + trouble_ + "; answered with 500");
    std::string reason = "the response's " + trouble_;
    *this = Response(Status::internal_server_error);
    reason_ = std::move(reason);
}

void Response::move_into(http::Response& message, std::string& reason) && {
    make_sendable();
    reason = std::move(reason_);
    if (http::code(status_) == 205) set_content({});  // RFC 9110 §15.3.6
    if (message_ != nullptr) {
        message = std::move(*message_);
        message_ = nullptr;
    }
    message.status = status_;
    // One owner keeps everything that the message points into.
    const auto owned = std::make_shared<Response>(std::move(*this));
    for (const auto& [name, value] : owned->fields_) message.fields.add(std::string_view(name), value);
    if (owned->producer_) {
        message.producer = [producer = std::move(owned->producer_), &message, &reason](ContentWriter& writer) {
            return make_content(producer, writer, message, reason);
        };
        message.is_endless = owned->is_endless_;
        message.content_length = owned->stream_octets_;
    } else if (!owned->content_.empty()) {
        message.content.push_back(http::Piece::memory(owned->content_, owned));
    }
    // The answer of a folder already has an owner: keep both.
    message.owner = message.owner == nullptr
                        ? std::shared_ptr<const void>(owned)
                        : std::make_shared<const std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(
                              std::move(message.owner), owned);
}

}  // namespace portico
