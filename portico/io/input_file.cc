// portico/io/input_file.cc — see input_file.h.
#include "portico/io/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "portico/io/descriptors.h"

namespace portico::io {

Result<InputFile> InputFile::open(const std::string& path) {
    std::optional<Fd> opened = owned(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened) return fail(errno, "open");
    InputFile file(*std::move(opened));
    struct stat status{};
    if (::fstat(file.file_.number(), &status) != 0) return fail(errno, "fstat");
    if (S_ISDIR(status.st_mode)) return fail(EISDIR, "open");
    if (S_ISREG(status.st_mode)) file.octets_ = static_cast<std::uint64_t>(status.st_size);
    return file;
}

Result<std::size_t> InputFile::read_at(std::uint64_t offset, std::span<char> room) const {
    for (;;) {
        const ssize_t octets = octets_ ? ::pread(file_.number(), room.data(), room.size(), static_cast<off_t>(offset))
                                       : ::read(file_.number(), room.data(), room.size());
        if (octets >= 0) return static_cast<std::size_t>(octets);
        if (errno != EINTR) return fail(errno, "read");
    }
}

}  // namespace portico::io
