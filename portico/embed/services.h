// portico/embed/services.h — services that are not HTTP, from a function: return portico::serve_tcp(":7777", echo);
//
// Room embed: see response.h.
// Threads:   each call runs one core on the calling thread.
#pragma once

#include <cstddef>
#include <cstdint>
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

// Reads from `from` and writes to `to`, which may be the same stream, until `from` ends: then it ends `to` as well
// (Stream::finish_sending). It reads no faster than it can write. Returns how many octets it has copied.
//
// If reading fails, what `to` has received is not whole. So `to` is broken off (Stream::break_off): its peer gets a
// reset when it closes, and a task that reads from it comes to the end, such as a proxy's copy in the other direction.
// If writing fails, `from` is left as it is. Errors: those of reading and writing, ETIMEDOUT the deadline came,
// ECANCELED.
[[nodiscard]] Task<io::Result<std::uint64_t>> copy(Stream& from, Stream& to, io::TimePoint deadline = io::never);

}  // namespace portico
