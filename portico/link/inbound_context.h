// portico/link/inbound_context.h — what the inbound connections of one core share.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <any>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/http/date.h"
#include "portico/http/message.h"
#include "portico/http/status.h"
#include "portico/io/core.h"
#include "portico/io/net/address.h"
#include "portico/io/scope.h"
#include "portico/link/fast_readers.h"
#include "portico/link/waiting.h"

namespace portico::link {

// Where a request comes from, as proxies that are trusted have said.
struct ForwardedClient {
    io::SocketAddress address;           // of the client; port 0: not said
    std::optional<http::Scheme> scheme;  // with which the client came; nothing: not said
    std::string host;                    // that the client asked for, with its port; empty: not said
};

// What the steps of an exchange find out, for the steps after them and for the access log.
struct ExchangeNotes {
    std::string user;            // who is, or has tried to be, authenticated; empty if unknown
    std::string reason;          // why the request was not served as asked; empty if it was
    std::string admitted;        // the user, once the password was right; empty otherwise
    http::Refusal refusal{};     // why the request is refused, if it is
    std::string allow;           // the methods of the path, for Allow; set if they have to be told
    std::string_view challenge;  // for WWW-Authenticate, with a 401; it outlives the exchange
    std::string_view advice;     // what the client's user can do about the refusal; a literal
    std::string_view pattern;    // of the route; the exchange's router keeps it. Empty: no route has the request
    std::string request_id;      // by which middleware names the request; empty if none does
    std::optional<ForwardedClient> forwarded;  // the client, if the peer is a proxy that is trusted to name it
    // A function of the program has failed, as `reason` says, and nobody has been told of it yet.
    bool has_failed = false;
    std::exception_ptr exception;  // what it threw; null: it failed in another way

    // Clears the notes on the request before.
    void clear() {
        user.clear();
        reason.clear();
        admitted.clear();
        refusal = {};
        allow.clear();
        challenge = {};
        advice = {};
        pattern = {};
        request_id.clear();
        forwarded.reset();
        has_failed = false;
        exception = nullptr;
    }
};

// How much content the handlers of an exchange have read, and may read, in octets.
struct ContentCount {
    std::uint64_t read = 0;
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

// The memory that an exchange needs besides its connection's.
struct ExchangeMemory {
    http::Request request;
    http::Response response;
    ExchangeNotes notes;
    std::string path;                          // for decoding
    std::vector<std::string_view> parameters;  // views of the decoded path
    ContentCount content;
    Charge kept;                     // content that a handler keeps
    std::vector<std::any> attached;  // what handlers and middleware leave for those after them
};

class H2Inbound;
struct InboundLimits;
struct LimitsInForce;

class InboundContext {
public:
    // The core outlives it.
    InboundContext(io::Core& core, const InboundLimits& limits);
    InboundContext(const InboundContext&) = delete;
    InboundContext& operator=(const InboundContext&) = delete;

    [[nodiscard]] io::Core& core() const { return *core_; }
    // The present limits. Whatever goes on under them holds them: an exchange, and a connection of HTTP/2.
    [[nodiscard]] const std::shared_ptr<LimitsInForce>& in_force() const { return in_force_; }
    // Other limits from now on: for the next request of each connection. A connection of HTTP/2 keeps those of
    // its engine (h2::Limits), some of which its client has been told, and those of what it sends.
    void replace_limits(const InboundLimits& limits);
    // The ring of connections that wait for their peers during content or an answer.
    [[nodiscard]] WaitingPlace& transfers() { return transfers_; }
    // Those that may have more unsent octets. The limits with which the context was made bound them for good.
    [[nodiscard]] FastReaders& fast_readers() { return fast_readers_; }
    // The value of Date (RFC 9110 §6.6.1), updated once per second.
    [[nodiscard]] std::string_view date();

    // The value of Strict-Transport-Security (RFC 6797 §6.1), for every answer over TLS; empty: none.
    void set_strict_transport_security(std::string value) { strict_transport_security_ = std::move(value); }
    [[nodiscard]] const std::string& strict_transport_security() const { return strict_transport_security_; }

    // The server is ending: from now on, each connection closes after the last request that has been received. Endless
    // responses are ended now, and HTTP/2 connections are told.
    void begin_draining();
    [[nodiscard]] bool is_draining() const { return is_draining_; }

    // Memory for one exchange, from the pool if it has some. Its contents are left over from an earlier exchange.
    [[nodiscard]] std::unique_ptr<ExchangeMemory> borrow();
    void give_back(std::unique_ptr<ExchangeMemory> memory);
    [[nodiscard]] std::size_t kept() const { return kept_.size(); }  // in the pool

    // A connection that shut_down() is to be called for when draining begins. Returns its number, for remove().
    [[nodiscard]] std::uint64_t add(H2Inbound& connection) {
        h2_connections_.emplace(++last_number_, &connection);
        return last_number_;
    }
    void remove(std::uint64_t number) { h2_connections_.erase(number); }

private:
    friend class EndlessPlace;

    io::Core* core_;
    std::shared_ptr<LimitsInForce> in_force_;
    FastReaders fast_readers_;
    WaitingPlace transfers_;
    bool is_draining_ = false;
    std::string strict_transport_security_;
    // In the order in which they came, so that a simulation can be repeated.
    std::map<std::uint64_t, io::Scope*> endless_;
    std::map<std::uint64_t, H2Inbound*> h2_connections_;
    std::uint64_t last_number_ = 0;
    std::vector<std::unique_ptr<ExchangeMemory>> kept_;
    std::chrono::sys_seconds date_second_{};
    std::array<char, http::imf_fixdate_octets> date_{};
};

// Registers an endless response while it is sent: draining ends it.
class EndlessPlace {
public:
    // `sending` holds the task that sends the response. If the server is already draining, the caller ends it.
    EndlessPlace(InboundContext& context, io::Scope& sending) : context_(&context), number_(++context.last_number_) {
        context_->endless_.emplace(number_, &sending);
    }
    EndlessPlace(const EndlessPlace&) = delete;
    EndlessPlace& operator=(const EndlessPlace&) = delete;
    ~EndlessPlace() { context_->endless_.erase(number_); }

private:
    InboundContext* context_;
    std::uint64_t number_;
};

}  // namespace portico::link
