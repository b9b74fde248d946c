// portico/embed/socket_server.h — what TcpServer and UdpServer have in common: starting, stopping and waiting.
//
// Room embed: see response.h.
// Threads:   any thread may call stop(), and any but the server's own wait().
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "portico/io/net/address.h"

namespace portico {

// A server that is not HTTP: a TcpServer or a UdpServer. There is no global state: a process may have many.
class SocketServer {
public:
    struct Own;  // for the library itself
    SocketServer(const SocketServer&) = delete;
    SocketServer& operator=(const SocketServer&) = delete;

    // Serves at `endpoint` until SIGTERM or SIGINT arrives, as Server::run() does: ":7777", and for a TcpServer
    // "tls://:7778" or "unix:/run/x.sock", too. Returns the program's exit status: if it can't start, 1, with a
    // sentence for the operator.
    int run(std::string_view endpoint);
    // Serves on threads of its own. Error: a sentence that says what failed and why.
    std::expected<void, std::string> start(std::string_view endpoint);
    // Ends in order. A TcpServer stops accepting; connections are served until they have been idle for
    // shutdown_idle_max, for at most shutdown_time_max. A UdpServer receives nothing more. A second call ends the
    // server at once.
    void stop();
    // Waits for the end. Several threads may wait. Error: a sentence, if the calling thread is one of the server's own.
    std::expected<void, std::string> wait();
    // The addresses it listens on. A port 0 is replaced by the port that was chosen.
    [[nodiscard]] std::vector<io::SocketAddress> local() const;
    // The port of the first of these.
    [[nodiscard]] std::uint16_t port() const;

protected:
    // For the classes that derive from it.
    explicit SocketServer(std::shared_ptr<Own> own);
    ~SocketServer();  // ends at once, unless the server has been stopped

private:
    std::shared_ptr<Own> own_;
};

}  // namespace portico
