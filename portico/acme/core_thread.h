// portico/acme/core_thread.h — a core on a thread of its own, for tasks that go on beside a server.
//
// Room acme: see base64url.h.
// Threads:   see each function.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <thread>

#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/io/kernel.h"
#include "portico/io/scope.h"

namespace portico::acme {

class CoreThread {
public:
    // A core whose thread has not been started. Error: why the kernel gives none.
    [[nodiscard]] static std::expected<std::unique_ptr<CoreThread>, std::string> make();
    explicit CoreThread(std::unique_ptr<io::Kernel> kernel);
    CoreThread(const CoreThread&) = delete;
    CoreThread& operator=(const CoreThread&) = delete;
    ~CoreThread() { end(); }

    // For the thread once it has been started, except for Core::post().
    [[nodiscard]] io::Core& core() { return core_; }
    [[nodiscard]] io::Scope& tasks() { return tasks_; }

    // Starts the thread. Error: why there is none.
    [[nodiscard]] std::expected<void, std::string> start();
    // Asks the tasks to stop, and waits until they and the thread have ended. Call it before what the tasks use is
    // destroyed. For the thread that owns the object.
    void end();

private:
    Task<void> stop_after_tasks();

    std::unique_ptr<io::Kernel> kernel_;
    io::Core core_;
    io::Scope tasks_;
    io::Scope ending_;
    std::thread thread_;
};

}  // namespace portico::acme
