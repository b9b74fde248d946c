// portico/services/copy.h — copies one stream to another.
//
// Room services: see service.h.
#pragma once

#include <cerrno>
#include <cstdint>
#include <expected>

#include "portico/base/task.h"
#include "portico/io/stream.h"

namespace portico::services {

// What copy() reads and writes: an io::Stream, or a class built on one. Where half-closing may have to wait, as it does
// with TLS, finish_sending() takes a deadline.
template <class Stream>
concept Copyable = requires(Stream& stream, io::TimePoint deadline) {
    stream.read(deadline);
    stream.write_all("", deadline);
    stream.break_off();
};

// Reads from `from` and writes to `to`, which may be the same stream, until `from` ends; then it ends `to` as well
// (Stream::finish_sending). Everything read is written before more is read, so a peer that does not read is not read
// from. Returns how many octets it has copied.
//
// If reading fails, `to` has not received everything. So, unless the task is asked to stop, `to` is aborted
// (Stream::break_off). If writing fails, `from` is left unchanged. Errors: those of reading and writing, ETIMEDOUT if
// the deadline passed, ECANCELED.
//
// Hidden, so that a library that uses it does not export it.
template <Copyable Stream>
[[nodiscard, gnu::visibility("hidden")]] Task<io::Result<std::uint64_t>> copy(Stream& from, Stream& to,
                                                                              io::TimePoint deadline = io::never) {
    std::uint64_t copied = 0;
    for (;;) {
        const io::Result<Buffer> octets = co_await from.read(deadline);
        if (!octets) {
            // A server that is stopping stops its tasks: then each connection ends in order.
            if (octets.error().number != ECANCELED) to.break_off();
            co_return std::unexpected(octets.error());
        }
        if (octets->empty()) break;
        const io::Result<void> written = co_await to.write_all(octets->octets(), deadline);
        if (!written) co_return std::unexpected(written.error());
        copied += octets->size();
    }
    if constexpr (requires { to.finish_sending(deadline); }) {
        const io::Result<void> ended = co_await to.finish_sending(deadline);
        static_cast<void>(ended);
    } else {
        static_cast<void>(to.finish_sending());
    }
    co_return copied;
}

}  // namespace portico::services
