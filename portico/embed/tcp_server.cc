// portico/embed/tcp_server.cc — see tcp_server.h.
#include "portico/embed/tcp_server.h"

#include <algorithm>
#include <cerrno>
#include <list>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "portico/embed/connection_state.h"
#include "portico/embed/service_run.h"
#include "portico/embed/tell.h"
#include "portico/io/gate.h"
#include "portico/io/net/endpoint.h"
#include "portico/io/net/own_names.h"
#include "portico/io/scope.h"
#include "portico/server/population.h"
#include "portico/server/server_certificates.h"
#include "portico/server/web_endpoint.h"
#include "portico/services/serve.h"

namespace portico {
namespace {

using Tls = std::shared_ptr<const tls::ServerContext>;

// While the server ends, its listeners stay open for so long: a client's handshake may be in progress.
constexpr auto last_call_time = std::chrono::milliseconds(100);
// After an accept that failed for a reason that will not go away by itself, so that the loop does not spin.
constexpr io::Duration failure_pause_min = std::chrono::milliseconds(10);

std::expected<std::unique_ptr<server::ServerCertificates>, std::string> open_certificates(const TcpOptions& options) {
    server::CertificatePlan plan;
    const bool has_files = !options.certificates.empty();
    plan.use = has_files ? server::CertificateUse::files : server::CertificateUse::local;
    plan.files = options.certificates;
    if (!has_files) plan.names = io::names_of_this_machine();
    plan.names.insert(plan.names.end(), options.local_names.begin(), options.local_names.end());
    plan.offer = server::Applications::listed;
    plan.applications = options.applications;
    auto keys = server::TicketKeySource::open("", std::chrono::steady_clock::now());
    if (!keys) return std::unexpected(keys.error().message);
    const auto tell_operator = [log = share(options.log)](const auto& news) { tell(log.get(), news.message); };
    auto opened = server::ServerCertificates::open(std::move(plan), *std::move(keys), tell_operator);
    if (!opened) return std::unexpected(opened.error().message);
    return *std::move(opened);
}

// What all cores of a server share. It outlives them.
struct Shared {
    Shared(ServeConnection the_function, TcpOptions the_options)
        : serve(std::move(the_function)),
          options(std::move(the_options)),
          population(options.connections_max, options.connections_per_address_max) {}
    const ServeConnection serve;
    const TcpOptions options;
    server::Population population;
    std::function<void()> tell_of_room;  // called by any thread when a connection has ended and others may wait
};

// A connection is counted until this is destroyed, on whatever thread.
class Counted {
public:
    // An admitted connection of `peer`. `shared` outlives it.
    Counted(Shared& shared, io::SocketAddress peer) : shared_(&shared), peer_(std::move(peer)) {}
    Counted(Counted&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)), peer_(std::move(other.peer_)) {}
    Counted& operator=(Counted&&) = delete;
    ~Counted() {
        if (shared_ == nullptr) return;
        // Whoever takes the last place but one from the limit tells, even if others leave at the same time.
        const std::size_t before = shared_->population.leave(peer_);
        if (before >= shared_->options.connections_max) shared_->tell_of_room();
    }
    [[nodiscard]] const io::SocketAddress& peer() const { return peer_; }

private:
    Shared* shared_;
    io::SocketAddress peer_;
};

// The connections of one core.
class TcpCore {
public:
    TcpCore(io::Core& core, Shared& shared) : core_(&core), shared_(&shared) {}
    TcpCore(const TcpCore&) = delete;
    TcpCore& operator=(const TcpCore&) = delete;

    [[nodiscard]] io::Core& core() { return *core_; }
    // `tls`: null without.
    void serve(io::Stream stream, Counted counted, Tls tls) {
        if (!is_stopping_) clients_.start(serve_client(std::move(stream), std::move(counted), std::move(tls)));
    }
    void drain();
    void stop();
    // No further connection comes.
    void close() { closed_.open(); }
    // Serves until it is closed and every connection has ended.
    Task<void> work();

private:
    // A connection that is being served, for as long as this lives.
    class Watched {
    public:
        Watched(TcpCore& core, io::Scope& handling, std::shared_ptr<const services::Traffic> traffic)
            : core_(&core), handling_(&handling), traffic_(std::move(traffic)), since_(core.core().now()) {
            core.watched_.emplace(number_ = core.last_number_++, this);
        }
        Watched(const Watched&) = delete;
        Watched& operator=(const Watched&) = delete;
        ~Watched() { core_->watched_.erase(number_); }

