// portico/embed/response.h — the response that a handler returns.
//
// Room embed: the interface of the library: a server inside a program.
// May use:   base, http, wire, io, tls, link, route, handler, acme, services, server.
// May not:   include another library's header in its own headers.
// Threads:   values; each is used by one core at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/base/fd.h"
#include "portico/base/task.h"
#include "portico/embed/json_text.h"
#include "portico/http/message.h"
#include "portico/http/status.h"

namespace portico::link {
class Exchange;
}

namespace portico {

using http::ContentWriter;
using http::Refusal;
using http::Status;

// A cookie to be set (RFC 6265 §4.1).
class Cookie {
public:
    // Name and value are sent as given; see text() for what they may contain.
    Cookie(std::string name, std::string value) : name_(std::move(name)), value_(std::move(value)) {}

    // These functions return the cookie, so that calls can be chained. Without max_age() the cookie ends with the
    // browser's session.
    Cookie& max_age(std::chrono::seconds time);
    Cookie& path(std::string path);    // default: "/"
    Cookie& domain(std::string host);  // this host and its subdomains; default: only the host that answers
    Cookie& allow_scripts();           // without HttpOnly: scripts of the page may read it
    Cookie& allow_plain_http();        // without Secure: it is also sent over HTTP without TLS
    Cookie& allow_other_sites();       // SameSite=None instead of Lax

    [[nodiscard]] const std::string& name() const { return name_; }  // as given

    // The value of Set-Cookie. Nothing if name, value, path or domain contain characters that a cookie can't have
    // (RFC 6265 §4.1.1).
    [[nodiscard]] std::optional<std::string> text() const;

private:
    std::string name_;
    std::string value_;
    std::string path_ = "/";
    std::string domain_;
    std::optional<std::chrono::seconds> max_age_;
    bool http_only_ = true;
    bool secure_ = true;
    bool same_site_ = true;
};

// A status, fields and content. A response made from a text has the status 200 and text/plain; charset=utf-8.
//
// Content-Length, Date, Connection and Transfer-Encoding are set by the connection; a handler can't set them.
class Response {
public:
    // 200 with this text, as text/plain; charset=utf-8.
    Response(std::string text);       // NOLINT(google-explicit-constructor): a handler returns its text
    Response(std::string_view text);  // NOLINT(google-explicit-constructor)
    Response(const char* text);       // NOLINT(google-explicit-constructor)
    // For 4xx and 5xx with an error page: content() is its text, and the client gets HTML or JSON if it prefers these.
    // For 2xx and 3xx without content.
    Response(Status status);  // NOLINT(google-explicit-constructor)
    // The same for the refusal's status. Its reason goes to the access log, not to the client.
    Response(const Refusal& refusal);  // NOLINT(google-explicit-constructor)
    // `content_type`: the value of Content-Type, such as "image/png".
    Response(Status status, std::string content, std::string_view content_type);

    // With text/html or text/plain, and charset=utf-8. Without a status: 200; for text, return the text itself.
    [[nodiscard]] static Response html(std::string content);
    [[nodiscard]] static Response html(Status status, std::string content);
    [[nodiscard]] static Response text(Status status, std::string content);
    // An error, 4xx or 5xx, that says this sentence to the client's user: as text/plain, unless on_refusal() answers in
    // another format. It gets the sentence as Refused::detail().
    [[nodiscard]] static Response error(Status status, std::string detail);
    // With application/json: an object with these members, in this order, written at once:
    //   Response::json({{"id", id}, {"author", {{"name", name}}}})
    // A value is text, a number, a bool, further members in braces, or what nlohmann's library turns into JSON (then
    // include portico/json.h). The names must differ. Without a status: 200.
    [[nodiscard]] static Response json(std::initializer_list<detail::JsonMember> members);
    [[nodiscard]] static Response json(Status status, std::initializer_list<detail::JsonMember> members);
    // The same for a Json, or for anything that nlohmann's library turns into one. Include portico/json.h.
    template <class Value>
    [[nodiscard]] static Response json(Status status, const Value& value);
    // Redirects to `location`, which is sent as given: escape it (see Url). `status`: 301, 302, 303, 307 or 308.
    [[nodiscard]] static Response redirect(std::string location, Status status = Status::found);
    // A part of an open file: `length` octets from `offset`. The kernel sends it. If the file is modified in the
    // meantime, the connection breaks, so that the client does not take a mixture for the file. 500 if the file does
    // not have this part. For whole files with ranges and validators see Router::folder().
    [[nodiscard]] static Response file(std::shared_ptr<const Fd> file, std::uint64_t offset, std::uint64_t length,
                                       std::string content_type);
    // Content that `producer` generates while it is sent. `octets`: how many it will write, if that is known; the
    // client is told. If `producer` throws, returns false or writes another number of octets, the connection is
    // aborted; if nothing has been sent yet, the answer is 500.
    [[nodiscard]] static Response stream(std::string content_type, http::Producer producer,
                                         std::optional<std::uint64_t> octets = std::nullopt);

