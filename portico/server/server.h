// portico/server/server.h — owns the cores, and controls them together.
//
// Room server: see limits.h.
// Threads:   drain(), stop_now(), replace(), replace_tls() and reopen_log() may be called from any thread, the two that
//                       replace by one at a time;
//                       everything else only from the thread that opened the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portico/io/error.h"
#include "portico/io/net/address.h"
#include "portico/route/routes.h"
#include "portico/server/access_log.h"
#include "portico/server/core_work.h"
#include "portico/server/limits.h"
#include "portico/server/snapshot.h"
#include "portico/tls/server_context.h"

namespace portico::server {

class Population;
class Worker;

struct ServerOptions {
    std::vector<io::SocketAddress> listen;  // port 0: any free one
    // For the connections to all of these addresses; null: without TLS.
    std::shared_ptr<const tls::ServerContext> tls;
    // Addresses without TLS that lead clients to TLS: requests are answered by the routes that `redirecting` makes, at
    // the start and whenever the server's routes are replaced. It is told the port of the first of `listen` that has
    // one, and the server's routes. It is called by open() and replace().
    std::vector<io::SocketAddress> redirect;
    std::function<std::shared_ptr<const route::Routes>(std::uint16_t port, const route::Routes& routes)> redirecting;
    // For how long clients are told to use TLS only (Strict-Transport-Security, RFC 6797), over TLS; nothing: they are
    // not told. Zero makes them forget it.
    std::optional<std::chrono::seconds> strict_transport_security;
    unsigned threads = 1;  // cores to use, at least 1
    Limits limits;
    AccessLogOptions log;
    CoreWork* work = nullptr;  // what the cores do besides, or null; outlives the server
};

// Why a server could not be opened.
struct OpenError {
    enum class What : std::uint8_t { limits, listen, log, kernel };
    What what = What::kernel;
    io::SocketAddress address;  // for `listen`: the address that failed
    io::Error error{};          // for `listen` and `kernel`
    std::string message;        // for `limits` and `log`: the reason, and what to do
};

class Server {
public:
    // Listens; no connection is accepted before start().
    static std::expected<std::unique_ptr<Server>, OpenError> open(const ServerOptions& options,
                                                                  const std::shared_ptr<const route::Routes>& routes);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();  // stops and waits, unless that has been done

    // The addresses it listens on, in the order of the options, with the ports that were chosen.
    [[nodiscard]] const std::vector<io::SocketAddress>& local() const;
    // The same of those that redirect.
    [[nodiscard]] const std::vector<io::SocketAddress>& redirecting() const;
    // The present ones. Not while another thread replaces them.
    [[nodiscard]] Limits limits() const;

    // Returns once every core accepts connections. Error: what CoreWork::begin() has said; then nothing was served, and
    // the threads have ended. Without work, there is none.
    std::expected<void, std::string> start();
    // Stops accepting, finishes the requests in progress, and ends: see Worker::drain(). Requests that take longer than
    // `time_max` (by default the limit shutdown_time_max) are aborted.
    void drain();
    void drain(std::chrono::milliseconds time_max);
    // Ends at once.
    void stop_now();
    // Waits for the end. Must not be called on one of the server's own threads (asserted), which would wait for itself.
    void wait();
    // Whether the calling thread is one of the server's: a handler's, or one that does a handler's offload().
    [[nodiscard]] bool is_own_thread() const;
    void reopen_log();
    // Answers by another snapshot from now on: each core as soon as its loop turns. Exchanges that have begun end with
    // the routes and limits that they began with.
    //
    // Error: a sentence for the user; nothing has changed. A limit is out of its range, or can't change while the
    // server runs (check_replacement).
    std::expected<void, std::string> replace(const std::shared_ptr<const route::Routes>& routes, const Limits& limits);
    // The same with the present limits, which can't fail.
    void replace(const std::shared_ptr<const route::Routes>& routes);
    // Begins new connections with other certificates from now on. Only for a server that was opened with TLS
    // (asserted).
    void replace_tls(const std::shared_ptr<const tls::ServerContext>& tls);

private:
    struct Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace portico::server
