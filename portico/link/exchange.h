// portico/link/exchange.h — one request and its answer, in any version of HTTP.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <any>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/core.h"
#include "portico/io/gate.h"
#include "portico/io/net/address.h"
#include "portico/link/inbound_context.h"
#include "portico/link/transfer.h"
#include "portico/tls/session.h"

namespace portico::link {

// Who may read the content of a request at the moment.
enum class ContentReader : std::uint8_t { nobody, handler };

// One request, and the answer to it, as everything above this room sees them. Its tasks refer to it: it outlives them.
class Exchange {
public:
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    [[nodiscard]] io::Core& core() const { return context_->core(); }  // of its connection
    // The other end of the connection.
    [[nodiscard]] const io::SocketAddress& peer() const { return *peer_; }
    // The client: the peer, or whom a trusted proxy has named.
    [[nodiscard]] const io::SocketAddress& client() const {
        const std::optional<ForwardedClient>& forwarded = memory_->notes.forwarded;
        return forwarded ? forwarded->address : *peer_;
    }
    // The TLS session of its connection, with what the client has proved by a certificate; null without TLS. No field
    // of a request says or changes any of it.
    [[nodiscard]] const tls::Session* session() const { return session_; }
    // Whether the request may be a copy that somebody sends once more: it came in early data, before the TLS handshake
    // was complete, here or at a gateway in front of the server that says so (Early-Data, RFC 8470 §5.1). A handler
    // that passes it on says so too, by "Early-Data: 1"; one whose answer has effects answers 425 (Too Early).
    [[nodiscard]] bool came_early() const;
    // The same, of this connection only.
    [[nodiscard]] bool came_in_early_data() const { return is_early_; }
    // The version of HTTP in which the client asks. What a message means does not depend on it (RFC 9110 §2.5).
    [[nodiscard]] virtual http::Version version() const = 0;
    // Its views live until the exchange has ended.
    [[nodiscard]] const http::Request& request() const { return memory_->request; }
    // The response to fill. A handler gets it clear.
    [[nodiscard]] http::Response& response() const { return memory_->response; }
    [[nodiscard]] ExchangeNotes& notes() const { return memory_->notes; }
    // Values for the handlers of this request, until the exchange has ended.
    [[nodiscard]] std::vector<std::any>& attached() const { return memory_->attached; }

    // Decodes the request's path: see http::decode_path() for the refusals.
    [[nodiscard]] http::Result<void> decode_path();
    // The decoded path; "*" if the request is for the server as a whole (RFC 9112 §3.2.4). Empty before decode_path(),
    // and if that refused.
    [[nodiscard]] std::string_view path() const { return path_; }
    // The parts of path() that a route's pattern names, in the order of the pattern.
    [[nodiscard]] std::vector<std::string_view>& parameters() const { return memory_->parameters; }

    // The next octets of content, at least one, which are valid until the next call; or the content's end. Invites the
    // client to send its content if it waits for that (RFC 9110 §10.1.1). If some content is not read, the connection
    // may have to be closed after the answer.
    [[nodiscard]] Task<ContentStep> read_content();
    // What those who read have counted, and agreed to.
    [[nodiscard]] ContentCount& content_count() const { return memory_->content; }
    // Charges content that the handler keeps until it ends.
    void charge_kept(std::size_t octets) const;
    // Why reading ended with `refused`.
    [[nodiscard]] virtual const http::Refusal& refusal() const = 0;

    // For the producer of a response that changes the protocol (http::Response::upgrade): what the client sends, as it
    // arrives; an empty buffer when it sends nothing more. What the producer writes is sent as it is. Errors:
    // ETIMEDOUT, ECANCELED the task was asked to stop, ENOBUFS there is no memory, or those of the connection.
    [[nodiscard]] virtual Task<io::Result<Buffer>> receive_upgraded(io::TimePoint deadline) = 0;
    // The core's other connections: for a producer that ends in its own way when the server does. See EndlessPlace.
    [[nodiscard]] InboundContext& shared() const { return *context_; }

    // Sends an interim response, such as 103 (Early Hints), whose fields are all that it has (RFC 9110 §15.2). A client
    // of HTTP/1.0 gets none. Nobody may read the content meanwhile. Returns `whole`, or why the client gets no answer.
    [[nodiscard]] virtual Task<Sent> send_interim(const http::Response& response) = 0;
    // For a handler whose tasks still refer to the exchange, but don't read any more once they have ended: sends the
    // response, which is complete. The tasks must have been asked to stop. A response whose content is generated while
    // it is sent is sent when the handler has ended.
    [[nodiscard]] virtual Task<void> send_early() = 0;

