// portico/embed/service_run.h — what TcpServer and UdpServer have in common: threads, starting, stopping and waiting.
//
// Room embed: see response.h. Included by this room's .cc files only.
// Threads:   see each class.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "portico/base/task.h"
#include "portico/embed/socket_server.h"
#include "portico/embed/tell.h"
#include "portico/io/core.h"
#include "portico/io/net/address.h"
#include "portico/services/serve.h"

namespace portico {

// Cores with a thread each. Objects that run on the cores are destroyed before this one, after join().
// Threads:   one; is_own() may be called from any.
class ServiceThreads {
public:
    // Opens the kernels; there are no threads yet. `log`: gets what the cores tell; null: standard error. Error: a
    // sentence.
    static std::expected<std::unique_ptr<ServiceThreads>, std::string> open(unsigned count,
                                                                            const std::shared_ptr<const Log>& log);
    ServiceThreads(const ServiceThreads&) = delete;
    ServiceThreads& operator=(const ServiceThreads&) = delete;
    ~ServiceThreads();

    [[nodiscard]] std::size_t size() const { return threads_.size(); }
    [[nodiscard]] io::Core& core(std::size_t number) { return threads_[number]->core; }
    // Starts a thread for each core that runs it until `work(number)`, which `work` outlives, has ended. Error: a
    // sentence; some of the threads may run.
    std::expected<void, std::string> start(std::function<Task<void>(std::size_t number)> work);
    void join();
    // Whether the calling thread is one of these, or does an offload() for them.
    [[nodiscard]] bool is_own() const;

private:
    struct One {
        explicit One(std::unique_ptr<io::Kernel> the_kernel) : kernel(std::move(the_kernel)), core(*kernel) {}
        std::unique_ptr<io::Kernel> kernel;
        io::Core core;
        std::thread thread;
        std::thread::id id;  // a copy: join() on one thread writes what another would read
    };
    ServiceThreads() = default;

    std::vector<std::unique_ptr<One>> threads_;
    std::function<Task<void>(std::size_t)> work_;
};

// A service that has been opened.
// Threads:   drain() and stop_now() may be called from any, one at a time.
class RunningService {
public:
    RunningService() = default;
    RunningService(const RunningService&) = delete;
    RunningService& operator=(const RunningService&) = delete;
    virtual ~RunningService();

    // Error: a sentence.
    virtual std::expected<void, std::string> begin() = 0;
    // Ends in order.
    virtual void drain() = 0;
    // Ends at once.
    virtual void stop_now() = 0;
    [[nodiscard]] virtual ServiceThreads& threads() = 0;

    // The addresses, and how they are announced: "tls://127.0.0.1:7443".
    std::vector<io::SocketAddress> local;
    std::vector<std::string> texts;

protected:
    // Notes what has been opened.
    void note(const std::vector<services::OpenEndpoint>& opened);
};

// An opened service, or a sentence that says why there is none.
using Opening = std::expected<std::unique_ptr<RunningService>, std::string>;

// Starts a service once, and stops it. It outlives the server's destructor while a stop() is returning.
// Threads:   any.
struct SocketServer::Own {
    Own(std::function<Opening(std::string_view endpoint)> how_to_open, bool is_announced, const Log& the_log)
        : open(std::move(how_to_open)), announces(is_announced), log(share(the_log)) {}
    [[nodiscard]] RunningService* started();  // null before start()

    const std::function<Opening(std::string_view endpoint)> open;
    const bool announces;
    const std::shared_ptr<const Log> log;  // null: standard error
    std::mutex changing;
    std::unique_ptr<RunningService> running;
    unsigned stops_wanted = 0;  // calls of stop()
    std::mutex ending;          // if several threads wait, the first joins
};

// Tells how a function of the program has failed, if it throws: see tell_of_exception().
Task<void> guarded(io::Core& core, Task<void> serving);

}  // namespace portico
