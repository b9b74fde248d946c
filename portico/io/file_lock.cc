// portico/io/file_lock.cc — see file_lock.h.
#include "portico/io/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace portico::io {
namespace {

constexpr int no_descriptor = -1;

}  // namespace

Result<std::optional<FileLock>> FileLock::try_take(const std::string& path) {
    const int number = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (number < 0) return fail(errno, "open");
    FileLock lock(number);
    while (::flock(number, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return std::nullopt;
        if (errno != EINTR) return fail(errno, "flock");
    }
    return std::optional(std::move(lock));
}

FileLock::FileLock(FileLock&& other) noexcept : number_(std::exchange(other.number_, no_descriptor)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

FileLock::~FileLock() {
    if (number_ != no_descriptor) ::close(number_);
}

}  // namespace portico::io
