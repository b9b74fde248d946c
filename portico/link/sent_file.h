// portico/link/sent_file.h — files while they are sent.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <cstdint>

#include "portico/base/fd.h"
#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/core.h"

namespace portico::link {

// How much of a file is checked, and fetched from the disk if necessary, before it is sent.
constexpr std::uint64_t file_window_octets = 1024 * 1024;

// Reads a part of the file from the disk in a helper thread. Otherwise the kernel would read it while it sends, and
// every connection of this core would wait for the disk.
[[nodiscard]] Task<void> bring_into_memory(io::Core& core, const Fd& file, std::uint64_t offset, std::uint64_t length);

// Whether the file has been written to since its response was made, so that the content would be a mixture of two
// versions. This is checked after each part, including the last: a part may have waited long for a slow peer, and a
// reset takes back those of its octets that the peer has not received. The status of an open file is in memory.
[[nodiscard]] bool has_changed(io::Core& core, const http::Piece& piece);

}  // namespace portico::link
