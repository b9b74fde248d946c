// portico/embed/fetch.h — requests to other servers, over HTTP and HTTPS.
//
//   auto response = co_await portico::fetch(request.core(), "https://example.org/");
//   if (!response) co_return std::unexpected(response.error());
//   const auto content = co_await response->content();
//
// Room embed: see response.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/task.h"
#include "portico/http/fields.h"
#include "portico/http/message.h"
#include "portico/http/status.h"
#include "portico/io/core.h"

namespace portico {

// Why there is no response, or not all of its content.
struct FetchError {
    // What the caller can do about it.
    enum class Kind : std::uint8_t {
        misuse,              // the request can't be sent as it is: its URI, its method, its fields or an option
        not_resolved,        // the host has no address
        not_connected,       // no address of the host answers
        not_secured,         // the TLS handshake failed
        not_trusted,         // the server has no certificate for its name from a trusted authority
        no_content,          // the request's content could not be made, or not a second time
        lost,                // the connection broke; the server may have acted upon the request or not
        malformed,           // the answer is not HTTP, is ambiguous, or exceeds a limit
        incomplete,          // the content ended before its announced end
        too_large,           // the content is larger than FetchOptions allow
        too_many_redirects,  // more than FetchOptions::redirects_max
        timed_out,           // FetchOptions::time_max is over, or the server was silent or slow for too long
        no_memory,           // the core's memory is short (Limits::memory_max)
        stopped,             // the task was asked to stop
    };
    Kind kind;            // for the program
    std::string message;  // for the log: a sentence without a full stop

    // As a handler's answer: 504 if the other server was too slow, 503 if memory is short, or else 502 (RFC 9110
    // §15.6.3). A handler returns std::unexpected(response.error()).
    operator http::Refusal() const;  // NOLINT(google-explicit-constructor)
};

// A value, or why the other server did not provide it.
template <class T>
using Fetched = std::expected<T, FetchError>;

// Whether a server of HTTPS has to prove who it is.
enum class ServerTrust : std::uint8_t {
    verified,  // by a certificate for the URI's host, from a trusted authority
    any,       // whoever answers is believed: for tests only
};

// Which version of HTTP is spoken.
enum class FetchVersion : std::uint8_t {
    negotiated,              // https: HTTP/2 if the server chooses it; http: HTTP/1.1
    http_1_1,                // always HTTP/1.1
    http_2_prior_knowledge,  // http: HTTP/2 too, without asking (RFC 9113 §3.3)
};

// Whether a server is asked before it is sent content, which then waits for its consent for at most a second: Expect:
// 100-continue (RFC 9110 §10.1.1). A server that refuses the request is then not sent the content for nothing.
enum class FetchAskFirst : std::uint8_t {
    if_large,  // for content of more than a megabyte (1,048,576 octets), or of unknown length
    always,
    never,
};

// What to send, and how much of an answer to accept.
class FetchOptions {
public:
    FetchOptions() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice

    // A token, in capitals; not CONNECT.
    std::string method = "GET";
    // Names and values. Host, User-Agent, Accept and Authorization replace those that would be sent otherwise. The
    // fields that frame a message, such as Content-Length, can't be set.
    std::vector<std::pair<std::string, std::string>> fields;
    // The request's content. Nothing: it has none.
    std::optional<std::string> content;
    // Makes the request's content while it is sent, instead of `content`: writes it, and returns true once it is
    // complete. If it returns false or throws, the request fails. It is called once; a request that would have to be
    // sent again, such as after a redirect that keeps the method, fails.
    http::Producer producer;
    // How many octets `producer` writes, neither more nor less. Nothing: that is not known before it ends.
    std::optional<std::uint64_t> producer_octets;
    // Whether the server is asked before it is sent the content.
    FetchAskFirst ask_first = FetchAskFirst::if_large;
    // Which version of HTTP is spoken.
    FetchVersion version = FetchVersion::negotiated;
    // How many redirects are followed. Credentials and cookies are sent to the URI's own origin only. With other
    // methods than GET and HEAD, the status decides whether method and content stay (RFC 9110 §15.4).
    unsigned redirects_max = 0;
    // From the call to the last octet of content, in total.
    std::chrono::milliseconds time_max{60'000};
    // How many octets FetchResponse::content() returns at most. Larger content is an error, not cut.
    std::size_t content_octets_max = std::size_t{1} << 20;
    // How many octets FetchResponse::read() returns at most, in total.
    std::uint64_t stream_octets_max = std::numeric_limits<std::uint64_t>::max();
    // Whether HTTPS is verified.
    ServerTrust trust = ServerTrust::verified;
    // PEM text of the authorities to trust. Empty: those of the system.
    std::string authorities;
    // PEM text of the certificate that is shown to a server that asks for one, with its intermediate certificates, and
    // of its private key. Both empty: none is shown.
    std::string certificate;
    std::string key;
    // Where to connect, whatever the URI's host: "unix:/run/x.sock", "127.0.0.1:8080". Host and certificate remain
    // those of the URI. Empty: to the URI's host.
    std::string connect_to;
};

// A response: its head, and its content to be read. If it is destroyed before the content's end, the connection closes.
// It must be destroyed before the core on which it was fetched.
class FetchResponse {
public:
    struct State;  // for the library itself
    // fetch() makes it.
    explicit FetchResponse(std::unique_ptr<State> state);
    FetchResponse(FetchResponse&& other) noexcept;
    FetchResponse& operator=(FetchResponse&& other) noexcept;
    ~FetchResponse();

    // Of the final response. A status such as 404 is not an error.
    [[nodiscard]] http::Status status() const;
    // The version in which it was sent.
    [[nodiscard]] http::Version version() const;
    // The value of the first field with this name; names are case-insensitive. The view lives as long as the response.
    [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
    // All fields, as they were sent.
    [[nodiscard]] const http::FieldSection& fields() const;
    // The length of the content in octets, if the server has announced it.
    [[nodiscard]] std::optional<std::uint64_t> content_length() const;
    // The URI that was requested last: another one after redirects.
    [[nodiscard]] const std::string& uri() const;

    // --- content: read it once, in one of these two ways
    // The next octets, valid until the next call; empty at the end.
    [[nodiscard]] Task<Fetched<std::string_view>> read();
    // All of the content, at most FetchOptions::content_octets_max octets.
    [[nodiscard]] Task<Fetched<std::string>> content();

private:
    std::unique_ptr<State> state_;
};

// Sends a request to an http or https URI, and returns when the head of the answer has arrived. Each core keeps some
// connections for the next request to the same origin; requests share one that speaks HTTP/2. If a kept connection
// breaks before the answer begins, an idempotent request (RFC 9110 §9.2.2) is sent once more, on a new one.
//
// Answers are read strictly: one that can be read in two ways, or that ends before its announced end, is an error.
[[nodiscard]] Task<Fetched<FetchResponse>> fetch(io::Core& core, std::string uri,
                                                 FetchOptions options = FetchOptions());

}  // namespace portico
