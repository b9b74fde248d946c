// portico/io/epoll/real_file_system.cc — the machine's files, through openat2(2): leaving a directory is impossible,
// rather than checked for.
//
// Needs Linux 5.6. An older kernel returns ENOSYS; a container whose filter does not allow the call returns EPERM. Both
// errors are reported: resolving the path ourselves, step by step, would be open to races.
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <optional>

#include "portico/io/descriptors.h"
#include "portico/io/file_system.h"

namespace portico::io {
namespace {

FileKind kind_of(mode_t mode) {
    if (S_ISREG(mode)) return FileKind::regular;
    if (S_ISDIR(mode)) return FileKind::directory;
    if (S_ISLNK(mode)) return FileKind::symlink;
    return FileKind::other;
}

std::chrono::sys_time<std::chrono::nanoseconds> time_of(const timespec& raw) {
    // A file's owner may set any time. Times that don't fit 64 bits of nanoseconds (before 1678, after 2261) are
    // clamped.
    constexpr time_t seconds_max = 9'200'000'000;
    const std::chrono::seconds seconds(std::clamp(raw.tv_sec, -seconds_max, seconds_max));
    return std::chrono::sys_time<std::chrono::nanoseconds>(seconds + std::chrono::nanoseconds(raw.tv_nsec));
}

FileStatus status_of(const struct stat& raw) {
    FileStatus status;
    status.kind = kind_of(raw.st_mode);
    status.size = static_cast<std::uint64_t>(std::max<off_t>(raw.st_size, 0));
    status.modified = time_of(raw.st_mtim);
    status.changed = time_of(raw.st_ctim);
    status.device = raw.st_dev;
    status.inode = raw.st_ino;
    status.links = raw.st_nlink;
    return status;
}

class RealFileSystem final : public FileSystem {
public:
    // Linux frees the number whatever close(2) returns, so a retry could close another file.
    void close(int number) noexcept override { ::close(number); }

    Result<Fd> open_directory(const std::string& path) override {
        // O_PATH: opening files beneath it needs no permission to list it.
        const int number = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (number < 0) return fail(errno, "open");
        return Fd(*this, number);
    }

    Result<Fd> open_beneath(const Fd& directory, std::string_view path) override {
        return open_resolved(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    }

    Result<FileStatus> status_beneath(const Fd& directory, std::string_view path) override {
        const auto file = open_resolved(directory, path, O_PATH);
        if (!file) return std::unexpected(file.error());
        return status(*file);
    }

    Result<FileStatus> status(const Fd& file) override {
        struct stat raw;
        if (::fstat(file.number(), &raw) != 0) return fail(errno, "fstat");
        return status_of(raw);
    }

    Result<std::size_t> read_at(const Fd& file, std::uint64_t offset, std::span<char> room) override {
        std::size_t filled = 0;
        while (filled < room.size()) {
            const ssize_t got =
                ::pread(file.number(), room.data() + filled, room.size() - filled, static_cast<off_t>(offset + filled));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return fail(errno, "pread");
            if (got == 0) break;
            filled += static_cast<std::size_t>(got);
        }
        return filled;
    }

    bool is_in_memory(const Fd& file, std::uint64_t offset, std::uint64_t length) override {
        return is_octet_in_memory(file, offset) && is_octet_in_memory(file, offset + length - 1);
    }

    Result<std::vector<DirectoryEntry>> list(const Fd& directory, std::size_t entries_max) override {
        // Opened again: a duplicate would share its position with other listings of this directory.
        std::optional<Fd> own = owned(::openat(directory.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!own) return fail(errno, "open");
        DIR* const stream = ::fdopendir(own->number());
        if (stream == nullptr) return fail(errno, "opendir");
        static_cast<void>(own->release());  // the stream closes it
        auto entries = read_entries(stream, directory, entries_max);
        ::closedir(stream);
        return entries;
    }

private:
    static bool is_octet_in_memory(const Fd& file, std::uint64_t offset) {
        char octet = 0;
        const iovec room{&octet, 1};
        const ssize_t octets = ::preadv2(file.number(), &room, 1, static_cast<off_t>(offset), RWF_NOWAIT);
        return octets >= 0 || errno != EAGAIN;  // a file system that can't tell is assumed to be in memory
    }

    Result<Fd> open_resolved(const Fd& directory, std::string_view path, int flags) {
        std::array<char, PATH_MAX> terminated;
        if (path.empty()) path = ".";
        if (path.size() >= terminated.size()) return fail(ENAMETOOLONG, "openat2");
        if (path.find('\0') != std::string_view::npos) return fail(EINVAL, "openat2");
        terminated[path.copy(terminated.data(), path.size())] = '\0';

        open_how how{};
        how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
        how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
        // EAGAIN: something was renamed while ".." was followed, so the kernel can't tell whether we were still beneath
        // the directory.
        constexpr int attempts_max = 16;
        for (int attempt = 1;; ++attempt) {
            const long number = ::syscall(SYS_openat2, directory.number(), terminated.data(), &how, sizeof(how));
            if (number >= 0) return Fd(*this, static_cast<int>(number));
            if (errno == EINTR || (errno == EAGAIN && attempt < attempts_max)) continue;
            return fail(errno, "openat2");
        }
    }

    Result<std::vector<DirectoryEntry>> read_entries(DIR* stream, const Fd& directory, std::size_t entries_max) {
        std::vector<DirectoryEntry> entries;
        while (entries.size() < entries_max) {
            errno = 0;
            const dirent* const raw = ::readdir(stream);
            if (raw == nullptr && errno != 0) return fail(errno, "readdir");
            if (raw == nullptr) break;
            const std::string_view name = raw->d_name;
            if (name == "." || name == "..") continue;
            const auto status = status_of_entry(directory, raw->d_name);
            if (status) entries.push_back(DirectoryEntry{std::string(name), *status});
        }
        return entries;
    }

    static Result<FileStatus> status_of_entry(const Fd& directory, const char* name) {
        struct stat raw;
        if (::fstatat(directory.number(), name, &raw, AT_SYMLINK_NOFOLLOW) != 0) return fail(errno, "fstatat");
        return status_of(raw);
    }
};

}  // namespace

bool FileSystem::is_in_memory(const Fd&, std::uint64_t, std::uint64_t) { return true; }

bool FileSystem::bring_into_memory(const Fd& file, std::uint64_t offset, std::uint64_t length) {
    std::array<char, 64 * 1024> dropped;
    while (length > 0) {
        const std::size_t part = std::min<std::uint64_t>(length, dropped.size());
        const Result<std::size_t> octets = read_at(file, offset, std::span(dropped).first(part));
        if (!octets || *octets < part) return false;
        offset += part;
        length -= part;
    }
    return true;
}

FileSystem& real_file_system() {
    static RealFileSystem files;
    return files;
}

}  // namespace portico::io
