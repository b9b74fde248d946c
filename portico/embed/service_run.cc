// portico/embed/service_run.cc — see service_run.h.
#include "portico/embed/service_run.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <variant>

#include "portico/embed/tell.h"
#include "portico/io/core_handle.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/per_core.h"
#include "portico/io/scope.h"
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

RunningService::~RunningService() = default;

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
