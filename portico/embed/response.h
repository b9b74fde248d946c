// portico/embed/response.h — what a handler answers.
//
// Room embed: the library's face: a server inside a program, in its words.
// May use:   base, http, io, link, site, services, server.
// May not:   include a library's header in a header of its own.
// Threads:   values; one core's at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/fd.h"
#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/http/status.h"

namespace portico {

using http::ContentWriter;
using http::Refusal;
using http::Status;

// A cookie to be set (RFC 6265 §4.1).
class Cookie {
public:
    // Octets as they will be sent; see text() for which are possible.
    Cookie(std::string name, std::string value) : name_(std::move(name)), value_(std::move(value)) {}

    // Each returns the cookie, so that they can be chained. Without max_age() it goes with the browser's session.
    Cookie& max_age(std::chrono::seconds time);
    Cookie& path(std::string path);    // "/" where nothing is said
    Cookie& domain(std::string host);  // and its subdomains; this host alone where nothing is said
    Cookie& allow_scripts();           // HttpOnly is left out: scripts of the page may read it
    Cookie& allow_plain_http();        // Secure is left out: it is sent over HTTP without TLS too
    Cookie& allow_other_sites();       // SameSite=None in the place of Lax

    [[nodiscard]] const std::string& name() const { return name_; }  // as it was given

    // As Set-Cookie has it. Nothing where name or value hold what a cookie can't (RFC 6265 §4.1.1).
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

// A status, fields and content. Made from a text it is 200 with text/plain; charset=utf-8.
//
// Content-Length, Date, Connection and Transfer-Encoding are the connection's affair and can't be set.
class Response {
public:
    // 200 with this text, as text/plain; charset=utf-8.
    Response(std::string text);       // NOLINT(google-explicit-constructor): a handler returns its text
    Response(std::string_view text);  // NOLINT(google-explicit-constructor)
    Response(const char* text);       // NOLINT(google-explicit-constructor)
    // The page that goes with it, "404 Not Found"; nothing with it for 2xx and 3xx.
    Response(Status status);  // NOLINT(google-explicit-constructor)
    // The same for the refusal's status. Its reason goes to the access log, not to the client.
    Response(const Refusal& refusal);  // NOLINT(google-explicit-constructor)
    // `content_type`: as in Content-Type, "image/png".
    Response(Status status, std::string content, std::string_view content_type);

    [[nodiscard]] static Response html(std::string content);  // 200 with text/html; charset=utf-8
    // To `location`, which is sent as it is: escape it (see Url). `status` is one of 301, 302, 303, 307 and 308.
    [[nodiscard]] static Response redirect(std::string location, Status status = Status::found);
    // A stretch of an open file: `length` octets from `offset`, which it has. It is sent by the kernel; a file that is
    // written to meanwhile breaks the connection, and is never sent as a mixture. 500 where the stretch is not there.
    // For whole files with ranges and validators see Router::folder().
    [[nodiscard]] static Response file(std::shared_ptr<const Fd> file, std::uint64_t offset, std::uint64_t length,
                                       std::string content_type);
    // Content that is made while it is sent: chunked, or to the connection's end for HTTP/1.0.
    [[nodiscard]] static Response stream(std::string content_type, http::Producer producer);

    [[nodiscard]] Status status() const { return status_; }  // of the final response
    void set_status(Status status) { status_ = status; }     // fields and content stay
    // Replaces what the field had, a file's answer's too. A name that is no token, a value with a control octet,
    // or a field that is not the handler's to set is a bug that an attacker could use: the answer becomes 500, and
    // standard error is told why.
    void set(std::string_view name, std::string value);
    // Adds another line of the field; else like set(). Of Content-Type, ETag, Last-Modified, Content-Range and Location
    // there is one line: these are replaced.
    void add(std::string_view name, std::string value);
    // Adds a Set-Cookie; 500 where the cookie can't be sent (Cookie::text()).
    void set_cookie(const Cookie& cookie);
    // The first line's value.
    [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
    // Whether the field is a list, of one line or several, with this element (case-insensitive): "Cache-Control",
    // "no-transform".
    [[nodiscard]] bool lists(std::string_view name, std::string_view element) const;
    // Content in memory: empty for a stream and for a file.
    [[nodiscard]] const std::string& content() const { return content_; }
    // In the place of what there was, a stream or a file too; the fields stay. What a file's answer says of the file's
    // octets goes with them: Content-Range, Content-Encoding, Accept-Ranges, ETag and Last-Modified, and 206 becomes
    // 200.
    void set_content(std::string content);
    // Whether content() is all of it.
    [[nodiscard]] bool is_in_memory() const { return !producer_ && message_ == nullptr; }

    // Why the request was not served as asked: for the access log; the client does not see it.
    void set_reason(std::string reason) { reason_ = std::move(reason); }
    [[nodiscard]] const std::string& reason() const { return reason_; }  // empty: there is none

    // A stream that goes on for as long as somebody listens, as events do: a server that is stopped breaks it off,
    // where it waits for others to be complete.
    void set_endless() { is_endless_ = true; }

    // --- for the server
    // An answer that a site of files has made, to which fields can be added.
    [[nodiscard]] static Response of_message(std::unique_ptr<http::Response> message);
    // Where the response can't be sent as it is, because of a field or a status: says why on standard error, and
    // becomes 500. Call it before others see the response, so that they add to what is sent.
    void make_sendable();
    // Hands everything over to the message that will be sent, and the reason to `reason`. Both stay until it has been.
    void move_into(http::Response& message, std::string& reason) &&;

private:
    Response() = default;
    void add_line(std::string_view name, std::string value);
    void refuse_to_send(std::string trouble);
    Status status_ = Status::ok;
    bool is_endless_ = false;
    std::vector<std::pair<std::string, std::string>> fields_;
    std::string trouble_;  // why it can't be sent; empty where it can
    std::string reason_;
    std::string content_;
    http::Producer producer_;
    std::unique_ptr<http::Response> message_;
};

}  // namespace portico
