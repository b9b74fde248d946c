// portico/server/server.cc — see server.h.
#include "portico/server/server.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <semaphore>
#include <thread>
#include <utility>

#include "portico/base/quantity.h"
#include "portico/io/core.h"
#include "portico/io/core_handle.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/gate.h"
#include "portico/io/per_core.h"
#include "portico/io/thread.h"
#include "portico/server/population.h"
#include "portico/server/worker.h"

namespace portico::server {
namespace {

// One core with its thread. Members are destroyed from the last to the first.
struct CoreThread {
    CoreThread(std::unique_ptr<io::Kernel> the_kernel, std::size_t memory_max)
        : kernel(std::move(the_kernel)), core(*kernel, memory_max) {}
    CoreThread(const CoreThread&) = delete;
    CoreThread& operator=(const CoreThread&) = delete;
    ~CoreThread() {
        if (!thread.joinable()) return;  // it has served and has been joined
        may_begin.release();
        thread.join();
    }

    std::unique_ptr<io::Kernel> kernel;
    io::Core core;
    std::unique_ptr<Worker> worker;
    std::vector<io::Listener> listeners;            // until serving begins
    std::vector<io::Listener> redirecting;          // the same
    std::shared_ptr<const tls::ServerContext> tls;  // of all of them; may be null
    CoreWork* work = nullptr;                       // besides requests; may be null
    unsigned number = 0;                            // from 0
    unsigned cores = 1;                             // how many there are
    std::expected<void, std::string> begun;         // what the work's begin() has returned
    std::binary_semaphore has_begun{0};             // `begun` has been written
    bool may_serve = false;                         // the core's; decided before `decided` is opened
    io::Gate decided;                               // the core's
    std::binary_semaphore may_begin{0};             // the thread waits for it before anything else
    bool serves = false;                            // written before `may_begin` is released
    std::thread thread;
    std::thread::id thread_id;  // a copy: join() on one thread writes the member that another thread would read
};

Task<void> begin_work(CoreThread& own) {
    own.begun = co_await own.work->begin(own.core, own.number);
    own.has_begun.release();
    const io::Result<void> decided = co_await own.decided.wait(own.core, io::never);
    static_cast<void>(decided);
}

void accept_connections(CoreThread& own) {
    for (io::Listener& listener : own.listeners) own.worker->serve(std::move(listener), own.tls);
    own.listeners.clear();
    for (io::Listener& listener : own.redirecting) own.worker->redirect(std::move(listener));
    own.redirecting.clear();
}

std::uint16_t first_port(const std::vector<io::SocketAddress>& addresses) {
    const auto at =
        std::ranges::find_if(addresses, [](const auto& one) { return one.family != io::Family::unix_path; });
    return at == addresses.end() ? 0 : at->port;
}

// The core's whole life.
Task<void> live(CoreThread& own) {
    if (own.work != nullptr) co_await begin_work(own);
    if (own.work == nullptr || own.may_serve) {
        accept_connections(own);
        if (own.work != nullptr) own.work->serving(own.core, own.number, own.cores);
        co_await own.worker->ended();
    }
    if (own.work != nullptr) co_await own.work->end(own.core, own.number);
    own.core.stop();
}

// Tells a core that has begun whether it serves.
void decide(CoreThread& own, bool may_serve) {
    own.core.post([&own, may_serve] {
        own.may_serve = may_serve;
        own.decided.open();
    });
}

void run(CoreThread& own) {
    own.may_begin.acquire();
    if (!own.serves) return;
    io::Scope until_ended;
    until_ended.start(live(own));
    own.core.run();
    io::CoreHandle::close(own.core);
    io::end_per_core(own.core);
}

// The thread begins.
void release(CoreThread& own) {
    own.serves = true;
    own.may_begin.release();
}

// How long the kernel keeps a silent connection to itself. It can't be less.
constexpr std::chrono::seconds silence_unseen{1};

// Cores share a port by having a listening socket each; the kernel distributes connections among them. The option for
// that would also let a second server of the same user share the port unnoticed, so the port is first bound without it.
io::Result<void> check_port_is_free(io::Core& core, const io::SocketAddress& local) {
    if (local.family == io::Family::unix_path || local.port == 0) return {};
    // It never listens: a client that connected in this moment would be reset.
    io::ListenOptions options;
    options.port_use = io::PortUse::tested;
    const io::Result<io::Listener> probe = io::Listener::open(core, local, options);
    if (!probe) return std::unexpected(probe.error());
    return {};
}

}  // namespace

struct Server::Impl {
    Impl(const ServerOptions& options, std::shared_ptr<const route::Routes> routes,
         std::unique_ptr<AccessLog> access_log)
        : snapshot(std::make_shared<const Snapshot>(Snapshot{std::move(routes), options.limits, nullptr})),
          population(options.limits.connections_max, options.limits.connections_per_address_max),
          log(std::move(access_log)),
          tls(options.tls),
          work(options.work),
          hsts(options.strict_transport_security) {}

