// portico/services/serve.h — runs a service on its endpoints.
//
// Room services: see service.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "portico/io/gate.h"
#include "portico/io/net/endpoint.h"
#include "portico/io/scope.h"
#include "portico/services/service.h"
#include "portico/tls/server_context.h"

namespace portico::services {

// Is notified of events. Its functions must not throw, and must not end the serving task.
class ServiceWatcher {
public:
    virtual void came(const io::SocketAddress& peer) = 0;
    // Accepting failed: too many descriptors, or no memory. The service tries again after a pause.
    virtual void could_not_accept(const io::Error& error) = 0;
    // The client on standard input and output was not served completely. `error.doing` is "read" or "write".
    virtual void stdio_failed(const io::Error& error) { static_cast<void>(error); }

protected:
    ~ServiceWatcher() = default;
};

// With what the handshakes of new clients begin. It may be replaced at any time, on the core's thread.
struct PresentTls {
    std::shared_ptr<const tls::ServerContext> context;  // never null
};

// A socket whose clients speak TLS.
struct SecureListener {
    io::Listener listener;
    std::shared_ptr<const PresentTls> tls;
};

// An open endpoint: a socket, or standard input and output.
using OpenEndpoint = std::variant<io::Listener, SecureListener, io::Datagram, io::Stdio>;

struct OpenFailure {
    std::string message;        // the end of a sentence: "bind: Address already in use"
    int number;                 // an errno value; 0 if the host's name could not be resolved
    io::SocketAddress address;  // the address that could not be bound, unless number is 0
};

// Opens the sockets of an endpoint and appends them to `opened`: several if its host has several addresses. Blocks
// while it resolves the host. `tls`: of the clients on streams; null: without.
std::expected<void, OpenFailure> open_endpoint(io::Core& core, const io::Endpoint& endpoint,
                                               std::vector<OpenEndpoint>& opened,
                                               const std::shared_ptr<const PresentTls>& tls = nullptr);
// The address of a socket.
const io::SocketAddress& local_of(const OpenEndpoint& opened);
// "tcp://127.0.0.1:8080", "tls://[::1]:7443", with the port that was chosen; or "stdio".
std::string text_of(const OpenEndpoint& opened);

struct ServeLimits {
    // Maximum number of simultaneous clients on streams, over all endpoints together (at worst one more for each
    // further endpoint). Further clients wait in the listeners' queues.
    std::size_t connections_max = 10'000;
    // How long a client's TLS handshake may take. Until then it counts as a client.
    std::chrono::milliseconds handshake_time_max{10'000};
};

// Serves until asked to stop, or until every endpoint has ended; only stdio ends by itself. `service` and `watcher`
// outlive the task.
Task<void> serve_endpoints(io::Core& core, Service& service, std::vector<OpenEndpoint> endpoints, ServeLimits limits,
                           ServiceWatcher& watcher);

}  // namespace portico::services
