// portico/io/input_file.h — a file that a program reads from its beginning, whatever kind of file it is.
//
// Room io: see error.h.
// Threads:   one at a time. Every call may block on a disk, or on the writer of a pipe: not for a core, use offload().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "portico/base/fd.h"
#include "portico/io/error.h"

namespace portico::io {

// A file that is being read. It is closed with this object.
class InputFile {
public:
    // Errors: those of open(2) and fstat(2); EISDIR for a folder.
    static Result<InputFile> open(const std::string& path);

    // The length of a regular file, as of open(). Nothing: it can only be read once, from its beginning.
    [[nodiscard]] std::optional<std::uint64_t> octets() const { return octets_; }
    // Reads what follows the first `offset` octets, up to the size of `room`. Other files than regular ones go on where
    // the last call stopped. 0: the end. Errors: those of read(2).
    [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<char> room) const;

private:
    explicit InputFile(Fd file) : file_(std::move(file)) {}

    Fd file_;
    std::optional<std::uint64_t> octets_;
};

}  // namespace portico::io
