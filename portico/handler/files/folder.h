// portico/handler/files/folder.h — a folder that is being served: its options, and everything that follows from them.
//
// Room handler: see options.h.
// Threads:   a Folder does not change once it is open; all cores and their helper threads share it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "portico/base/fd.h"
#include "portico/handler/files/options.h"
#include "portico/io/error.h"
#include "portico/io/file_system.h"

namespace portico::files {

class Folder {
public:
    // Opens the root. `files` outlives the folder. Errors: ENOENT, ENOTDIR, EACCES … for options.root.
    static io::Result<std::shared_ptr<const Folder>> open(io::FileSystem& files, FolderOptions options);

    [[nodiscard]] const FolderOptions& options() const { return options_; }
    [[nodiscard]] io::FileSystem& files() const { return *files_; }
    [[nodiscard]] const Fd& root() const { return root_; }

    // The path of the only file that is served: "/report.pdf". Empty: all are.
    [[nodiscard]] const std::string& only_path() const { return only_path_; }

    // Whether both serve the same folder in the same way.
    [[nodiscard]] bool is_same_as(const Folder& other) const;

    // The value of Cache-Control in every answer with a file.
    [[nodiscard]] std::string_view cache_control() const { return cache_control_; }

private:
    Folder(io::FileSystem& files, Fd root, const io::FileStatus& status, FolderOptions options);

    io::FileSystem* files_;
    Fd root_;
    std::uint64_t device_;  // of the root
    std::uint64_t inode_;
    FolderOptions options_;
    std::string only_path_;
    std::string cache_control_;
};

}  // namespace portico::files