        // Whether nothing has passed for so long, as far as calls of this function can tell.
        [[nodiscard]] bool is_idle(std::chrono::milliseconds time_max) {
            const std::uint64_t octets = traffic_->received + traffic_->sent;
            if (std::exchange(seen_, octets) != octets) since_ = core_->core().now();
            return core_->core().now() >= io::later(since_, time_max);
        }
        void begin_again() { since_ = core_->core().now(); }
        void ask_to_stop() { handling_->request_stop(); }

    private:
        TcpCore* core_;
        io::Scope* handling_;
        std::shared_ptr<const services::Traffic> traffic_;
        std::uint64_t number_ = 0;
        std::uint64_t seen_ = 0;
        io::TimePoint since_;
    };

    Task<void> serve_client(io::Stream stream, Counted counted, Tls tls);
    Task<void> shake_hands_and_call(std::unique_ptr<Connection::State> state);
    // The function itself may throw, and so may its task.
    Task<void> call(std::unique_ptr<Connection::State> state) {
        Connection connection(std::move(state));
        co_await shared_->serve(std::move(connection));
    }
    Task<void> end_idle_ones();
    Task<void> stop_after(std::chrono::milliseconds time);
    [[nodiscard]] std::chrono::milliseconds idle_max() const {
        return is_draining_ ? shared_->options.shutdown_idle_max : shared_->options.idle_max;
    }

    io::Core* core_;
    Shared* shared_;
    bool is_draining_ = false;
    bool is_stopping_ = false;
    std::uint64_t last_number_ = 0;
    std::map<std::uint64_t, Watched*> watched_;
    io::Gate idle_time_changed_;
    io::Gate closed_;
    io::Scope clients_;
    io::Scope chores_;
};

Task<void> TcpCore::serve_client(io::Stream stream, Counted counted, Tls tls) {
    link::Transport transport(std::move(stream));
    auto state = std::make_unique<Connection::State>(std::move(transport), counted.peer());
    if (tls != nullptr) state->transport.protect(tls->make_session(core_->buffers()));
    io::Scope handling;
    const Watched watched(*this, handling, state->traffic);
    handling.start(guarded(*core_, tls != nullptr ? shake_hands_and_call(std::move(state)) : call(std::move(state))));
    co_await handling.join();
}

Task<void> TcpCore::shake_hands_and_call(std::unique_ptr<Connection::State> state) {
    const io::TimePoint deadline = io::later(core_->now(), shared_->options.handshake_time_max);
    const io::Result<void> shaken = co_await state->transport.handshake(std::nullopt, deadline);
    if (shaken) co_await call(std::move(state));
}

Task<void> TcpCore::end_idle_ones() {
    for (;;) {
        const io::TimePoint next = io::later(core_->now(), std::max(idle_max() / 4, std::chrono::milliseconds(1)));
        const io::Result<void> waited = co_await idle_time_changed_.wait(*core_, next);
        if (!waited && waited.error().number == ECANCELED) co_return;
        // A task that is asked to stop may end at once, and others with it.
        std::vector<std::uint64_t> idle;
        for (const auto& [number, watched] : watched_) {
            if (watched->is_idle(idle_max())) idle.push_back(number);
        }
        for (const std::uint64_t number : idle) {
            const auto at = watched_.find(number);
            if (at != watched_.end()) at->second->ask_to_stop();
        }
    }
}

Task<void> TcpCore::stop_after(std::chrono::milliseconds time) {
    const bool slept = co_await io::sleep_until(*core_, io::later(core_->now(), time));
    if (slept) stop();
}

void TcpCore::drain() {
    if (std::exchange(is_draining_, true)) return;
    for (const auto& [number, watched] : watched_) watched->begin_again();
    idle_time_changed_.open();
    chores_.start(stop_after(shared_->options.shutdown_time_max));
}

void TcpCore::stop() {
    is_stopping_ = true;
    clients_.request_stop();
}

Task<void> TcpCore::work() {
    chores_.start(end_idle_ones());
    const io::Result<void> closed = co_await closed_.wait(*core_, io::never);
    static_cast<void>(closed);
    co_await clients_.join();
    chores_.request_stop();
    co_await chores_.join();
}

// The first core accepts, and hands out connections to all of them in turn.
class Accepting {
public:
    Accepting(std::vector<std::unique_ptr<TcpCore>>& cores, Shared& shared) : cores_(&cores), shared_(&shared) {}
    Accepting(const Accepting&) = delete;
    Accepting& operator=(const Accepting&) = delete;

    void add(services::OpenEndpoint opened);
    void drain();
    void stop() { acceptors_.request_stop(); }
    void tell_of_room() {
        for (Open& open : listeners_) open.room.open();
    }
    // Accepts until drain() or stop().
    Task<void> work();

private:
    struct Open {
        Open(io::Listener the_listener, std::shared_ptr<const services::PresentTls> the_tls)
            : listener(std::move(the_listener)), tls(std::move(the_tls)) {}
        std::optional<io::Listener> listener;             // empty once it is closed
        std::shared_ptr<const services::PresentTls> tls;  // null without
        io::Gate room;                                    // opened when a connection has ended
        io::Operation* wait = nullptr;                    // the accept, or null
        io::TimePoint last_call = io::never;
    };