    [[nodiscard]] const Limits& limits() const { return snapshot->limits; }
    io::Result<void> open_cores(unsigned count);
    std::expected<void, std::string> start_with_work();
    // Adds them to `listeners` of each core, and the address to `addresses`.
    io::Result<void> open_listeners(const io::SocketAddress& wanted, std::vector<io::Listener> CoreThread::* listeners,
                                    std::vector<io::SocketAddress>& addresses);
    // The snapshot that has these routes and limits.
    [[nodiscard]] std::shared_ptr<const Snapshot> make_snapshot(std::shared_ptr<const route::Routes> routes,
                                                                const Limits& limits) const;
    template <class Message>
    void tell(Message message);

    // Written by open() and replace(), by one thread at a time; each core holds the one that it was told.
    std::shared_ptr<const Snapshot> snapshot;
    Population population;
    std::unique_ptr<AccessLog> log;
    std::shared_ptr<const tls::ServerContext> tls;
    CoreWork* work;  // may be null
    std::optional<std::chrono::seconds> hsts;
    std::vector<std::unique_ptr<CoreThread>> cores;
    std::vector<io::SocketAddress> local;
    std::vector<io::SocketAddress> redirecting;
    std::function<std::shared_ptr<const route::Routes>(std::uint16_t, const route::Routes&)> make_redirecting;
    std::atomic<bool> has_started = false;
};

std::shared_ptr<const Snapshot> Server::Impl::make_snapshot(std::shared_ptr<const route::Routes> routes,
                                                            const Limits& limits) const {
    Snapshot made{std::move(routes), limits, nullptr};
    if (make_redirecting) made.redirecting = make_redirecting(first_port(local), *made.routes);
    return std::make_shared<const Snapshot>(std::move(made));
}

io::Result<void> Server::Impl::open_cores(unsigned count) {
    io::EpollOptions epoll;
    epoll.helpers_max = static_cast<unsigned>(limits().helpers_max);
    for (unsigned i = 0; i < count; ++i) {
        io::Result<std::unique_ptr<io::Kernel>> kernel = io::make_epoll_kernel(epoll);
        if (!kernel) return std::unexpected(kernel.error());
        cores.push_back(std::make_unique<CoreThread>(std::move(*kernel), limits().memory_max / count));
        CoreThread& own = *cores.back();
        AccessLog* const recorded = log->is_off() ? nullptr : log.get();
        own.worker = std::make_unique<Worker>(own.core, snapshot->routes, limits(), population, recorded, i);
        own.tls = tls;
        own.work = work;
        own.number = i;
        own.cores = count;
        if (hsts) own.worker->inbound().set_strict_transport_security("max-age=" + std::to_string(hsts->count()));
        // Here rather than in start(), which can't fail: a server that has reported its addresses must have its
        // threads.
        auto thread = io::start_thread([&own] { run(own); }, io::ThreadSignals::inherited);
        if (!thread) return std::unexpected(thread.error());
        own.thread = *std::move(thread);
        own.thread_id = own.thread.get_id();
    }
    return {};
}

// Opens a listening socket on each core. Only one socket can have a Unix path: it belongs to the first core.
io::Result<void> Server::Impl::open_listeners(const io::SocketAddress& wanted,
                                              std::vector<io::Listener> CoreThread::* listeners,
                                              std::vector<io::SocketAddress>& addresses) {
    io::ListenOptions options;
    options.port_use = cores.size() > 1 ? io::PortUse::shared : io::PortUse::alone;
    options.send_limits.unsent_octets_max = limits().unsent_octets_max;
    options.send_limits.unacknowledged_octets_max = limits().unacknowledged_octets_max;
    // An HTTP client sends first. Being notified only then saves a wake-up, a useless read and a registration, which is
    // a third of the cost of a connection with one request. A silent connection is accepted a second late, which would
    // distort a short head_time_max.
    if (limits().head_time_max >= 10 * silence_unseen) options.defer_accept = silence_unseen;
    if (options.port_use == io::PortUse::shared) {
        const io::Result<void> is_free = check_port_is_free(cores.front()->core, wanted);
        if (!is_free) return is_free;
    }
    io::SocketAddress address = wanted;
    const std::size_t sockets = wanted.family == io::Family::unix_path ? 1 : cores.size();
    for (std::size_t i = 0; i < sockets; ++i) {
        io::Result<io::Listener> listener = io::Listener::open(cores[i]->core, address, options);
        if (!listener) return std::unexpected(listener.error());
        address = listener->local();
        (*cores[i].*listeners).push_back(std::move(*listener));
    }
    addresses.push_back(address);
    return {};
}

// The first core begins, then the others at once; if all have, they serve.
std::expected<void, std::string> Server::Impl::start_with_work() {
    std::expected<void, std::string> begun;
    std::size_t running = 0;
    for (const std::size_t wanted : {std::size_t{1}, cores.size()}) {
        const std::size_t before = running;
        for (; running < wanted; ++running) release(*cores[running]);
        for (std::size_t i = before; i < running; ++i) {
            cores[i]->has_begun.acquire();
            if (begun) begun = cores[i]->begun;
        }
        if (!begun) break;
    }
    has_started = begun.has_value();
    for (std::size_t i = 0; i < running; ++i) decide(*cores[i], begun.has_value());
    if (begun) return begun;
    for (std::size_t i = 0; i < running; ++i) cores[i]->thread.join();
    return begun;
}

// Calls `message` with each worker, on the worker's own thread.
template <class Message>
void Server::Impl::tell(Message message) {
    for (const auto& own : cores) own->core.post([worker = own->worker.get(), message] { message(*worker); });
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
    stop_now();
    wait();
}

namespace {

// A core with less memory than this can't hold the buffers for a few requests.
constexpr std::size_t memory_of_a_core_min = 256 * 1024;

std::expected<void, std::string> check_memory(const Limits& limits, unsigned threads) {
    const std::size_t least = threads * memory_of_a_core_min;
    if (limits.memory_max >= least) return {};
    return std::unexpected("memory_max: " + octets_text(limits.memory_max) + " is too small for " +
                           std::to_string(threads) + " threads; the least is " + octets_text(least));
}

}  // namespace

std::expected<std::unique_ptr<Server>, OpenError> Server::open(const ServerOptions& options,
                                                               const std::shared_ptr<const route::Routes>& routes) {
    const StopState::OutsideChains here;  // the caller may be a task, and the server's scopes are not its own
    const unsigned threads = std::max(1U, options.threads);
    auto checked = check_limits(options.limits);
    if (checked) checked = check_memory(options.limits, threads);
    if (!checked) {
        OpenError error;
        error.what = OpenError::What::limits;
        error.message = checked.error();
        return std::unexpected(std::move(error));
    }
    auto log = AccessLog::open(options.log, threads);
    if (!log) {
        OpenError error;
        error.what = OpenError::What::log;
        error.message = std::move(log.error());
        return std::unexpected(std::move(error));
    }
    auto impl = std::make_unique<Impl>(options, routes, std::move(*log));
    const io::Result<void> opened = impl->open_cores(threads);
    if (!opened) {
        OpenError error;
        error.error = opened.error();
        return std::unexpected(std::move(error));
    }
    const auto cannot_listen = [](const io::SocketAddress& address, const io::Error& reason) {
        OpenError error;
        error.what = OpenError::What::listen;
        error.address = address;
        error.error = reason;
        return std::unexpected(std::move(error));
    };
    for (const io::SocketAddress& address : options.listen) {
        const auto listening = impl->open_listeners(address, &CoreThread::listeners, impl->local);
        if (!listening) return cannot_listen(address, listening.error());
    }
    for (const io::SocketAddress& address : options.redirect) {
        const auto listening = impl->open_listeners(address, &CoreThread::redirecting, impl->redirecting);
        if (!listening) return cannot_listen(address, listening.error());
    }
    if (!options.redirect.empty()) {
        assert(options.redirecting && "it says what is answered there");
        impl->make_redirecting = options.redirecting;
        impl->snapshot = impl->make_snapshot(routes, options.limits);
        for (const auto& own : impl->cores) own->worker->replace(impl->snapshot);
    }
    return std::unique_ptr<Server>(new Server(std::move(impl)));
}

const std::vector<io::SocketAddress>& Server::local() const { return impl_->local; }
const std::vector<io::SocketAddress>& Server::redirecting() const { return impl_->redirecting; }

Limits Server::limits() const { return impl_->limits(); }

std::expected<void, std::string> Server::start() {
    if (impl_->work != nullptr) return impl_->start_with_work();
    impl_->has_started = true;
    for (const auto& own : impl_->cores) release(*own);
    return {};
}

void Server::drain() {
    impl_->tell([](Worker& worker) { worker.drain(); });
}
void Server::drain(std::chrono::milliseconds time_max) {
    impl_->tell([time_max](Worker& worker) { worker.drain(time_max); });
}
void Server::stop_now() {
    impl_->tell([](Worker& worker) { worker.stop(); });
}

bool Server::is_own_thread() const {
    return std::ranges::any_of(impl_->cores, [](const auto& own) {
        return own->thread_id == std::this_thread::get_id() || own->kernel->is_helper_thread();
    });
}

void Server::wait() {
    assert(!is_own_thread() && "a handler can't wait for the server that runs it");
    if (!impl_->has_started) return;
    for (const auto& own : impl_->cores) {
        if (own->thread.joinable()) own->thread.join();
    }
}

std::expected<void, std::string> Server::replace(const std::shared_ptr<const route::Routes>& routes,
                                                 const Limits& limits) {
    auto checked = check_replacement(impl_->limits(), limits);
    if (!checked) return checked;
    impl_->snapshot = impl_->make_snapshot(routes, limits);
    impl_->tell([next = impl_->snapshot](Worker& worker) { worker.replace(next); });
    return {};
}

void Server::replace(const std::shared_ptr<const route::Routes>& routes) {
    const auto replaced = replace(routes, impl_->limits());
    assert(replaced && "the limits are those that it runs with");
    static_cast<void>(replaced);
}

void Server::replace_tls(const std::shared_ptr<const tls::ServerContext>& tls) {
    assert(impl_->tls != nullptr && tls != nullptr);
    impl_->tell([tls](Worker& worker) { worker.replace_tls(tls); });
}

void Server::reopen_log() { impl_->log->reopen(); }

}  // namespace portico::server
