// portico/io/file_system.h — files, as the kernel or a simulation gives them.
//
// Room io: see error.h.
// Threads:   the real one may be called from any thread; so may the descriptors it gives out be closed on any.
//            Every call may block on a disk: from a core, go through Core::offload unless a decision says otherwise.
#pragma once

#include <chrono>
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
    regular,    // octets that can be read from anywhere
    directory,  // names
    symlink,    // a path that is looked up in its place
    other,      // a FIFO, a socket or a device
};

// The attributes of a file (statx(2)).
struct FileStatus {
    FileKind kind = FileKind::other;  // links are followed
    std::uint64_t size = 0;           // octets
    // Since 1970-01-01 UTC. Nanoseconds, since two versions of a file may be made within a second.
    std::chrono::sys_time<std::chrono::nanoseconds> modified;
    // When anything of it changed, its permissions included: nobody can set it back. The epoch where the
    // file system doesn't say.
    std::chrono::sys_time<std::chrono::nanoseconds> changed;
    std::uint64_t device = 0;  // which file system
    std::uint64_t inode = 0;   // and which file of it: two names with the same pair are one file
    std::uint64_t links = 1;   // names that lead to it

    friend bool operator==(const FileStatus&, const FileStatus&) = default;
};

// Whether an open file still has the content that it had, as far as its status tells. A file that has lost a name,
// because another was renamed over it or it was removed, has the same content, although its time of change is new.
[[nodiscard]] inline bool has_same_content(const FileStatus& before, const FileStatus& now) {
    return now.size == before.size && now.modified == before.modified &&
           (now.changed == before.changed || now.links < before.links);
}

// A name in a directory.
struct DirectoryEntry {
    std::string name;  // octets as they are; never "." or ".."
    // Of what the name leads to within the directory; a link that leads out or nowhere is not listed.
    FileStatus status;
};

// Files below directories, for reading. The file system outlives its descriptors.
class FileSystem : public FdTable {
public:
    // Opens a directory by its path, to open files beneath it later.
    virtual Result<Fd> open_directory(const std::string& path) = 0;
    // Opens `path` for reading, relative to `directory` and never outside of it, whatever links say
    // (openat2 with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS). "" or "." is the directory itself. Opening does not
    // wait: a FIFO or a device is opened without blocking, and status() tells what it is. ENOENT, ENOTDIR, EACCES,
    // ELOOP, EXDEV (would lead out), ENAMETOOLONG, EMFILE …
    virtual Result<Fd> open_beneath(const Fd& directory, std::string_view path) = 0;
    // The status of the file that the path leads to, without opening it.
    virtual Result<FileStatus> status_beneath(const Fd& directory, std::string_view path) = 0;
    virtual Result<FileStatus> status(const Fd& file) = 0;  // of an open file, as it is now
    // Reads into the front of `room` from `offset`; fewer octets than asked only at the end of the file.
    virtual Result<std::size_t> read_at(const Fd& file, std::uint64_t offset, std::span<char> room) = 0;
    // Whether reading this range would not wait for a disk, as far as its first and last octet tell.
    virtual bool is_in_memory(const Fd& file, std::uint64_t offset, std::uint64_t length);
    // Reads the range and drops it, so that sending it soon won't wait for a disk. False: it could not be read.
    bool bring_into_memory(const Fd& file, std::uint64_t offset, std::uint64_t length);
    // At most `entries_max` entries, in no order.
    virtual Result<std::vector<DirectoryEntry>> list(const Fd& directory, std::size_t entries_max) = 0;

protected:
    ~FileSystem() = default;
};

// The machine's own.
FileSystem& real_file_system();

}  // namespace portico::io