    Task<void> accept_clients(Open& open);
    Task<bool> wait_for_room(Open& open);
    void admit(io::Accepted accepted, const Open& open);
    [[nodiscard]] io::Core& core() { return cores_->front()->core(); }

    std::vector<std::unique_ptr<TcpCore>>* cores_;
    Shared* shared_;
    bool is_draining_ = false;
    std::size_t next_core_ = 0;
    std::list<Open> listeners_;
    io::Scope acceptors_;
};

void Accepting::add(services::OpenEndpoint opened) {
    if (auto* const secure = std::get_if<services::SecureListener>(&opened)) {
        listeners_.emplace_back(std::move(secure->listener), std::move(secure->tls));
    } else {
        listeners_.emplace_back(std::move(std::get<io::Listener>(opened)), nullptr);
    }
}

// False if there is none, and the server ends.
Task<bool> Accepting::wait_for_room(Open& open) {
    while (shared_->population.count() >= shared_->options.connections_max) {
        if (is_draining_) co_return false;
        const io::Result<void> opened = co_await open.room.wait(core(), io::never);
        if (!opened) co_return false;
    }
    co_return true;
}

void Accepting::admit(io::Accepted accepted, const Open& open) {
    using Admission = server::Population::Admission;
    const Admission admission = shared_->population.enter(accepted.peer);
    if (admission == Admission::address_full) return;
    // Another listener's acceptor has taken the last place in the meantime.
    if (admission == Admission::full) shared_->population.enter_instead(accepted.peer);
    Counted counted(*shared_, std::move(accepted.peer));
    Tls tls = open.tls == nullptr ? nullptr : open.tls->context;
    TcpCore& chosen = *(*cores_)[next_core_++ % cores_->size()];
    if (&chosen.core() == &core()) {
        chosen.serve(std::move(accepted.stream), std::move(counted), std::move(tls));
        return;
    }
    chosen.core().post([&chosen, stream = std::move(accepted.stream).detach(), counted = std::move(counted),
                        tls = std::move(tls)]() mutable {
        chosen.serve(io::Stream::attach(chosen.core(), std::move(stream)), std::move(counted), std::move(tls));
    });
}

Task<void> Accepting::accept_clients(Open& open) {
    for (;;) {
        const bool has_room = co_await wait_for_room(open);
        if (!has_room) break;
        io::Accept wait = open.listener->accept(open.last_call);
        const bool is_last = is_draining_;
        open.wait = &wait;
        io::Result<io::Accepted> accepted = co_await wait;
        open.wait = nullptr;
        if (accepted) {
            admit(std::move(*accepted), open);
            continue;
        }
        const int failure = accepted.error().number;
        if (failure == ECANCELED && is_draining_ && !is_last) continue;  // draining has begun
        if (failure == ECANCELED || failure == ETIMEDOUT) break;
        tell_of_error(core(), "can't accept: " + io::describe(accepted.error()));
        const io::Duration pause = std::max(io::accept_pause(accepted.error()), failure_pause_min);
        const bool slept = co_await io::sleep_for(core(), pause);
        if (!slept) break;
    }
    open.listener.reset();
}

void Accepting::drain() {
    if (std::exchange(is_draining_, true)) return;
    for (Open& open : listeners_) {
        if (!open.listener) continue;
        open.listener->refuse_new_connections();
        // A Unix client is in the queue once it has connected. A TCP client's handshake may be in progress.
        const bool is_unix = open.listener->local().family == io::Family::unix_path;
        open.last_call = is_unix ? core().now() : core().now() + last_call_time;
        if (open.wait != nullptr) open.wait->stop_waiting();
        open.room.open();
    }
}

Task<void> Accepting::work() {
    for (Open& open : listeners_) acceptors_.start(accept_clients(open));
    co_await acceptors_.join();
    for (const auto& core : *cores_) core->core().post([own = core.get()] { own->close(); });
}

class RunningTcp final : public RunningService {
public:
    RunningTcp(std::unique_ptr<ServiceThreads> threads, ServeConnection serve, const TcpOptions& options)
        : shared_(std::move(serve), options), threads_(std::move(threads)), accepting_(cores_, shared_) {
        for (std::size_t i = 0; i < threads_->size(); ++i) {
            cores_.push_back(std::make_unique<TcpCore>(threads_->core(i), shared_));
        }
        shared_.tell_of_room = [this] { first().post([this] { accepting_.tell_of_room(); }); };
    }
    ~RunningTcp() override {
        RunningTcp::stop_now();
        threads_->join();
    }

