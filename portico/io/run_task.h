// portico/io/run_task.h — runs one task to its end: for programs with a single task, and for tests.
//
// Room io: see error.h.
// Threads:   the core's.
#pragma once

#include <optional>
#include <utility>

#include "portico/io/core.h"
#include "portico/io/scope.h"

namespace portico::io {

// Stores the task's result, and then stops the core. run_task() starts this.
template <class T>
Task<void> keep_result(Core& core, Task<T> task, std::optional<T>& result) {
    T value = co_await task;
    result.emplace(std::move(value));
    core.stop();
}

// Runs the core until the task has ended, and returns the task's value; T is not void. The core's other tasks run in
// the meantime; afterwards they wait until the core runs again.
template <class T>
T run_task(Core& core, Task<T> task) {
    std::optional<T> result;
    Scope scope;
    scope.start(keep_result(core, std::move(task), result));
    core.run();
    return *std::move(result);
}

}  // namespace portico::io
