// portico/embed/tcp_server.h — services over TCP and Unix sockets that are not HTTP, with TLS or without.
//
//   portico::Task<void> echo(portico::Connection connection) {
//       const auto copied = co_await portico::copy(connection, connection);
//       if (copied) co_await connection.close();
//   }
//   return portico::TcpServer(echo).run(":7777");
//
// Room embed: see response.h.
// Threads:   any thread may call stop(), and any but the server's own wait().
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/task.h"
#include "portico/embed/connection.h"
#include "portico/embed/socket_server.h"
#include "portico/server/certificate_files.h"

namespace portico {

// Serves one client for as long as it is connected; Connection::peer() is its address. The connection closes when the
// task ends, unless close() has ended it before: a client with TLS takes a connection that just closes for one that was
// cut. When the server ends, or the connection is idle for too long, the task is asked to stop: its waits end with
// ECANCELED.
using ServeConnection = std::function<Task<void>(Connection connection)>;

// How a TcpServer is run.
class TcpOptions {
public:
    TcpOptions() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice

    // Threads that serve, each with its own core. A connection stays on its core. With one thread, tasks never run at
    // the same time, and need no locks for the data that they share.
    unsigned threads = 1;
    // Of an endpoint with "tls://": clients get the one for the name that they ask for, or else the first. Renewed
    // files are used within seconds for new clients. Empty: a certificate from this user's own authority, for
    // localhost, this machine's names and addresses, and `local_names`; `portico cert` shows the authority.
    std::vector<server::CertificateFiles> certificates;
    std::vector<std::string> local_names;
    // The protocols that ALPN offers, the preferred one first (RFC 7301); a client that offers only others is refused.
    // Empty: a client's offer is not answered.
    std::vector<std::string> applications;
    // How long a client's TLS handshake may take.
    std::chrono::milliseconds handshake_time_max{10'000};
    // Simultaneous connections, of all threads together. Further clients wait in the listener's queue.
    std::size_t connections_max = 10'000;
    // Simultaneous connections from one address (an IPv6 /64 counts as one, and so do all clients of a Unix socket).
    // Further ones are closed at once.
    std::size_t connections_per_address_max = 2'500;
    // How long a connection may carry nothing in either direction. Then its task is asked to stop. The server checks
    // four times in that period, so it may take a quarter longer.
    std::chrono::milliseconds idle_max = std::chrono::minutes(10);
    // After stop(): how long connections may still be served. Then they are aborted.
    std::chrono::milliseconds shutdown_time_max{30'000};
    // After stop(): the same as idle_max, which counts from stop().
    std::chrono::milliseconds shutdown_idle_max{500};
    // Whether run() tells the operator the addresses that it listens on.
    bool announces = true;
    // Gets each sentence for the program's operator instead of standard error: see Options::log.
    std::function<void(std::string_view sentence)> log;
};

// Accepts connections, and calls a function for each.
class TcpServer final : public SocketServer {
public:
    // Opens nothing yet.
    explicit TcpServer(ServeConnection serve, TcpOptions options = TcpOptions());
};

}  // namespace portico
