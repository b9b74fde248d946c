// portico/handler/files/archive_tree.h — walks a folder and everything below it, in the order of an archive.
//
// Room handler: see options.h.
// Threads:   one at a time; every call may wait for a disk: not on a core's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portico/handler/files/archive_writer.h"
#include "portico/handler/files/folder.h"
#include "portico/handler/files/listing.h"
#include "portico/http/status.h"

namespace portico::files {

// What the listings show, folder by folder: hidden names and links that lead out of the root are left out here, too. A
// link to a file counts as that file; links to folders are left out, because they may lead back to where they are.
class ArchiveTree {
public:
    // `path`: the folder's, decoded, with a slash at both ends. Every name begins with `name` and a slash. Reads
    // nothing.
    ArchiveTree(std::shared_ptr<const Folder> folder, std::string path, std::string name);

    // The next file or folder, a folder before what is in it, by name; its size is as of now. Nothing at the end, or
    // when there is trouble.
    [[nodiscard]] std::optional<ArchivedFile> next();
    // The path of the file that next() has returned, below the root.
    [[nodiscard]] const std::string& path() const { return path_; }
    // There is more than ArchiveLimits allow.
    [[nodiscard]] bool is_too_large() const { return is_too_large_; }
    // Notes that the file or folder could not be read.
    void leave_out(const std::string& name);
    // The names of these, one on each line.
    [[nodiscard]] const std::string& left_out() const { return left_out_; }
    // The memory that this takes.
    [[nodiscard]] std::size_t kept_octets() const;

private:
    struct Level {
        std::string path;  // below the root, with a slash at both ends
        std::string name;  // in the archive, with a slash at the end
        std::vector<ListedEntry> entries;
        std::size_t next = 0;
        std::size_t octets = 0;  // of memory
    };

    void enter(const std::string& path, const std::string& name);
    void count(const ArchivedFile& file);

    std::shared_ptr<const Folder> folder_;
    std::string name_;
    std::vector<Level> levels_;
    bool has_begun_ = false;
    std::string path_;  // before that: the folder's own
    std::string left_out_;
    std::size_t entries_ = 0;
    std::uint64_t octets_ = 0;
    bool is_too_large_ = false;
};

}  // namespace portico::files
