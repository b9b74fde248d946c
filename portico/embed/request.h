// portico/embed/request.h — one request, as a handler sees it.
//
// Room embed: see response.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/http/status.h"
#include "portico/io/core.h"
#include "portico/io/net/address.h"

namespace portico::link {
class Exchange;
}

namespace portico {

using http::Method;
using http::Refusal;
using http::Status;

// A value, or the reason why the request is refused. A handler returns the reason as its own result.
template <class T>
using Result = http::Result<T>;

// What a client has proved by a certificate of its own, when its connection began: see CertificateFiles.
struct ClientCertificate {
    std::string subject;                   // "CN=ann,O=Example"
    std::string issuer;                    // the same of the authority
    std::vector<std::string> names;        // "ann.example.org", "192.0.2.1"
    std::chrono::sys_seconds valid_until;  // in UTC
    std::string fingerprint;               // the SHA-256 hash, "AB:CD:…"
};

// The argument of a handler. It lives until the handler's task has ended, and so do the views that it returns.
class Request {
public:
    // The exchange outlives the request.
    explicit Request(link::Exchange& exchange);
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    [[nodiscard]] Method method() const { return message_->method; }  // `other`: see method_name()
    // As sent: "GET". Methods are case-sensitive (RFC 9110 §9.1).
    [[nodiscard]] std::string_view method_name() const { return message_->method_token; }
    // Path and query as sent, with their escapes (RFC 9112 §3.2).
    [[nodiscard]] std::string_view target() const { return message_->target; }
    // The target's path, decoded: see http::decode_path(). "*" for a request to the server as a whole (OPTIONS *), and
    // "/" if the path can't be decoded: only middleware sees these two.
    [[nodiscard]] std::string_view path() const { return path_; }
    // The value of the first field with this name; names are case-insensitive.
    [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
    // The first parameter with this name in the query, decoded ("+" is a space).
    [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
    // The first cookie with this name, as sent: quotation marks are part of the value (RFC 6265 §5.4).
    [[nodiscard]] std::optional<std::string_view> cookie(std::string_view name) const;
    // The address of the client: the other end of the connection.
    [[nodiscard]] const io::SocketAddress& peer() const;
    // The client's certificate; nothing if it has shown none, or the connection has no TLS. No field of a request
    // changes it.
    [[nodiscard]] std::optional<ClientCertificate> client_certificate() const;
    // Whether the request may be a copy that somebody sends once more: it came before the TLS handshake was complete
    // (see Options::early_data), or a gateway in front of the server says so ("Early-Data: 1", RFC 8470 §5.1). A
    // handler with effects answers 425, and the client repeats the request; one that asks another server says so there.
    [[nodiscard]] bool came_early() const;
    // The core that the handler runs on: for timers, further connections and offload().
    [[nodiscard]] io::Core& core() const;
    // Everything in the request's head.
    [[nodiscard]] const http::Request& message() const { return *message_; }

    // The user, if middleware such as basic_auth() has identified one; otherwise empty.
    [[nodiscard]] std::string_view user() const;
    // Called by such middleware: sets the user for the handler and the access log.
    void set_user(std::string name);

    // Tells the client what the answer will need, before there is an answer: 103 (Early Hints, RFC 8297) with this Link
    // field, such as "</style.css>; rel=preload; as=style"; several links are separated by commas. Clients of HTTP/1.0
    // get nothing. False: the client has gone, or the text contains a control character.
    [[nodiscard]] Task<bool> send_early_hints(std::string links);

    // --- content: read it once, in one of these two ways
    // The next octets, valid until the next call; empty at the end.
    // Refusals: 400 the framing is wrong, or the client left; 408 the content came too slowly; 413 it is larger than
    // the server's limit or limit_content() allows; 503 memory is short
    // (Limits::memory_max).
    [[nodiscard]] Task<Result<std::string_view>> read();
    // All of the content. It counts as memory of the server (Limits::memory_max) until the request ends. Refusals: the
    // same, and 413 if it is larger than `octets_max`: at once, without reading, if the length is announced.
    [[nodiscard]] Task<Result<std::string>> content(std::size_t octets_max = std::size_t{1} << 20);
    // From now on, read() and content() refuse content of more than `octets` in total with 413. The smallest of several
    // limits applies.
    void limit_content(std::uint64_t octets);

    // --- for the routes
    // The texts that the pattern's first, second … parameter matched: views of path().
    [[nodiscard]] const std::vector<std::string_view>& parameters() const;
    // The same request as the server's connection sees it.
    [[nodiscard]] link::Exchange& exchange() const { return *exchange_; }

private:
    link::Exchange* exchange_;
    const http::Request* message_;
    std::string_view path_;
};

// Decodes a name or value of a form or query: "+" becomes a space, "%41" an "A". A "%" without two hexadecimal digits
// stays.
[[nodiscard]] std::string decode_form(std::string_view text);
// Removes the first pair from "a=1&b=2" and returns it undecoded; false at the end. Empty pairs are skipped.
[[nodiscard]] bool next_in_form(std::string_view& form, std::string_view& name, std::string_view& value);
// The first value with this name in "a=1&b=2", decoded.
[[nodiscard]] std::optional<std::string> find_in_form(std::string_view form, std::string_view name);
// Appends `text` with all octets escaped except the unreserved ones of RFC 3986 §2.3. The result is one segment of a
// path, or one name or value of a query.
void append_percent_encoded(std::string& out, std::string_view text);
// Appends "name=value", encoded, preceded by "&" unless `form` is empty: for building queries and forms.
void append_to_form(std::string& form, std::string_view name, std::string_view value);

}  // namespace portico
