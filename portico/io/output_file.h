// portico/io/output_file.h — a file that a program writes from its beginning, whatever kind of file it is.
//
// Room io: see error.h.
// Threads:   one at a time. Every call may block on a disk, or on the reader of a pipe: not for a server's core.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "portico/base/fd.h"
#include "portico/io/error.h"

namespace portico::io {

// A file that is being written. A new one has the permissions that the umask leaves; an existing regular file is
// emptied. Devices and named pipes are written to as they are. It is closed with this object; what was written stays.
class OutputFile {
public:
    // Errors: those of open(2).
    static Result<OutputFile> open(const std::string& path);

    // Appends all of `octets`.
    Result<void> write(std::string_view octets);
    // Ends writing: no other call may follow. An error concerns octets that were written before.
    Result<void> finish();

private:
    explicit OutputFile(Fd file) : file_(std::move(file)) {}

    Fd file_;  // moved away once the file is finished
};

}  // namespace portico::io
