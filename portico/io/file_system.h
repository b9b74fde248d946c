// portico/io/file_system.h — files, as the kernel or a simulation provides them.
//
// Room io: see error.h.
// Threads:   the real one may be called from any thread, and its descriptors may be closed on any thread.
//                       Every call may block on a disk: from a core, go through io::offload unless a decision says
//                       otherwise.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/fd.h"
#include "portico/io/error.h"

namespace portico::io {

// The kind of file (inode(7)).
enum class FileKind : std::uint8_t {
    regular,    // octets that can be read from any offset
    directory,  // names
    symlink,    // a path that is looked up instead
    other,      // a FIFO, a socket or a device
};

// The attributes of a file (statx(2)).
struct FileStatus {
    FileKind kind = FileKind::other;  // links are followed
    std::uint64_t size = 0;           // octets
    // Since 1970-01-01 UTC. In nanoseconds, because a file may change twice within a second.
    std::chrono::sys_time<std::chrono::nanoseconds> modified;
    // When anything in it changed, including its permissions. No program can set this time back. The epoch if the file
    // system doesn't record it.
    std::chrono::sys_time<std::chrono::nanoseconds> changed;
    std::uint64_t device = 0;  // which file system
    std::uint64_t inode = 0;   // and which file in it: two names with the same pair are one file
    std::uint64_t links = 1;   // number of names that lead to it

    friend bool operator==(const FileStatus&, const FileStatus&) = default;
};

// Whether an open file still has the same content, as far as its status shows. A file that has lost a name, because
// another file was renamed over it or it was removed, has the same content, although its change time is new.
[[nodiscard]] inline bool has_same_content(const FileStatus& before, const FileStatus& now) {
    return now.size == before.size && now.modified == before.modified &&
           (now.changed == before.changed || now.links < before.links);
}

// A name in a directory.
struct DirectoryEntry {
    std::string name;  // unchanged octets; never "." or ".."
    // The status of what the name leads to within the directory. A link that leads out or nowhere is not listed.
    FileStatus status;
};

// Files below directories, for reading. The file system outlives its descriptors.
class FileSystem : public FdTable {
public:
    // Opens a directory by its path, to open files beneath it later.
    virtual Result<Fd> open_directory(const std::string& path) = 0;
    // Opens `path` for reading, relative to `directory` and never outside it, whatever its links say (openat2 with
    // RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS). "" or "." is the directory itself. Opening does not wait: a FIFO or a
    // device is opened without blocking, and status() reports its kind. Errors: ENOENT, ENOTDIR, EACCES, ELOOP, EXDEV
    // (would lead out), ENAMETOOLONG, EMFILE …
    virtual Result<Fd> open_beneath(const Fd& directory, std::string_view path) = 0;
    // The status of the file that the path leads to, without opening it.
    virtual Result<FileStatus> status_beneath(const Fd& directory, std::string_view path) = 0;
    virtual Result<FileStatus> status(const Fd& file) = 0;  // the present status of an open file
    // Reads into the front of `room` from `offset`. Reads fewer octets than requested only at the end of the file.
    virtual Result<std::size_t> read_at(const Fd& file, std::uint64_t offset, std::span<char> room) = 0;
    // Whether reading this range would not wait for a disk, as far as its first and last octet show.
    virtual bool is_in_memory(const Fd& file, std::uint64_t offset, std::uint64_t length);
    // Reads the range and discards it, so that sending it soon won't wait for a disk. False: it could not be read.
    bool bring_into_memory(const Fd& file, std::uint64_t offset, std::uint64_t length);
    // Returns at most `entries_max` entries, in no particular order.
    virtual Result<std::vector<DirectoryEntry>> list(const Fd& directory, std::size_t entries_max) = 0;

protected:
    ~FileSystem() = default;
};

// The machine's own file system.
FileSystem& real_file_system();

}  // namespace portico::io