    std::expected<void, std::string> listen(const server::WebEndpoint& where, std::string_view shown);
    std::expected<void, std::string> begin() override;
    void drain() override {
        first().post([this] { accepting_.drain(); });
        tell_all([](TcpCore& core) { core.drain(); });
    }
    void stop_now() override {
        first().post([this] { accepting_.stop(); });
        tell_all([](TcpCore& core) { core.stop(); });
    }
    ServiceThreads& threads() override { return *threads_; }

private:
    [[nodiscard]] io::Core& first() { return threads_->core(0); }
    template <class Message>
    void tell_all(Message message) {
        for (const auto& core : cores_) core->core().post([own = core.get(), message] { message(*own); });
    }
    Task<void> work(std::size_t number) {
        if (number > 0) return cores_[number]->work();
        return work_first();
    }
    Task<void> work_first() {
        io::Scope accepting;
        accepting.start(accepting_.work());
        co_await cores_.front()->work();
        co_await accepting.join();
    }

    Shared shared_;  // mailboxes may hold connections that are counted
    std::unique_ptr<ServiceThreads> threads_;
    std::vector<std::unique_ptr<TcpCore>> cores_;
    Accepting accepting_;
    std::shared_ptr<services::PresentTls> tls_;                 // null without; used by the first core
    std::unique_ptr<server::ServerCertificates> certificates_;  // the same
};

std::expected<void, std::string> RunningTcp::listen(const server::WebEndpoint& where, std::string_view shown) {
    if (where.speech == server::Speech::tls) {
        auto made = open_certificates(shared_.options);
        if (!made) return std::unexpected("no TLS at " + std::string(shown) + ": " + made.error());
        certificates_ = *std::move(made);
        tls_ = std::make_shared<services::PresentTls>(certificates_->context());
    }
    std::vector<services::OpenEndpoint> opened;
    const auto open = services::open_endpoint(first(), where.endpoint, opened, tls_);
    if (!open) return std::unexpected("can't listen on " + std::string(shown) + ": " + open.error().message);
    note(opened);
    for (services::OpenEndpoint& one : opened) accepting_.add(std::move(one));
    return {};
}

std::expected<void, std::string> RunningTcp::begin() {
    auto started = threads_->start([this](std::size_t number) { return work(number); });
    if (!started || certificates_ == nullptr) return started;
    certificates_->keep(
        [this](const auto& renewed) { first().post([tls = tls_, renewed] { tls->context = renewed; }); });
    return {};
}

// The option that makes no sense, or nothing.
std::string_view nonsense_in(const TcpOptions& options) {
    constexpr std::chrono::milliseconds none(0);
    if (options.connections_max == 0) return "connections_max";
    if (options.connections_per_address_max == 0) return "connections_per_address_max";
    if (options.handshake_time_max <= none) return "handshake_time_max";
    if (options.idle_max <= none) return "idle_max";
    return {};
}

std::expected<server::WebEndpoint, std::string> endpoint_for_streams(std::string_view text) {
    const std::string shown = "'" + std::string(text) + "' ";
    auto where = server::parse_web_endpoint(text);
    if (!where) return std::unexpected(shown + "is not an endpoint: " + where.error().message);
    const io::EndpointScheme scheme = where->endpoint.scheme;
    if (scheme != io::EndpointScheme::tcp && scheme != io::EndpointScheme::unix_stream) {
        return std::unexpected(shown + "is not an endpoint for streams: write HOST:PORT or unix:PATH");
    }
    return *std::move(where);
}

Opening open(std::string_view endpoint, const ServeConnection& serve, const TcpOptions& options) {
    const std::string_view nonsense = nonsense_in(options);
    if (!nonsense.empty()) return std::unexpected("TcpOptions::" + std::string(nonsense) + " must be above zero");
    const auto where = endpoint_for_streams(endpoint);
    if (!where) return std::unexpected(where.error());
    auto threads = ServiceThreads::open(options.threads, share(options.log));
    if (!threads) return std::unexpected(threads.error());
    auto running = std::make_unique<RunningTcp>(*std::move(threads), serve, options);
    const auto listens = running->listen(*where, endpoint);
    if (!listens) return std::unexpected(listens.error());
    return running;
}

}  // namespace

TcpServer::TcpServer(ServeConnection serve, TcpOptions options)
    : SocketServer(std::make_shared<Own>(
          [serve = std::move(serve), options](std::string_view endpoint) { return open(endpoint, serve, options); },
          options.announces, options.log)) {}

}  // namespace portico
