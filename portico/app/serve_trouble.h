// portico/app/serve_trouble.h — explains why `portico serve` could not start, and what to type.
//
// Room app: see command.h.
// Threads:   none. The functions read the file system and /proc.
#pragma once

#include <string>

#include "portico/app/command.h"
#include "portico/io/error.h"
#include "portico/io/net/address.h"

namespace portico::app {

// The folder could not be opened.
Misuse trouble_with_root(const Arguments& arguments, const std::string& root, const io::Error& error);

// The folder cannot be watched for changes.
Misuse trouble_with_watching(const std::string& root, const io::Error& error);

// One of the sockets could not be opened. `free_port`: a port to offer instead.
Misuse trouble_with_listening(const Arguments& arguments, const io::SocketAddress& address, const io::Error& error,
                              std::uint16_t free_port);

}  // namespace portico::app
