// portico/services/serve.h — a service on its endpoints.
//
// Room services: see service.h.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <variant>
#include <vector>

#include "portico/io/endpoint.h"
#include "portico/io/gate.h"
#include "portico/io/scope.h"
#include "portico/services/service.h"

namespace portico::services {

// Told of what happens. Must not throw, nor end the serving task.
class ServiceWatcher {
public:
    virtual void came(const io::SocketAddress& peer) = 0;
    // Accepting failed: too many descriptors, no memory. It is tried again after a while.
    virtual void could_not_accept(const io::Error& error) = 0;

protected:
    ~ServiceWatcher() = default;
};

// What listens for an endpoint: an open socket, or standard input and output.
using OpenEndpoint = std::variant<io::Listener, io::Datagram, io::Stdio>;

struct OpenFailure {
    std::string message;        // a sentence's end: "there is no host x.invalid", "bind: Address already in use"
    int number;                 // an errno value; 0 where the host's name was the trouble
    io::SocketAddress address;  // what could not be bound, unless number is 0
};

// Opens an endpoint's sockets, appended to `opened`: more than one where its host has several addresses. Blocks while
// it resolves.
std::expected<void, OpenFailure> open_endpoint(io::Core& core, const io::Endpoint& endpoint,
                                               std::vector<OpenEndpoint>& opened);
// "tcp://127.0.0.1:8080", with the port that was chosen; "stdio".
std::string text_of(const OpenEndpoint& opened);

struct ServeLimits {
    // Clients on streams at once, over all endpoints (one more for each further endpoint, at worst). Those beyond wait
    // in the listeners' queues.
    std::size_t connections_max = 10'000;
};

// Serves until asked to stop, or until every endpoint has ended, as only stdio does. `service` and `watcher` outlive
// the task.
Task<void> serve_endpoints(io::Core& core, Service& service, std::vector<OpenEndpoint> endpoints, ServeLimits limits,
                           ServiceWatcher& watcher);

}  // namespace portico::services
