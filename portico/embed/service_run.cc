// portico/embed/service_run.cc — see service_run.h.
#include "portico/embed/service_run.h"

#include <signal.h>

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>
#include <variant>

#include "portico/embed/tell.h"
#include "portico/io/core_handle.h"
#include "portico/io/descriptor_limit.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/per_core.h"
#include "portico/io/scope.h"
#include "portico/io/signals.h"
#include "portico/io/thread.h"

namespace portico {
namespace {

Task<void> stop_after(io::Core& core, Task<void> work) {
    co_await std::move(work);
    core.stop();
}

}  // namespace

std::expected<std::unique_ptr<ServiceThreads>, std::string> ServiceThreads::open(
    unsigned count, const std::shared_ptr<const Log>& log) {
    std::unique_ptr<ServiceThreads> made(new ServiceThreads());
    for (unsigned i = 0; i < std::max(1U, count); ++i) {
        auto kernel = io::make_epoll_kernel();
        if (!kernel) return std::unexpected(io::describe(kernel.error()));
        made->threads_.push_back(std::make_unique<One>(*std::move(kernel)));
        if (log != nullptr) tell_to(made->threads_.back()->core, log);
    }
    return made;
}

ServiceThreads::~ServiceThreads() {
    // The last one first: what the mailboxes of the others still hold may post to the first.
    while (!threads_.empty()) threads_.pop_back();
}

std::expected<void, std::string> ServiceThreads::start(std::function<Task<void>(std::size_t)> work) {
    work_ = std::move(work);
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        One& own = *threads_[i];
        const auto run = [this, &own, i] {
            io::Scope working;
            working.start(stop_after(own.core, work_(i)));
            own.core.run();
            io::CoreHandle::close(own.core);
            io::end_per_core(own.core);
        };
        auto thread = io::start_thread(run, io::ThreadSignals::inherited);
        if (!thread) return std::unexpected(io::describe(thread.error()));
        own.thread = *std::move(thread);
        own.id = own.thread.get_id();
    }
    return {};
}

void ServiceThreads::join() {
    for (const auto& own : threads_) {
        if (own->thread.joinable()) own->thread.join();
    }
}

bool ServiceThreads::is_own() const {
    return std::ranges::any_of(threads_, [](const auto& own) {
        return own->id == std::this_thread::get_id() || own->kernel->is_helper_thread();
    });
}

void RunningService::note(const std::vector<services::OpenEndpoint>& opened) {
    for (const services::OpenEndpoint& one : opened) {
        local.push_back(services::local_of(one));
        texts.push_back(services::text_of(one));
    }
}

RunningService* SocketServer::Own::started() {
    const std::lock_guard guard(changing);
    return running.get();
}

SocketServer::SocketServer(std::shared_ptr<Own> own) : own_(std::move(own)) {}

SocketServer::~SocketServer() {
    RunningService* const running = own_->started();
    if (running == nullptr) return;
    running->stop_now();
    const auto ended = wait();
    assert(ended && "a handler does not destroy the server that runs it");
    const std::lock_guard guard(own_->changing);  // the stop() that caused the end may still be returning
    own_->running.reset();
}

std::expected<void, std::string> SocketServer::start(std::string_view endpoint) {
    if (own_->started() != nullptr) return std::unexpected("the server has been started already");
    const StopState::OutsideChains here;  // the caller may be a task, and the service's scopes are not its own
    Opening opened = own_->open(endpoint);
    if (!opened) return std::unexpected(opened.error());
    const std::lock_guard guard(own_->changing);
    auto begun = (*opened)->begin();
    if (!begun) return begun;
    own_->running = *std::move(opened);
    if (own_->stops_wanted > 0) own_->running->drain();
    return {};
}

void SocketServer::stop() {
    const auto own = own_;  // a thread that waits may destroy the server while this call still has to unlock
    const std::lock_guard guard(own->changing);
    const bool is_first = ++own->stops_wanted == 1;
    if (own->running == nullptr) return;
    if (is_first) {
        own->running->drain();
    } else {
        own->running->stop_now();
    }
}

std::expected<void, std::string> SocketServer::wait() {
    const auto own = own_;
    RunningService* const running = own->started();
    if (running == nullptr) return {};
    if (running->threads().is_own()) {
        return std::unexpected("wait() is called by a handler of the server: it would wait for itself");
    }
    const std::lock_guard guard(own->ending);
    running->threads().join();
    return {};
}

std::vector<io::SocketAddress> SocketServer::local() const {
    const RunningService* const running = own_->started();
    return running == nullptr ? std::vector<io::SocketAddress>() : running->local;
}

std::uint16_t SocketServer::port() const {
    const auto addresses = local();
    return addresses.empty() ? std::uint16_t{0} : addresses.front().port;
}

int SocketServer::run(std::string_view endpoint) {
    io::raise_descriptor_limit();
    const io::SignalWatcher signals({SIGTERM, SIGINT}, [this](int) { stop(); });
    const auto started = start(endpoint);
    const Log* const log = own_->log.get();
    if (!started) {
        tell(log, started.error());
        return 1;
    }
    // The signal watcher already exists: a program that reads these lines may send a signal at once.
    if (own_->announces) {
        for (const std::string& text : own_->started()->texts) tell(log, "Listening on " + text);
    }
    const auto ended = wait();
    if (ended) return 0;
    tell(log, ended.error());
    return 1;
}

Task<void> guarded(io::Core& core, Task<void> serving) {
    std::exception_ptr exception;
    try {
        co_await std::move(serving);
    } catch (...) {
        exception = std::current_exception();
    }
    if (exception) tell_of_exception(core, "the function that serves a client", exception);
}

}  // namespace portico
