// portico/embed/request.h — one request, as a handler sees it.
//
// Room embed: see response.h.
// Threads:   one core's.
#pragma once

#include <any>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "portico/base/task.h"
#include "portico/embed/response.h"
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

namespace detail {

template <class T>
concept QueryParameter = std::integral<T> || std::floating_point<T> || std::same_as<T, std::string>;

// Reads a value from all of `text`. Nothing if it is something else, or out of the type's range.
template <class T>
std::optional<T> from_text(std::string_view text) {
    if constexpr (std::same_as<T, std::string> || std::same_as<T, std::string_view>) {
        return T(text);
    } else if constexpr (std::same_as<T, bool>) {
        if (text == "true" || text == "1") return true;
        if (text == "false" || text == "0") return false;
        return std::nullopt;
    } else {
        T value{};
        const char* const end = text.data() + text.size();
        const auto [stopped_at, failure] = std::from_chars(text.data(), end, value);
        if (failure != std::errc{} || stopped_at != end) return std::nullopt;
        if constexpr (std::floating_point<T>) {  // "inf" and "nan" are read too
            const T most = std::numeric_limits<T>::max();
            if (!(value >= -most && value <= most)) return std::nullopt;
        }
        return value;
    }
}

// What from_text<T>() takes, in words.
template <class T>
constexpr std::string_view kind_of() {
    if constexpr (std::same_as<T, bool>) {
        return "true or false";
    } else if constexpr (std::unsigned_integral<T>) {
        return "a whole number, not less than 0";
    } else if constexpr (std::integral<T>) {
        return "a whole number";
    } else if constexpr (std::same_as<T, std::string>) {
        return "text";
    } else {
        return "a number";
    }
}

// 400, and why.
[[nodiscard]] Response wrong_query(std::string_view name, std::string_view kind, std::string_view value);

}  // namespace detail

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
    // The same as a number, a bool ("true", "1", "false", "0") or a std::string; `standard` if the query has no such
    // parameter. A handler that returns a std::expected with a Response returns the error:
    //   auto page = request.query<int>("page", 1);
    //   if (!page) return std::unexpected(std::move(page.error()));
    //
    // Error: 400, with a sentence that names the parameter and its kind.
    template <class T>
        requires detail::QueryParameter<T>
    [[nodiscard]] std::expected<T, Response> query(std::string_view name, T standard) const;
    // All parameters with this name, in their order.
    [[nodiscard]] std::vector<std::string> queries(std::string_view name) const;
    // The first cookie with this name, as sent: quotation marks are part of the value (RFC 6265 §5.4).
    [[nodiscard]] std::optional<std::string_view> cookie(std::string_view name) const;
    // The other end of the connection: the client, or a proxy in front of the server.
    [[nodiscard]] const io::SocketAddress& peer() const;
    // The address of the client: the peer's, or what a proxy among Options::trusted_proxies says; its port is then
    // usually unknown: 0.
    [[nodiscard]] const io::SocketAddress& client() const;
    // "https" or "http", as the client came: to this server, or to a proxy that is trusted and says so.
    [[nodiscard]] std::string_view scheme() const;
    // The host that the client asked for, with its port if there was one: as a trusted proxy says, or else as sent.
    [[nodiscard]] std::string_view host() const;
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

    // The pattern of the route, as the program wrote it: "/notes/{id}". Empty if no route has the request.
    [[nodiscard]] std::string_view pattern() const;
    // The name of this request, if middleware such as request_id() has given it one; otherwise empty.
    [[nodiscard]] std::string_view id() const;
    // Called by such middleware.
    void set_id(std::string id);

    // Keeps a value for the middleware and the handler that come later, such as what is known about the user, until the
    // answer has been sent. A further value of the same type replaces the first, to which references then dangle.
    template <class T>
    T& attach(T value) {
        auto kept = std::make_shared<T>(std::move(value));
        T& result = *kept;
        detach<T>();
        attached().emplace_back(std::move(kept));
        return result;
    }
    // The value of this type that was attached; null if there is none.
    template <class T>
    [[nodiscard]] T* find() const {
        for (std::any& one : attached()) {
            if (const auto* const kept = std::any_cast<std::shared_ptr<T>>(&one)) return kept->get();
        }
        return nullptr;
    }

    // Tells the client what the answer will need, before there is an answer: 103 (Early Hints, RFC 8297) with this Link
    // field, such as "</style.css>; rel=preload; as=style"; several links are separated by commas. Clients of HTTP/1.0
    // get nothing. False: the client has gone, or the text contains a control character.
    [[nodiscard]] Task<bool> send_early_hints(std::string links);

    // --- content: read it once, in one of these two ways
    // The next octets, valid until the next call; empty at the end.
    // Refusals: 400 the framing is wrong, or the client left; 408 the content came too slowly; 413 it is larger than
    // the server's limit or limit_content() allows; 503 memory is short (Limits::memory_max).
    [[nodiscard]] Task<Result<std::string_view>> read();
    // All of the content. It counts as memory of the server (Limits::memory_max) until the request ends. Refusals: the
    // same, and 413 if it is larger than `octets_max`: at once, without reading, if the length is announced.
    [[nodiscard]] Task<Result<std::string>> content(std::size_t octets_max);
    // The same with the limit that content_in_memory_at_most() has set, or 1 MiB.
    [[nodiscard]] Task<Result<std::string>> content();
    // From now on, read() and content() refuse content of more than `octets` in total with 413. The smallest of several
    // limits applies.
    void limit_content(std::uint64_t octets);

    // --- for the routes
    // The texts that the pattern's first, second … parameter matched: views of path().
    [[nodiscard]] const std::vector<std::string_view>& parameters() const;
    // The same request as the server's connection sees it.
    [[nodiscard]] link::Exchange& exchange() const { return *exchange_; }

private:
    template <class T>
    void detach() {
        std::erase_if(attached(),
                      [](const std::any& one) { return std::any_cast<std::shared_ptr<T>>(&one) != nullptr; });
    }
    [[nodiscard]] std::vector<std::any>& attached() const;

    link::Exchange* exchange_;
    const http::Request* message_;
    std::string_view path_;
};

template <class T>
    requires detail::QueryParameter<T>
std::expected<T, Response> Request::query(std::string_view name, T standard) const {
    const std::optional<std::string> sent = query(name);
    if (!sent) return standard;
    std::optional<T> value = detail::from_text<T>(*sent);
    if (!value) return std::unexpected(detail::wrong_query(name, detail::kind_of<T>(), *sent));
    return *std::move(value);
}

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
