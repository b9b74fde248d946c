// portico/link/client.h — an HTTP client: sends requests to any http or https URI, and keeps connections for the next.
//
//   link::Client client(core);
//   link::ClientRequest request("https://example.org/");
//   link::Answered<link::ClientResponse> response = co_await client.send(std::move(request));
//   if (!response) … response.error().message …
//   const link::Answered<std::string> content = co_await response->collect(1024 * 1024);
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/net/happy_eyeballs.h"
#include "portico/link/failure.h"
#include "portico/link/h1_outbound.h"
#include "portico/link/h2_connections.h"
#include "portico/link/h2_outbound_exchange.h"
#include "portico/link/idle_connections.h"
#include "portico/link/outbound_limits.h"
#include "portico/link/target_uri.h"
#include "portico/tls/client_context.h"

namespace portico::link {

// Is notified of the steps of a request, to inform the user. Must not throw, nor end the task.
class ClientWatcher : public io::ConnectWatcher, public ExchangeWatcher {
public:
    virtual void connected(const io::SocketAddress& peer) = 0;
    virtual void secured(const tls::Session& session) = 0;
    // The request goes to a connection that an earlier one has left open.
    virtual void reusing() = 0;
    // The response leads to this URI, where the request is sent next.
    virtual void redirected(const TargetUri& uri) = 0;

protected:
    ~ClientWatcher() = default;
};

// Which version of HTTP a client speaks.
enum class SpokenVersion : std::uint8_t {
    negotiated,              // HTTPS: HTTP/2 if the server chooses it (ALPN, RFC 9113 §3.2); else HTTP/1.1
    http_1_1,                // always HTTP/1.1
    http_2_prior_knowledge,  // HTTP: HTTP/2, without asking (RFC 9113 §3.3); HTTPS: negotiated
};

// How a client connects, and to whom.
class ClientOptions {
public:
    ClientOptions() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice

    OutboundLimits limits;
    SpokenVersion version = SpokenVersion::negotiated;
    // Whom to trust. Its applications are ignored: the client offers what it speaks.
    tls::ClientTlsOptions tls;
    // Where all connections go, whatever the host of a URI: a Unix socket, or another address. Host, TLS and the origin
    // remain those of the URI.
    std::optional<io::Endpoint> connect_to;
    std::optional<io::Family> family;  // only addresses of this family
    std::string user_agent;            // empty: "portico/" and the version
    // Idle connections: in total, to one origin, and for how long. 0: none are kept.
    IdleLimits idle;
};

// Content that is made while it is sent.
struct ContentSource {
    // Whether `producer` can be called again, to make the same content: after a redirect, or on another connection.
    enum class Repeat : std::uint8_t { never, possible };

    http::Producer producer;              // must not throw
    std::optional<std::uint64_t> octets;  // how many it writes; nothing: not known before it ends
    Repeat repeat = Repeat::never;
};

// Whether the server is asked before it is sent content, which then waits for its consent: Expect: 100-continue (RFC
// 9110 §10.1.1). It saves sending what would be refused, and costs a round trip, or a second with a server that doesn't
// know the question.
enum class AskFirst : std::uint8_t {
    if_large,  // for content of more than a megabyte (1,048,576 octets), or of unknown length
    always,
    never,
};

// One request. Its fields and content may be sent several times: after redirects, or when a kept connection turns out
// to have been closed.
class ClientRequest {
public:
    explicit ClientRequest(std::string the_uri, std::string the_method = "GET")
        : method(std::move(the_method)), uri(std::move(the_uri)) {}

    std::string method;  // a token; case-sensitive (RFC 9110 §9.1); not CONNECT
    std::string uri;     // see parse_target_uri(); its credentials are sent as Basic authentication
    // Names and values. Host, User-Agent, Accept and Authorization replace those that the client would send. Not
    // Content-Length, Transfer-Encoding, Upgrade, TE, Trailer or Expect, which are the client's own; Connection can
    // only be "close".
    std::vector<std::pair<std::string, std::string>> fields;
    std::optional<std::string> content;   // nothing: no content, or that of `source`
    std::optional<ContentSource> source;  // instead of `content`
    AskFirst ask_first = AskFirst::if_large;
    // How many redirects are followed. The redirected request has no content and the method GET if the status says so
    // (RFC 9110 §15.4). Credentials and cookies go to the request's own origin only.
    unsigned redirects_max = 0;
    io::TimePoint deadline = io::never;  // for everything, including the response's content
    ClientWatcher* watcher = nullptr;    // outlives the sending
};

// When the steps of the last exchange were complete. After redirects, `began` is the first exchange's.
struct Timeline {
    io::TimePoint began{};
    // Nothing: the connection was already open, or needs no such step.
    std::optional<io::TimePoint> resolved;
    std::optional<io::TimePoint> connected;
    std::optional<io::TimePoint> secured;
    std::optional<io::TimePoint> sent;  // nothing: the server answered before
    std::optional<io::TimePoint> first_octet;
    std::optional<io::TimePoint> last_octet;  // nothing: the content has not been read to its end
};

class Client;

// A response: its head, and its content to be read. Destroying it before the content's end closes the connection. The
// client outlives it.
class ClientResponse {
public:
    ClientResponse(ClientResponse&&) = default;
    ClientResponse& operator=(ClientResponse&&) = default;

