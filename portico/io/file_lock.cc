// portico/io/file_lock.cc — see file_lock.h.
#include "portico/io/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "portico/io/descriptors.h"

namespace portico::io {

Result<std::optional<FileLock>> FileLock::try_take(const std::string& path) {
    std::optional<Fd> file = owned(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return fail(errno, "open");
    while (::flock(file->number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return std::nullopt;
        if (errno != EINTR) return fail(errno, "flock");
    }
    return FileLock(*std::move(file));
}

}  // namespace portico::io
