// portico/embed/services.h — services other than HTTP, made from a function: return portico::serve_tcp(":7777", echo);
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

// Serves one client for as long as it is connected. The stream closes when the task ends.
using ServeStream = std::function<Task<void>(Stream stream)>;
// Returns the answer to a datagram. An empty answer is sent too. There is no way to know whether the datagram's source
// address is forged, so an answer should not be much larger than the datagram, and no other service should answer it.
using AnswerDatagram = std::function<std::string(std::string_view datagram)>;

// Serves at `endpoint` (":7777", "unix:/run/x.sock") until SIGTERM or SIGINT. Then every task is asked to stop: its
// waits end with ECANCELED. Returns the program's exit status: 1 if the service can't start; standard error gives the
// reason.
int serve_tcp(std::string_view endpoint, ServeStream serve);
// The same for UDP: each datagram is answered with one datagram, sent to its source.
int serve_udp(std::string_view endpoint, AnswerDatagram answer);

// Reads from `from` and writes to `to`, which may be the same stream, until `from` ends; then it ends `to` as well
// (Stream::finish_sending). It reads no faster than it can write. Returns how many octets it has copied.
//
// If reading fails, `to` has not received everything. So, unless its server ends, `to` is aborted (Stream::break_off):
// its peer gets a reset when `to` closes, and a task that reads from `to`, such as a proxy's copy in the other
// direction, gets the end of the stream. If writing fails, `from` is left unchanged. Errors: those of reading and
// writing, ETIMEDOUT if the deadline passed, ECANCELED.
[[nodiscard]] Task<io::Result<std::uint64_t>> copy(Stream& from, Stream& to, io::TimePoint deadline = io::never);

}  // namespace portico
