// portico/io/temporary_file.h — a file that exists only as long as it is needed.
//
// Room io: see error.h.
// Threads:   one at a time. Every call may block on a disk: from a core, go through offload.
#pragma once

#include <string>
#include <string_view>

#include "portico/base/fd.h"
#include "portico/io/error.h"

namespace portico::io {

// A new file with a unique name, accessible only to its owner (mode 0600). It is removed with this object unless it is
// kept; after a crash it remains.
class TemporaryFile {
public:
    // Creates it in `folder`: ".portico-" and six letters.
    static Result<TemporaryFile> create(const std::string& folder);
    TemporaryFile(TemporaryFile&& other) noexcept;
    TemporaryFile& operator=(TemporaryFile&& other) noexcept;
    ~TemporaryFile();

    // Appends all of `octets`.
    Result<void> write(std::string_view octets);
    // Returns once all that was written is on the disk (fsync(2)).
    Result<void> synchronise();
    // Ends writing: nothing can be written or synchronised any more. An error concerns octets that were written before.
    Result<void> finish();
    // Renames the file to `path`. EEXIST if such a file exists: nothing is overwritten. EXDEV if that is on another
    // file system.
    Result<void> keep(const std::string& path);
    // Renames the file to `path`, in place of any file that is there (rename(2)). After a crash, either of the two may
    // be found.
    Result<void> replace(const std::string& path);
    // The file's present name.
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    TemporaryFile(std::string path, Fd file);
    void forget() noexcept;

    std::string path_;
    Fd file_;  // moved away once the file is finished
    bool is_kept_ = false;
};

}  // namespace portico::io
