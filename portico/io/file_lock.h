// portico/io/file_lock.h — a lock that processes hold on a file.
//
// Room io: see error.h.
// Threads:   any.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "portico/base/fd.h"
#include "portico/io/error.h"

namespace portico::io {

// Holds the lock while it exists (flock(2)). The kernel gives the lock back if the process dies.
class FileLock {
public:
    // Locks the file at `path`, which is made if there is none (mode 0600) and stays. Nothing if the lock is held, by
    // another process or another object of this one.
    static Result<std::optional<FileLock>> try_take(const std::string& path);

private:
    explicit FileLock(Fd file) : file_(std::move(file)) {}

    Fd file_;  // the kernel gives the lock back when it is closed
};

}  // namespace portico::io
