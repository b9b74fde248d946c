// portico/app/upload.h — the content that `portico get` sends from a file or from standard input, as it is read.
//
// Room app: see command.h.
// Threads:   one core's; the file is read by a helper thread.
#pragma once

#include <string>

#include "portico/io/core.h"
#include "portico/io/error.h"
#include "portico/io/stream.h"
#include "portico/link/client.h"

namespace portico::app {

// The content of a file. A regular file has a length, and can be sent again. Errors: those of io::InputFile::open().
[[nodiscard]] io::Result<link::ContentSource> content_of_file(io::Core& core, const std::string& path);
// Whatever arrives on the stream, once. The stream outlives all requests with the content.
[[nodiscard]] link::ContentSource content_of_stream(io::Stream& input);

}  // namespace portico::app
