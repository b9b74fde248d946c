// portico/io/temporary_file.cc — see temporary_file.h.
#include "portico/io/temporary_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "portico/io/descriptors.h"

namespace portico::io {

TemporaryFile::TemporaryFile(std::string path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}

Result<TemporaryFile> TemporaryFile::create(const std::string& folder) {
    std::string path = folder + "/.portico-XXXXXX";
    std::optional<Fd> file = owned(::mkostemp(path.data(), O_CLOEXEC));
    if (!file) return fail(errno, "mkostemp");
    return TemporaryFile(std::move(path), *std::move(file));
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      file_(std::move(other.file_)),
      is_kept_(std::exchange(other.is_kept_, true)) {}

TemporaryFile& TemporaryFile::operator=(TemporaryFile&& other) noexcept {
    if (this == &other) return *this;
    forget();
    path_ = std::exchange(other.path_, {});
    file_ = std::move(other.file_);
    is_kept_ = std::exchange(other.is_kept_, true);
    return *this;
}

TemporaryFile::~TemporaryFile() { forget(); }

void TemporaryFile::forget() noexcept {
    static_cast<void>(Fd(std::move(file_)));  // closes it before its name is removed
    if (!is_kept_) ::unlink(path_.c_str());
}

Result<void> TemporaryFile::write(std::string_view octets) { return write_all(file_, octets); }

Result<void> TemporaryFile::synchronise() {
    if (::fsync(file_.number()) != 0) return fail(errno, "fsync");
    return {};
}

Result<void> TemporaryFile::finish() { return finish_writing(std::move(file_)); }

Result<void> TemporaryFile::keep(const std::string& path) {
    // link(2) never overwrites, but rename(2) does. On a file system without hard links, renameat2(2) has a flag
    // against overwriting; on one with hard links, renameat2(2) may lack that flag.
    if (::link(path_.c_str(), path.c_str()) == 0) {
        ::unlink(path_.c_str());
    } else {
        const bool has_links = errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK;
        if (has_links) return fail(errno, "link");
        if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
            return fail(errno, "renameat2");
        }
    }
    path_ = path;
    is_kept_ = true;
    return {};
}

Result<void> TemporaryFile::replace(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) return fail(errno, "rename");
    path_ = path;
    is_kept_ = true;
    return {};
}

}  // namespace portico::io
