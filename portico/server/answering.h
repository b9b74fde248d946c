// portico/server/answering.h — steps 3 to 5 of one exchange, in any version of HTTP: translate, authorize, respond.
//
// Room server: see limits.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "portico/base/task.h"
#include "portico/http/status.h"
#include "portico/io/scope.h"
#include "portico/link/exchange.h"
#include "portico/route/hosts.h"
#include "portico/route/middleware.h"
#include "portico/route/router.h"

namespace portico::server {

class Worker;

// Whether a connection is protected as its listener demands.
enum class Protection : std::uint8_t {
    as_demanded,  // by TLS, or the listener demands none
    missing,      // the client speaks HTTP without TLS to a listener that demands TLS
    redirected,   // by no TLS: the listener leads clients to one with TLS
};

// What decides about a connection's requests before they are read.
struct Admittance {
    route::ListenerPlace place = route::ListenerPlace::elsewhere;  // of the listener that accepted it
    Protection protection = Protection::as_demanded;
};

// The steps of one exchange after another, from the time when the request has been read.
class Answering {
public:
    // What is left to do of step 5.
    enum class Left : std::uint8_t {
        content,  // the request's content has to be read and dropped, and then all that follows
        answer,   // the handler has to be awaited, and then the response has to be sent
        sending,  // the response is complete and has to be sent
    };

    // All of them outlive it.
    Answering(Worker& worker, const Admittance& admittance, link::Exchange& exchange)
        : worker_(&worker), admittance_(&admittance), exchange_(&exchange) {}
    Answering(const Answering&) = delete;
    Answering& operator=(const Answering&) = delete;

    // A request has been read. The exchange keeps the present snapshot until it ends.
    void begin();
    // No exchange is under way: gives the snapshot up.
    void rest() { router_.reset(); }

    // 3. Finds what answers the request.
    [[nodiscard]] route::Route translate();
    // 4. Whether the request is allowed. If the first returns nothing, this takes a while: call the second. If that
    // returns nothing, the peer has left.
    [[nodiscard]] std::optional<http::Result<void>> authorize_at_once(const route::Route& route);
    Task<std::optional<http::Result<void>>> authorize(route::Guard& guard);
    [[nodiscard]] route::Route refused(const route::Route& route, const http::Refusal& refusal) {
        return route.refused(*exchange_, refusal);
    }
    // 5. Answers the request, or says why not. The first does what needs no waiting; the second does the rest, and
    // returns how the response was sent. Nothing: the peer has left before all content was read.
    [[nodiscard]] Left respond_at_once(const route::Route& route);
    Task<std::optional<link::Sent>> respond(route::Route route, Left left);

    // Fills the response to a request whose head or content can't be read.
    void refuse(const http::Refusal& refusal);
    // The peer has left during step 4, or before it was answered. Returns how the response was sent.
    link::Sent give_up();
    // The response was sent, or was not: writes the line of the access log.
    void record(link::Sent sent) const;

private:
    [[nodiscard]] http::Result<void> needs_tls();
    Task<bool> run_watched(Task<void> work, link::ContentReader reader);
    Task<void> end_when_client_leaves(io::Scope& working, link::ContentReader reader);
    Task<void> admit_into(route::Guard& guard, http::Result<void>& allowed);

    Worker* worker_;
    const Admittance* admittance_;
    link::Exchange* exchange_;
    std::shared_ptr<route::Router> router_;    // the snapshot with which the exchange began; outlives it
    std::optional<link::ContentEnd> dropped_;  // how the content ended that respond_at_once() has dropped
};

}  // namespace portico::server
