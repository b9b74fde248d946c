// portico/embed/services.h — services that are not HTTP, from a function: return portico::serve_tcp(":7777", echo);
//
// Room embed: see response.h.
// Threads:   each call runs one core on the calling thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "portico/base/task.h"
#include "portico/io/datagram.h"
#include "portico/io/stream.h"

namespace portico {

using io::Stream;

// What serves one client, from its coming to its leaving. The stream closes when the task ends.
using ServeStream = std::function<Task<void>(Stream stream)>;
// What a datagram is answered with; an empty answer is sent too.
using AnswerDatagram = std::function<std::string(std::string_view datagram)>;

// Serves at `endpoint` (":7777", "unix:/run/x.sock") until SIGTERM or SIGINT; then every task is asked to stop: its
// waits end with ECANCELED. Returns the program's exit status: 1, with a sentence on standard error, where it can't
// start.
int serve_tcp(std::string_view endpoint, ServeStream serve);
// The same for UDP: each datagram is answered by one, sent to where it came from.
int serve_udp(std::string_view endpoint, AnswerDatagram answer);

// Sends on to `to` whatever comes from `from`, which may be the same stream, until it ends or one of the two fails. A
// peer that does not read is not read from. Then `to` is told the end.
[[nodiscard]] Task<void> copy(Stream& from, Stream& to);

}  // namespace portico
