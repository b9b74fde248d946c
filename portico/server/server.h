// portico/server/server.h — the cores, and what they are told together.
//
// Room server: see limits.h.
// Threads:   drain(), stop_now() and reopen_log() may be called from any thread; all else from the one that opened the
//            server.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "portico/io/address.h"
#include "portico/io/error.h"
#include "portico/server/access_log.h"
#include "portico/server/application.h"
#include "portico/server/hosts.h"
#include "portico/server/limits.h"
#include "portico/site/site.h"

namespace portico::server {

class Population;
class Worker;

struct ServerOptions {
    std::vector<io::SocketAddress> listen;  // port 0: any free one
    unsigned threads = 1;                   // cores to use, at least 1
    Limits limits;
    AccessLogOptions log;
    HostOptions hosts;  // every host is answered unless this says otherwise
};

// Why a server did not open.
struct OpenError {
    enum class What : std::uint8_t { limits, listen, log, kernel };
    What what = What::kernel;
    io::SocketAddress address;  // `listen`: which one
    io::Error error{};          // `listen`, `kernel`
    std::string message;        // `limits`, `log`: why, with what to do
};

class Server {
public:
    // Listens; nothing is accepted before start().
    static std::expected<std::unique_ptr<Server>, OpenError> open(const ServerOptions& options,
                                                                  std::shared_ptr<const site::Site> site);
    // The same for a program that answers by itself.
    static std::expected<std::unique_ptr<Server>, OpenError> open(const ServerOptions& options,
                                                                  const MakeApplication& make_application);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();  // stops and waits if that has not been done

    // Where it listens, in the order of the options, with the ports that were chosen.
    [[nodiscard]] const std::vector<io::SocketAddress>& local() const;
    [[nodiscard]] const Limits& limits() const;

    void start();
    // Stops accepting, finishes what is under way, and ends: see Worker::drain(). What takes longer than
    // `time_max` (otherwise, the limit shutdown_time_max) is broken off.
    void drain();
    void drain(std::chrono::milliseconds time_max);
    // Ends at once.
    void stop_now();
    // Waits for the end. Not on one of the server's own threads (asserted), which would wait for itself.
    void wait();
    // Whether the calling thread is one of the server's, as a handler's is.
    [[nodiscard]] bool is_own_thread() const;
    void reopen_log();

private:
    struct Impl;
    using MakeWorker = std::function<std::unique_ptr<Worker>(io::Core& core, const Limits& limits,
                                                             Population& population, AccessLog* log, unsigned number)>;
    static std::expected<std::unique_ptr<Server>, OpenError> open_with(const ServerOptions& options,
                                                                       const MakeWorker& make_worker);
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace portico::server