    [[nodiscard]] Status status() const { return message_.status; }  // of the final answer
    void set_status(Status status) { message_.status = status; }     // fields and content stay
    // Replaces all values of the field. If the name is not a token, the value contains a control character, or handlers
    // may not set this field, the response becomes 500 and standard error gives the reason: an attacker could use such
    // a bug.
    void set(std::string_view name, std::string value);
    // Like set(), but adds another line of the field. Content-Type, ETag, Last-Modified, Content-Range and Location
    // have one line only: they are replaced.
    void add(std::string_view name, std::string value);
    // Adds Set-Cookie. The response becomes 500 if the cookie can't be sent (Cookie::text()).
    void set_cookie(const Cookie& cookie);
    // The value of the first line of the field.
    [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
    // Whether the field, read as a list over all of its lines, has this element (case-insensitive): "Cache-Control",
    // "no-transform".
    [[nodiscard]] bool lists(std::string_view name, std::string_view element) const;
    // The content, if it is in memory; empty for streams and files. The view ends with set_content().
    [[nodiscard]] std::string_view content() const;
    // Replaces the content, even if it is a stream or a file. The fields stay, except a folder's that describe the
    // octets of its file: Content-Range, Content-Encoding, Accept-Ranges, ETag and Last-Modified; and 206 becomes 200.
    void set_content(std::string content);
    // Whether content() is all of the content.
    [[nodiscard]] bool is_in_memory() const;

    // The reason why the request was not served as asked. It goes to the access log; the client does not see it.
    void set_reason(std::string reason) { reason_ = std::move(reason); }
    [[nodiscard]] const std::string& reason() const { return reason_; }  // empty: there is none

    // Marks a stream that goes on until its client leaves, such as events. A server that stops aborts such streams at
    // once; it waits for other streams to end.
    void set_endless() { message_.is_endless = true; }

    // --- for the server
    // Takes the response that has been filled; the exchange's is then clear.
    [[nodiscard]] static Response take(link::Exchange& exchange);
    // An answer that a folder of files has made.
    [[nodiscard]] static Response of_message(http::Response message);
    // Becomes the exchange's response. If it can't be sent because of a field or its status, reports the reason to the
    // operator and becomes 500. So middleware, which sees it afterwards, adds to what will be sent.
    void move_into(link::Exchange& exchange) &&;
    // The same instead of the error page that the exchange has, whose fields stay, but for those that describe the
    // page's content and those that the response has too.
    void replace_page(link::Exchange& exchange) &&;

private:
    Response() = default;
    // `content_type` is a literal.
    static Response of_type(Status status, std::string content, std::string_view content_type);
    void set_literal_type(std::string_view content_type);
    void add_line(std::string_view name, std::string value);
    void refuse_to_send(std::string trouble);
    void make_sendable(link::Exchange& exchange);
    void choose_page(const http::Request& request);
    void remove_fields_of_octets();

    http::Response message_;
    std::optional<Status> page_of_;  // the content is this status's error page; the request decides its format
    bool may_throw_ = false;         // the content's producer is the program's
    std::string trouble_;            // why it can't be sent; empty if it can
    std::string reason_;
    std::string detail_;  // what error() was given, as long as the content is its page
};

template <class Value>
Response Response::json(Status status, const Value& value) {
    constexpr bool is_known = requires { detail::JsonText<Value>::of(value); };
    static_assert(is_known, "Response::json() needs #include <portico/json.h>");
    if constexpr (is_known) {
        return of_type(status, detail::JsonText<Value>::of(value), "application/json");
    } else {
        return {status};
    }
}

}  // namespace portico
