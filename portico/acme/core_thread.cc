// portico/acme/core_thread.cc — see core_thread.h.
#include "portico/acme/core_thread.h"

#include <utility>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/error.h"
#include "portico/io/thread.h"

namespace portico::acme {

std::expected<std::unique_ptr<CoreThread>, std::string> CoreThread::make() {
    auto kernel = io::make_epoll_kernel();
    if (!kernel) return std::unexpected(io::describe(kernel.error()));
    return std::make_unique<CoreThread>(*std::move(kernel));
}

CoreThread::CoreThread(std::unique_ptr<io::Kernel> kernel) : kernel_(std::move(kernel)), core_(*kernel_) {}

std::expected<void, std::string> CoreThread::start() {
    auto thread = io::start_thread([this] { core_.run(); }, io::ThreadSignals::blocked);
    if (!thread) return std::unexpected(io::describe(thread.error()));
    thread_ = *std::move(thread);
    return {};
}

Task<void> CoreThread::stop_after_tasks() {
    co_await tasks_.join();
    core_.stop();
}

void CoreThread::end() {
    if (!thread_.joinable()) return;
    core_.post([this] {
        tasks_.request_stop();
        ending_.start(stop_after_tasks());
    });
    thread_.join();
}

}  // namespace portico::acme
