// portico/app/listen_client.h — one client of `portico listen`: its TLS handshake, and its request in words.
//
// Room app: see command.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "portico/base/task.h"
#include "portico/io/error.h"
#include "portico/link/transport.h"

namespace portico::app {

// How long one client may keep all others waiting.
struct ClientPatience {
    std::chrono::seconds handshake_max{5};
    // Until the next octets of a request. Browsers open connections that they don't use.
    std::chrono::seconds silence_max{2};
    std::chrono::seconds head_max{10};    // for all of them
    std::chrono::seconds answer_max{10};  // to take the answer
    std::chrono::seconds end_max{1};      // to end the connection
};

// Takes the TLS handshake of a transport with a session.
Task<io::Result<void>> protect_client(link::Transport& transport, const ClientPatience& patience);

// Reads the head of one request, at most 16 KiB, prints what it means, and answers it with a page that shows it.
// Returns the command's exit code; nothing if there was no whole head in time.
Task<std::optional<int>> explain_client(link::Transport transport, ClientPatience patience,
                                        std::function<void(std::string_view)> print);

}  // namespace portico::app
