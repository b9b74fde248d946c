// portico/io/temporary_file.h — a file that is there for as long as somebody wants it.
//
// Room io: see error.h.
// Threads:   one at a time. Every call may block on a disk: from a core, go through offload.
#pragma once

#include <string>
#include <string_view>

#include "portico/io/error.h"

namespace portico::io {

// A new file under a name that nothing else has, its owner's alone (mode 0600). Removed with this object unless it is
// kept; a crash leaves it behind.
class TemporaryFile {
public:
    // In `folder`: ".portico-" and six letters.
    static Result<TemporaryFile> create(const std::string& folder);
    TemporaryFile(TemporaryFile&& other) noexcept;
    TemporaryFile& operator=(TemporaryFile&& other) noexcept;
    ~TemporaryFile();

    // Appends all of it.
    Result<void> write(std::string_view octets);
    // No more is written. An error is one of octets that were written before.
    Result<void> finish();
    // Gives it the name `path`. EEXIST where there is such a file: nothing is overwritten; EXDEV where that is on
    // another file system.
    Result<void> keep(const std::string& path);
    // Its name.
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    TemporaryFile(std::string path, int number);
    void forget() noexcept;

    std::string path_;
    int number_;  // none once it is finished
    bool is_kept_ = false;
};

}  // namespace portico::io
