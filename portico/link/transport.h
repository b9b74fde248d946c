// portico/link/transport.h — the octets of one connection that carries HTTP.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "portico/base/buffer.h"
#include "portico/io/stream.h"
#include "portico/link/backlog.h"

namespace portico::link {

// A stream, and what its peer has not acknowledged yet. Everything that a connection sends or receives passes through
// here. Closes the stream when it is destroyed.
class Transport {
public:
    explicit Transport(io::Stream stream) : stream_(std::move(stream)), backlog_(stream_) {}
    // What is outstanding moves too. No operation of `other` may be in progress.
    Transport(Transport&& other) noexcept
        : stream_(std::move(other.stream_)), backlog_(stream_, std::move(other.backlog_)) {}
    Transport& operator=(Transport&&) = delete;

    [[nodiscard]] io::Core& core() const { return stream_.core(); }
    [[nodiscard]] Backlog& backlog() { return backlog_; }

    // These are the operations of io::Stream.
    [[nodiscard]] io::Read read(std::span<char> room, io::TimePoint deadline) { return stream_.read(room, deadline); }
    [[nodiscard]] io::ReadBuffer read(io::TimePoint deadline) { return stream_.read(core().buffers(), deadline); }
    [[nodiscard]] io::HangUp hang_up(io::TimePoint deadline) { return stream_.hang_up(deadline); }
    [[nodiscard]] io::Write write(std::span<const iovec> spans, io::TimePoint deadline, bool more) {
        return stream_.write(spans, deadline, more);
    }
    [[nodiscard]] io::SendFile send_file(const Fd& file, std::uint64_t offset, std::uint64_t length,
                                         io::TimePoint deadline) {
        return stream_.send_file(file, offset, length, deadline);
    }
    io::Result<void> finish_sending() { return stream_.finish_sending(); }
    void abort_on_close() { stream_.abort_on_close(); }
    // See io::drain().
    [[nodiscard]] Task<void> drain(io::Duration time_max, std::size_t octets_max) {
        return io::drain(stream_, time_max, octets_max);
    }

private:
    io::Stream stream_;
    Backlog backlog_;
};

}  // namespace portico::link
