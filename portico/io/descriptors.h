// portico/io/descriptors.h — owns descriptors of the system that belong to no core.
//
// Room io: see error.h.
// Threads:   any. Nothing is recorded about these descriptors.
#pragma once

#include <optional>
#include <string_view>

#include "portico/base/fd.h"
#include "portico/io/error.h"

namespace portico::io {

// The table of such descriptors. It shares its numbers with those of the real kernel, so they can move between them.
FdTable& system_descriptors();

// Owns the descriptor that a system call has returned. Returns nothing if it has failed (-1); errno stays as it is.
std::optional<Fd> owned(int number);

// Writes all of these octets. After an error, `octets` is what has not been written; otherwise it is empty.
Result<void> write_all(const Fd& file, std::string_view& octets);

// Closes a file that was written. An error concerns octets that were written before; the file is closed all the same.
Result<void> finish_writing(Fd file);

}  // namespace portico::io
