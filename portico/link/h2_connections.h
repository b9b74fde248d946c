// portico/link/h2_connections.h — a client's HTTP/2 connections, which its requests share.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/link/h2_outbound.h"
#include "portico/link/idle_connections.h"
#include "portico/link/later_gate.h"
#include "portico/link/outbound_limits.h"
#include "portico/wire/h2/context.h"

namespace portico::link {

// HTTP/2 connections by origin, and the requests that wait for them. Each ends when it has been idle for too long.
class H2Connections final : private H2Keeper {
public:
    // Core and limits outlive it.
    H2Connections(io::Core& core, const OutboundLimits& limits, const IdleLimits& idle)
        : core_(&core), limits_(&limits), idle_limits_(idle) {}
    H2Connections(const H2Connections&) = delete;
    H2Connections& operator=(const H2Connections&) = delete;
    ~H2Connections() = default;

    // A connection to the origin that has room for another exchange; null if there is none.
    [[nodiscard]] H2Outbound* find(const std::string& origin) const;
    // The same. While another request opens a connection to the origin, waits for that, but not if the origin is known
    // to speak HTTP/1.1.
    [[nodiscard]] Task<H2Outbound*> await(std::string origin, io::TimePoint deadline);
    // Whether the origin has demanded HTTP/1.1 of a connection that spoke HTTP/2 (RFC 9113 §7).
    [[nodiscard]] bool must_speak_h1(const std::string& origin) const;
    // Keeps a new connection. It lives at least until something is awaited. It has no room if memory is short.
    H2Outbound& add(std::string origin, Transport transport);

    // A request opens a connection to an origin. Once this is destroyed, the requests that wait for it go on.
    class Opening {
    public:
        Opening(H2Connections& connections, std::string origin);
        Opening(const Opening&) = delete;
        Opening& operator=(const Opening&) = delete;
        ~Opening();
        void succeeded(http::Version version) { version_ = version; }

    private:
        H2Connections* connections_;
        std::string origin_;
        std::optional<http::Version> version_;  // nothing: it has failed
    };

    // Ends all connections politely.
    void end();
    // Waits until all of them have ended.
    [[nodiscard]] io::Scope::Join ended() { return running_.join(); }
    // How many connections have no exchange.
    [[nodiscard]] std::size_t idle() const;

private:
    struct Kept {
        std::string origin;
        H2Outbound* connection;
    };
    class Entry;
    class Waiting;

    void became_idle(H2Outbound& connection) override;
    void must_speak_h1(H2Outbound& connection) override;
    [[nodiscard]] Task<void> run(std::string origin, std::unique_ptr<H2Outbound> connection);
    [[nodiscard]] bool is_opening(const std::string& origin) const;
    [[nodiscard]] bool speaks_h1(const std::string& origin) const;

    io::Core* core_;
    const OutboundLimits* limits_;
    IdleLimits idle_limits_;
    h2::Limits engine_limits_;
    std::optional<h2::Context> context_;  // made for the first connection
    std::vector<Kept> kept_;
    std::vector<std::string> opening_;  // origins
    std::vector<Waiting*> waiting_;     // in the order in which they began
    // Origins, the latest last.
    std::deque<std::string> h1_origins_;  // that have chosen HTTP/1.1
    std::deque<std::string> h1_demands_;  // that have demanded it
    io::Scope running_;                   // the connections
};

}  // namespace portico::link
