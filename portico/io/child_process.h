// portico/io/child_process.h — another program, which this one starts and waits for.
//
// Room io: see error.h.
// Threads:   one at a time. No call waits for the program.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "portico/io/error.h"

namespace portico::io {

// Runs in a process group of its own. Its standard input is empty; both of its outputs go to this program's standard
// error. When this object is destroyed, the program and what it has started are killed.
class ChildProcess {
public:
    // Starts `words.front()`, found in PATH unless it has a slash, with the other words as its arguments: no shell
    // reads them. Errors: ENOENT, EACCES and others of execve(2).
    static Result<ChildProcess> start(const std::vector<std::string>& words);
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&& other) noexcept;
    ~ChildProcess();

    // The exit code of a program that has ended, or 128 and the number of the signal that ended it; nothing while it
    // runs.
    [[nodiscard]] std::optional<int> ended();

private:
    explicit ChildProcess(int id) : id_(id) {}

    int id_;
    std::optional<int> code_;
};

}  // namespace portico::io