    // Tasks that may go on after the response has been made; they may refer to the exchange. The response is sent
    // without waiting for them; then they are asked to stop, and the exchange ends with the last of them. Null while
    // the response is made without waiting.
    [[nodiscard]] io::Scope* unfinished() const { return unfinished_; }
    // Says where they are, while work that may wait is under way.
    void set_unfinished(io::Scope* tasks) { unfinished_ = tasks; }

    // --- for the connection
    // Makes this exchange the connection's last, if the next request could not be told from what is left of this one.
    virtual void close_afterwards() = 0;
    // Reads content to its end and drops it. The first function never waits: it returns nothing if more input is
    // needed, and then drop_content() goes on. Content that the client has not been invited to send is left out.
    [[nodiscard]] virtual std::optional<ContentEnd> drop_content_at_once() = 0;
    [[nodiscard]] virtual Task<ContentEnd> drop_content() = 0;
    // Waits until the client has left, and then returns true; false if the task was asked to stop. A half-close does
    // not count: the client has sent its request and waits for the answer. If a handler may read the content, the
    // client is observed here only once that has been read to its end; until then, the handler's reads notice what
    // happens.
    [[nodiscard]] virtual Task<bool> client_left(ContentReader reader) = 0;
    // Sends the response, once the handler has ended.
    [[nodiscard]] virtual Task<Sent> send() = 0;
    // How the response was sent; nothing if it has not been sent.
    [[nodiscard]] std::optional<Sent> sent() const { return sent_; }
    // The exchange has ended: releases files and content.
    void release() {
        memory_->response.clear();
        memory_->attached.clear();  // after the response, whose producer may use them
        release_kept();
    }
    // The handler has ended, and so has what it kept.
    void release_kept() { memory_->kept = Charge(); }

    // For the access log.
    [[nodiscard]] std::chrono::system_clock::time_point began_at() const { return began_at_; }
    // From the end of the head until the response was sent. Call it at once: a response is taken to be sent now, unless
    // it was sent before its handler had ended.
    [[nodiscard]] io::Duration duration() const {
        return (sent_early_at_ ? *sent_early_at_ : core().kernel().clock()) - began_;
    }
    // The octets of content that were sent, or that would have been sent to another method than HEAD.
    [[nodiscard]] std::uint64_t content_octets() const { return response().content_octets() + made_octets_; }

protected:
    // Both outlive the exchange.
    Exchange(InboundContext& context, const io::SocketAddress& peer)
        : context_(&context), peer_(&peer), memory_(context.borrow()) {}
    ~Exchange() { context_->give_back(std::move(memory_)); }

    [[nodiscard]] InboundContext& context() const { return *context_; }
    [[nodiscard]] http::Request& request_to_fill() { return memory_->request; }
    // A request has arrived, on a connection with this session: forgets the one before.
    void begin(const tls::Session* session);
    // Adds what every response of the connection has. Call it once, when the response is sent.
    void complete_response();
    void set_sent(Sent sent) { sent_ = sent; }
    void note_early_end() { sent_early_at_ = core().kernel().clock(); }
    [[nodiscard]] virtual Task<ContentStep> receive_content() = 0;
    // Sends the response, whose content response().producer makes, to its end.
    [[nodiscard]] virtual Task<Sent> send_produced() = 0;
    // Waits until the client has left while its response is made; false if the task was asked to stop.
    [[nodiscard]] virtual Task<bool> client_left_while_sending() = 0;
    // Sends a response with a producer. `is_watched`: a client that leaves ends it, also while it makes no content.
    [[nodiscard]] Task<Sent> send_made(bool is_watched);
    // Sends a response that changes the protocol. Its producer itself notices that the client has left or that the
    // server ends.
    [[nodiscard]] Task<Sent> send_upgraded();
    // The content has been read to its end, or there is none.
    void content_has_ended();
    // Waits for that. False if the task was asked to stop first.
    [[nodiscard]] Task<bool> content_ended();
    // Waits until nobody is inside read_content(): a task that was asked to stop may take a while to end. False if the
    // waiting task was itself asked to stop first.
    [[nodiscard]] Task<bool> reading_ended();

    std::uint64_t made_octets_ = 0;  // of content that was generated while it was sent

private:
    class Reading;

    [[nodiscard]] Task<void> send_into(Sent& sent);
    [[nodiscard]] Task<void> end_making_when_client_leaves(io::Scope& making);

    InboundContext* context_;
    const io::SocketAddress* peer_;
    const tls::Session* session_ = nullptr;
    bool is_early_ = false;
    std::unique_ptr<ExchangeMemory> memory_;
    std::string_view path_;
    io::Scope* unfinished_ = nullptr;
    bool is_reading_ = false;
    bool has_content_ended_ = false;
    io::Gate reading_ended_;
    io::Gate content_ended_;
    std::optional<Sent> sent_;
    std::optional<io::TimePoint> sent_early_at_;
    std::chrono::system_clock::time_point began_at_;
    io::TimePoint began_;
};

}  // namespace portico::link