    [[nodiscard]] http::Status status() const { return message_.status; }  // of the final response
    [[nodiscard]] http::Version version() const { return version_; }
    // As sent; the views live as long as the response.
    [[nodiscard]] const http::FieldSection& fields() const { return message_.fields; }
    // The value of the first field with this name; empty if there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const {
        return message_.fields.find(name).value_or(std::string_view());
    }
    // Of the content, in octets, if the server has announced it. An answer to HEAD has this length, but no content.
    [[nodiscard]] std::optional<std::uint64_t> content_length() const { return message_.content_length; }
    // From where it comes, after redirects.
    [[nodiscard]] const TargetUri& uri() const { return uri_; }
    [[nodiscard]] const Timeline& timeline() const { return timeline_; }

    // The next octets of content, at least one, which stay valid until the next call; none at its end.
    [[nodiscard]] Task<Answered<std::string_view>> read_content();
    // All of the rest of the content. Failure too_large: it is larger than `octets_max`; at once, if the length is
    // announced.
    [[nodiscard]] Task<Answered<std::string>> collect(std::size_t octets_max);

private:
    friend class Client;
    ClientResponse(Client& client, TargetUri uri) : client_(&client), uri_(std::move(uri)) {}
    ClientResponse begin(http::Version version);
    void release();
    [[nodiscard]] bool is_released() const { return connection_ == nullptr && exchange_ == nullptr; }

    // What a request's content is made from.
    struct Content {
        std::optional<std::string> octets;
        std::optional<ContentSource> source;
    };

    Client* client_;
    TargetUri uri_;
    http::Version version_ = http::Version::http_1_1;
    Buffer head_;                             // what message_ points into, once the connection has gone
    std::shared_ptr<const Content> content_;  // of the request, which may still be sent
    // One of them, until the content has been read.
    std::unique_ptr<H1Outbound> connection_;
    std::unique_ptr<H2OutboundExchange> exchange_;
    http::Response message_;
    Timeline timeline_;
};

// Sends requests. Any number of them may be in progress at the same time: with HTTP/1.1 each on its own connection,
// with HTTP/2 as many on one as the server allows.
class Client {
public:
    // The core outlives the client.
    explicit Client(io::Core& core, ClientOptions options = ClientOptions());
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() = default;  // closes the idle connections; nothing may be in progress

    // Sends the request, and returns when the head of its final response has arrived. A status such as 404 is no
    // failure. If a kept connection breaks before an octet of the answer has arrived, the request is sent once more, on
    // a new connection, provided that its method is idempotent (RFC 9110 §9.2.2, RFC 9112 §9.3.1). A request that the
    // server says it has not processed (RFC 9113 §8.7) is sent again at most three times, whatever its method. An
    // origin that demands HTTP/1.1 (RFC 9113 §7) gets that from then on.
    [[nodiscard]] Task<Answered<ClientResponse>> send(ClientRequest request);
    // Ends the connections politely; responses that have not been read to their end fail. Call it before the client is
    // destroyed, if there is time.
    [[nodiscard]] Task<void> close();

    [[nodiscard]] const ClientOptions& options() const { return options_; }
    // Connections that are kept for further requests.
    [[nodiscard]] std::size_t idle_connections() const { return idle_.size() + h2_.idle(); }

private:
    friend class ClientResponse;
    // A request that is ready to be sent, and where to.
    struct Journey;
    // A connection for it: one of the two.
    struct Way {
        std::unique_ptr<H1Outbound> h1;
        H2Outbound* h2 = nullptr;
        bool is_kept = false;  // an earlier request has left it open, or shares it
    };
    // What became of one attempt to send it.
    struct Attempt;

    [[nodiscard]] Task<Answered<ClientResponse>> travel(Journey& journey);
    [[nodiscard]] Task<Attempt> attempt(Journey& journey, const http::Request& message, Way way);
    [[nodiscard]] Task<Answered<Way>> find_way(Journey& journey, bool may_reuse);
    [[nodiscard]] Task<Answered<Way>> open(Journey& journey);
    [[nodiscard]] Task<std::unique_ptr<H1Outbound>> reuse(const TargetUri& uri);
    [[nodiscard]] Task<Answered<io::Connected>> connect(Journey& journey);
    // Which version to speak with an origin.
    [[nodiscard]] SpokenVersion version_for(const TargetUri& uri) const;
    [[nodiscard]] Task<std::optional<Failure>> protect(Journey& journey, Transport& transport);
    [[nodiscard]] Task<void> skip_content(ClientResponse& response);

    io::Core* core_;
    ClientOptions options_;
    using Trust = std::shared_ptr<const tls::ClientContext>;
    Trust trust_;     // null until it is needed
    Trust h1_trust_;  // which offers HTTP/1.1 only; the same
    IdleConnections idle_;
    H2Connections h2_;
};

}  // namespace portico::link
