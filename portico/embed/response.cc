// portico/embed/response.cc — see response.h.
#include "portico/embed/response.h"

#include <algorithm>
#include <any>
#include <array>
#include <exception>
#include <typeinfo>
#include <utility>
#include <vector>

#include "portico/embed/pages.h"
#include "portico/embed/tell.h"
#include "portico/http/fields.h"
#include "portico/http/json.h"
#include "portico/io/file_system.h"
#include "portico/link/exchange.h"
#include "portico/route/refusal_page.h"

namespace portico {
namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

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
constexpr std::array of_octets{http::FieldName::content_range, http::FieldName::content_encoding,
                               http::FieldName::accept_ranges, http::FieldName::etag, http::FieldName::last_modified};

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

// The sentence of the exchange's response, which is about to have another one. Empty: it has none of the program's own.
std::string take_detail(link::Exchange& exchange) {
    std::vector<std::any>& attached = exchange.attached();
    const auto found =
        std::ranges::find_if(attached, [](const std::any& one) { return one.type() == typeid(PageDetail); });
    if (found == attached.end()) return {};
    std::string text = std::any_cast<PageDetail&&>(std::move(*found)).text;
    attached.erase(found);
    return text;
}

// Fields that describe an error page, perhaps a compressed one.
constexpr std::array of_page{http::FieldName::content_type, http::FieldName::content_encoding,
                             http::FieldName::content_security_policy};

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
Task<bool> make_content(const http::Producer& producer, ContentWriter& writer, link::Exchange& exchange) {
    http::Response& message = exchange.response();
    std::string& reason = exchange.notes().reason;
    CountingWriter counting(writer, message.content_length);
    std::exception_ptr exception;
    bool whole = false;
    try {
        whole = co_await producer(counting);
    } catch (...) {
        exception = std::current_exception();
    }
    if (exception) {
        tell_of_exception(exchange.core(), "the response's stream", exception);
        exchange.notes().has_failed = true;
        exchange.notes().exception = exception;
        reason = "the stream of the response " + describe_exception(exception);
        whole = false;
    }
    if (counting.is_wrong(whole)) {
        reason = "the stream of the response does not write as many octets as it announced";
        tell_of_error(exchange.core(), reason);
        exchange.notes().has_failed = true;
        whole = false;
    }
    if (whole || counting.has_begun()) co_return whole;
    if (reason.empty()) reason = "the stream of the response failed before its first octet";
    for (const http::FieldName name : content_fields) message.fields.remove(name);
    message.status = Status::internal_server_error;
    message.fields.add(http::FieldName::content_type, plain_text);
    const std::string_view page = route::refusal_text(Status::internal_server_error);
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

Response::Response(Status status, std::string content, std::string_view content_type) {
    message_.status = status;
    set_content(std::move(content));
    set("Content-Type", std::string(content_type));
}
Response::Response(std::string text) {
    set_content(std::move(text));
    set_literal_type(plain_text);
}
Response::Response(std::string_view text) : Response(std::string(text)) {}
Response::Response(const char* text) : Response(std::string(text)) {}
Response::Response(Status status) {
    message_.status = status;
    if (http::code(status) < 400) return;
    page_of_ = status;
    message_.content.push_back(http::Piece::memory(route::refusal_text(status)));
    set_literal_type(plain_text);
}
Response::Response(const Refusal& refusal) : Response(refusal.status) { reason_ = refusal.reason; }

Response Response::of_type(Status status, std::string content, std::string_view content_type) {
    Response response;
    response.message_.status = status;
    response.set_content(std::move(content));
    response.set_literal_type(content_type);
    return response;
}

void Response::set_literal_type(std::string_view content_type) {
    message_.fields.add(http::FieldName::content_type, content_type);
}

Response Response::html(std::string content) { return html(Status::ok, std::move(content)); }

Response Response::html(Status status, std::string content) {
    return of_type(status, std::move(content), "text/html; charset=utf-8");
}

Response Response::json(std::initializer_list<detail::JsonMember> members) { return json(Status::ok, members); }
Response Response::json(Status status, std::initializer_list<detail::JsonMember> members) {
    std::string text = detail::json_buffer();
    detail::JsonMember::append_all(text, members.begin(), members.size());
    return of_type(status, std::move(text), "application/json");
}

Response Response::text(Status status, std::string content) { return of_type(status, std::move(content), plain_text); }

Response Response::error(Status status, std::string detail) {
    Response response = text(status, detail + "\n");
    response.message_.fields.add(http::FieldName::cache_control, "no-store");
    response.message_.fields.add(http::FieldName::x_content_type_options, "nosniff");
    response.message_.is_standard_page = http::code(status) >= 400;
    response.detail_ = std::move(detail);
    return response;
}

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
    http::Piece piece = http::Piece::range(std::move(file), offset, length);
    piece.file_octets = status->size;
    piece.file_modified = status->modified.time_since_epoch().count();
    piece.file_changed = status->changed.time_since_epoch().count();
    piece.file_links = status->links;
    Response response(Status::ok);
    response.message_.content.push_back(std::move(piece));
    response.set("Content-Type", std::move(content_type));
    return response;
}

Response Response::stream(std::string content_type, http::Producer producer, std::optional<std::uint64_t> octets) {
    Response response(Status::ok);
    response.set("Content-Type", std::move(content_type));
    response.message_.producer = std::move(producer);
    response.message_.content_length = octets;
    response.may_throw_ = true;
    return response;
}

void Response::set(std::string_view name, std::string value) {
    message_.fields.remove(name);
    add_line(name, std::move(value));
}

void Response::add(std::string_view name, std::string value) {
    if (is_single(http::recognise(name))) return set(name, std::move(value));
    add_line(name, std::move(value));
}

void Response::add_line(std::string_view name, std::string value) {
    if (!http::is_token(name)) return refuse_to_send("field name '" + std::string(name) + "' is not a token");
    if (!http::is_field_value(value)) {
        return refuse_to_send("field " + std::string(name) + " contains a control character");
    }
    const http::FieldName known = http::recognise(name);
    if (is_reserved(known)) {
        return refuse_to_send("field " + std::string(name) + " can only be set by the connection");
    }
    if (known == http::FieldName::content_type) {  // it is the program's own page
        page_of_.reset();
        message_.is_standard_page = false;
    }
    message_.add_made(name, std::move(value));
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

std::optional<std::string_view> Response::field(std::string_view name) const { return message_.fields.find(name); }

bool Response::lists(std::string_view name, std::string_view element) const {
    return std::ranges::any_of(message_.fields.lines(), [&](const http::FieldLine& line) {
        if (!http::equals_ignoring_case(line.name, name)) return false;
        std::string_view list = line.value;
        while (const auto one = http::next_element(list)) {
            if (http::equals_ignoring_case(*one, element)) return true;
        }
        return false;
    });
}

bool Response::is_in_memory() const {
    const auto& content = message_.content;
    return !message_.producer && !message_.is_negotiated &&
           (content.empty() || (content.size() == 1 && !content.front().file));
}

std::string_view Response::content() const {
    return is_in_memory() && !message_.content.empty() ? message_.content.front().octets : std::string_view();
}

// Those that the program has set stay. The folder's are views of what it has cached, but for Content-Range.
void Response::remove_fields_of_octets() {
    const auto is_the_programs = [this](http::FieldName name) {
        const std::optional<std::string_view> value = message_.fields.find(name);
        return value && name != http::FieldName::content_range &&
               std::ranges::any_of(message_.made, [&](const auto& own) { return own->data() == value->data(); });
    };
    for (const http::FieldName name : of_octets) {
        if (!is_the_programs(name)) message_.fields.remove(name);
    }
}

void Response::set_content(std::string content) {
    const bool was_file =
        std::ranges::any_of(message_.content, [](const http::Piece& piece) { return piece.file != nullptr; });
    if (was_file || message_.is_negotiated) {
        remove_fields_of_octets();
        if (message_.status == Status::partial_content) message_.status = Status::ok;
    }
    message_.producer = nullptr;
    message_.upgrade = {};
    message_.content_length.reset();
    message_.content.clear();
    message_.is_standard_page = false;
    may_throw_ = false;
    page_of_.reset();
    if (!content.empty()) message_.content.push_back(http::Piece::text(std::move(content)));
}

void Response::make_sendable(link::Exchange& exchange) {
    // An answer's status is final (RFC 9110 §15).
    const unsigned code = http::code(message_.status);
    if (code < 200 || code > 599) {
        refuse_to_send("status " + std::to_string(code) + " is not that of a final answer");
    }
    if (trouble_.empty()) return;
    tell_of_error(exchange.core(), "the response's " + trouble_ + "; answered with 500");
    exchange.notes().has_failed = true;
    exchange.notes().exception = nullptr;
    std::string reason = "the response's " + trouble_;
    *this = Response(Status::internal_server_error);
    reason_ = std::move(reason);
}

Response Response::of_message(http::Response message) {
    Response response;
    response.message_ = std::move(message);
    return response;
}

Response Response::take(link::Exchange& exchange) {
    Response response = of_message(std::exchange(exchange.response(), http::Response()));
    response.reason_ = std::exchange(exchange.notes().reason, std::string());
    response.detail_ = take_detail(exchange);
    return response;
}

// The page in the format that the client prefers. Fields that the program has set stay.
void Response::choose_page(const http::Request& request) {
    http::Response page;
    route::write_refusal(message_.status, route::preferred_format(request, route::PageFormat::text), page);
    message_.fields.remove(http::FieldName::content_type);
    for (const http::FieldLine& line : page.fields.lines()) {
        if (!message_.fields.has(line.known)) message_.fields.add(line.known, line.value);
    }
    message_.content = std::move(page.content);
    message_.is_standard_page = true;
}

void Response::move_into(link::Exchange& exchange) && {
    make_sendable(exchange);
    if (page_of_ == message_.status) choose_page(exchange.request());
    if (http::code(message_.status) == 205) set_content({});  // RFC 9110 §15.3.6
    http::Response& response = exchange.response();
    exchange.notes().reason = std::move(reason_);
    if (message_.is_standard_page && !detail_.empty()) exchange.attached().emplace_back(PageDetail{std::move(detail_)});
    response = std::move(message_);
    if (!may_throw_) return;
    response.producer = [producer = std::move(response.producer), &exchange](ContentWriter& writer) {
        return make_content(producer, writer, exchange);
    };
}

void Response::replace_page(link::Exchange& exchange) && {
    const Response page = take(exchange);
    // Before any is added: a field of the page may have several lines.
    std::vector<const http::FieldLine*> kept;
    for (const http::FieldLine& line : page.message_.fields.lines()) {
        const bool is_of_content = std::ranges::find(of_page, line.known) != of_page.end();
        if (!is_of_content && !message_.fields.find(line.name)) kept.push_back(&line);
    }
    for (const http::FieldLine* const line : kept) message_.add_made(line->name, std::string(line->value));
    if (reason_.empty()) reason_ = page.reason_;
    std::move(*this).move_into(exchange);
}

}  // namespace portico
