// portico/io/input_file.cc — see input_file.h.
#include "portico/io/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace portico::io {
namespace {

constexpr int moved = -1;

}  // namespace

Result<InputFile> InputFile::open(const std::string& path) {
    const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (number < 0) return fail(errno, "open");
    InputFile file(number);
    struct stat status{};
    if (::fstat(number, &status) != 0) return fail(errno, "fstat");
    if (S_ISDIR(status.st_mode)) return fail(EISDIR, "open");
    if (S_ISREG(status.st_mode)) file.octets_ = static_cast<std::uint64_t>(status.st_size);
    return file;
}

InputFile::InputFile(InputFile&& other) noexcept
    : number_(std::exchange(other.number_, moved)), octets_(other.octets_) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
    std::swap(number_, other.number_);
    std::swap(octets_, other.octets_);
    return *this;
}

InputFile::~InputFile() {
    if (number_ != moved) ::close(number_);
}

Result<std::size_t> InputFile::read_at(std::uint64_t offset, std::span<char> room) const {
    for (;;) {
        const ssize_t octets = octets_ ? ::pread(number_, room.data(), room.size(), static_cast<off_t>(offset))
                                       : ::read(number_, room.data(), room.size());
        if (octets >= 0) return static_cast<std::size_t>(octets);
        if (errno != EINTR) return fail(errno, "read");
    }
}

}  // namespace portico::io
