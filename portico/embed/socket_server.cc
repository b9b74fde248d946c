// portico/embed/socket_server.cc — see socket_server.h.
#include "portico/embed/socket_server.h"

#include <signal.h>

#include <cassert>
#include <mutex>
#include <utility>

#include "portico/base/stop_state.h"
#include "portico/embed/service_run.h"
#include "portico/embed/tell.h"
#include "portico/io/descriptor_limit.h"
#include "portico/io/signals.h"

namespace portico {

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

}  // namespace portico
