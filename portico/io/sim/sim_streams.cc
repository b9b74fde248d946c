// portico/io/sim/sim_streams.cc — octets between the two ends of a simulated stream, and how it ends.
//
// The two ends of a TCP connection see each other as on Linux: an end or a reset comes after the octets before it;
// closing with unread octets is a reset; writing to a closed peer succeeds once. If a connection is reset, some of the
// octets in flight are lost. Unix streams have no distance on which octets could be lost.
#include <algorithm>
#include <cassert>
#include <utility>

#include "portico/io/sim/sim_kernel.h"

namespace portico::io {

bool SimKernel::start(ReadOp& op) {
    const StreamPtr from = stream(op.stream);
    return begin(from, from->reading, op, [this, from, &op] { return try_read(from, op); });
}

bool SimKernel::start(HangUpOp& op) {
    const StreamPtr stream = this->stream(op.stream);
    return begin(stream, stream->reading, op, [stream]() -> std::optional<std::int64_t> {
        const StreamPtr other = stream->peer.lock();
        const bool both_ended = stream->family == Family::unix_path && (other == nullptr || other->closed);
        if (stream->dead || both_ended || (stream->end_received && stream->end_sent)) return 0;
        return std::nullopt;
    });
}

bool SimKernel::start(WriteOp& op) {
    const StreamPtr to = stream(op.stream);
    return begin(to, to->writing, op, [this, to, &op] { return try_write(to, op); });
}

bool SimKernel::start(SendFileOp& op) {
    const StreamPtr to = stream(op.stream);
    return begin(to, to->writing, op, [this, to, &op] { return try_send_file(to, op); });
}

void SimKernel::cancel(ReadOp& op) {
    const StreamPtr from = stream(op.stream);
    cancel(from, from->reading, op);
}

void SimKernel::cancel(HangUpOp& op) {
    const StreamPtr stream = this->stream(op.stream);
    cancel(stream, stream->reading, op);
}

void SimKernel::cancel(WriteOp& op) {
    const StreamPtr to = stream(op.stream);
    cancel(to, to->writing, op);
}

void SimKernel::cancel(SendFileOp& op) {
    const StreamPtr to = stream(op.stream);
    cancel(to, to->writing, op);
}

std::optional<std::int64_t> SimKernel::try_read(const StreamPtr& from, ReadOp& op) {
    if (from->family != Family::unix_path && chance_.happens(faults_.reset)) reset_by_fault(from);
    if (from->unread() == 0) {
        if (from->error == ECONNRESET) return -std::exchange(from->error, 0);
        if (from->end_received || from->receiving_shut || from->dead) return 0;
        if (!from->connected) return -ENOTCONN;
        return std::nullopt;
    }
    if (op.pool != nullptr) {
        op.buffer = op.pool->try_borrow(Lending::input);
        if (!op.buffer.has_block()) return -ENOBUFS;
        op.room = op.buffer.room();
    }
    std::size_t octets = std::min(op.room.size(), from->unread());
    if (chance_.happens(faults_.short_read)) octets = chance_.between(1, octets);
    from->received.copy(op.room.data(), octets, from->read_from);
    if (op.pool != nullptr) op.buffer.grow(octets);
    from->read_from += octets;
    if (from->unread() == 0) {
        from->received.clear();
        from->read_from = 0;
    }
    if (from->due > 0) deliver_due(from);
    if (const StreamPtr writer = from->peer.lock()) poke(writer, writer->writing);
    return static_cast<std::int64_t>(octets);
}

// How many octets may be written now; nothing if the writer must wait, a negative errno value if it cannot write.
std::optional<std::int64_t> SimKernel::room_to_write(const StreamPtr& from) {
    if (from->family != Family::unix_path && chance_.happens(faults_.reset)) reset_by_fault(from);
    if (from->error != 0) return -std::exchange(from->error, 0);
    if (from->dead || from->end_sent) return -EPIPE;
    if (!from->connected) return -ENOTCONN;
    const StreamPtr to = from->peer.lock();
    const bool nobody_reads = to == nullptr || to->closed;
    if (from->family == Family::unix_path && (nobody_reads || to->receiving_shut)) return -EPIPE;
    if (nobody_reads) return 16 * 1024;  // until the reset arrives
    const std::size_t used = to->unread() + to->arriving_octets;
    if (used >= to->capacity) from->found_full = true;
    if (from->found_full && faults_.wakes_writers_late && used > to->capacity / 3 * 2) return std::nullopt;
    if (used >= to->capacity) return std::nullopt;
    from->found_full = false;
    std::size_t room = to->capacity - used;
    const SendLimits& limits = from->send_limits;
    if (limits.unacknowledged_octets_max > 0) {
        if (to->arriving_octets >= limits.unacknowledged_octets_max) return std::nullopt;
        room = std::min(room, limits.unacknowledged_octets_max - to->arriving_octets);
    }
    if (limits.unsent_octets_max > 0 && faults_.window_octets > 0 && from->family != Family::unix_path) {
        const std::size_t sendable = to->window_left(faults_.window_octets) + limits.unsent_octets_max;
        if (to->arriving_octets >= sendable) return std::nullopt;
        room = std::min(room, sendable - to->arriving_octets);
    }
    if (chance_.happens(faults_.short_write)) room = chance_.between(1, room);
    return static_cast<std::int64_t>(room);
}

std::optional<std::int64_t> SimKernel::try_write(const StreamPtr& from, const WriteOp& op) {
    const std::optional<std::int64_t> room = room_to_write(from);
    if (!room || *room < 0) return room;
    auto left = static_cast<std::size_t>(*room);
    std::string octets;
    for (const iovec& span : op.spans) {
        const std::size_t taken = std::min(left, span.iov_len);
        octets.append(static_cast<const char*>(span.iov_base), taken);
        left -= taken;
        if (left == 0) break;
    }
    assert(!octets.empty() && "a write of nothing");
    return send_octets(from, std::move(octets));
}

std::optional<std::int64_t> SimKernel::try_send_file(const StreamPtr& from, const SendFileOp& op) {
    if (files_.is_real(*op.file)) return try_send_real_file(from, op);
    const auto file = descriptors_.find<SimNode>(op.file->number());
    assert(file != nullptr && "not a file");
    if (file->kind != FileKind::regular) return -EINVAL;
    if (files_.before_call) files_.before_call(file.get());
    if (chance_.happens(faults_.disk_failure)) return -EIO;
    const std::optional<std::int64_t> room = room_to_write(from);
    if (!room || *room < 0) return room;
    if (op.offset >= file->content.size()) return 0;
    const auto most = std::min(static_cast<std::uint64_t>(*room), op.length);
    return send_octets(from, file->content.substr(op.offset, most));
}

std::optional<std::int64_t> SimKernel::try_send_real_file(const StreamPtr& from, const SendFileOp& op) {
    const std::optional<std::int64_t> room = room_to_write(from);
    if (!room || *room < 0) return room;
    std::string octets(std::min(static_cast<std::uint64_t>(*room), op.length), '\0');
    const Result<std::size_t> read = files_.read_at(*op.file, op.offset, octets);
    if (!read) return -read.error().number;
    octets.resize(*read);
    return octets.empty() ? 0 : send_octets(from, std::move(octets));
}

std::int64_t SimKernel::send_octets(const StreamPtr& from, std::string octets) {
    const auto count = static_cast<std::int64_t>(octets.size());
    const StreamPtr to = from->peer.lock();
    if (to == nullptr) {
        fly(from, SimSegment{SimSegment::Kind::reset, {}, 0});  // after the round trip
        return count;
    }
    fly(to, SimSegment{SimSegment::Kind::octets, std::move(octets), 0});
    return count;
}

void SimKernel::send_end(const StreamPtr& from) {
    from->end_sent = true;
    if (const StreamPtr to = from->peer.lock()) fly(to, SimSegment{SimSegment::Kind::end, {}, 0});
}

void SimKernel::fly(const StreamPtr& to, SimSegment segment) {
    if (to->family == Family::unix_path && !to->is_stdio) return receive(to, std::move(segment));
    segment.place = to->places++;
    to->arriving_octets += segment.octets.size();
    to->arriving.push_back(std::move(segment));
    to->last_arrival = std::max(to->last_arrival, now_ + delay());
    schedule(to->last_arrival - now_, [this, to] { arrive(to); });
}

void SimKernel::arrive(const StreamPtr& to) {
    ++to->due;
    deliver_due(to);
}

// Octets that don't fit into the reader's window stay unacknowledged until it reads, unless they will never be read.
void SimKernel::deliver_due(const StreamPtr& to) {
    const auto is_reset = [](const SimSegment& segment) { return segment.kind == SimSegment::Kind::reset; };
    while (to->due > 0) {
        SimSegment& first = to->arriving.front();
        const std::size_t room = to->window_left(faults_.window_octets);
        const bool is_lost = to->dead || to->closed || first.place >= to->lost_from;
        const bool is_overtaken =
            std::any_of(to->arriving.begin(), to->arriving.begin() + static_cast<std::ptrdiff_t>(to->due), is_reset);
        if (first.octets.size() > room && !is_lost && !is_overtaken) {
            if (room == 0) return;
            SimSegment part{SimSegment::Kind::octets, first.octets.substr(0, room), first.place};
            first.octets.erase(0, room);
            acknowledge(to, room);
            return receive(to, std::move(part));
        }
        SimSegment segment = std::move(first);
        to->arriving.pop_front();
        --to->due;
        acknowledge(to, segment.octets.size());
        land(to, std::move(segment));
    }
}

void SimKernel::acknowledge(const StreamPtr& to, std::size_t octets) {
    to->arriving_octets -= octets;
    const StreamPtr from = to->peer.lock();
    if (from != nullptr && from->send_limits != SendLimits{}) poke(from, from->writing);
}

void SimKernel::land(const StreamPtr& to, SimSegment segment) {
    if (to->dead) return;
    if (to->closed) {
        const StreamPtr from = to->peer.lock();
        const bool is_answered = segment.kind == SimSegment::Kind::octets && from != nullptr && !from->closed;
        if (is_answered) fly(from, SimSegment{SimSegment::Kind::reset, {}, 0});
        return;
    }
    if (segment.kind != SimSegment::Kind::reset && segment.place >= to->lost_from) return;
    receive(to, std::move(segment));
}

void SimKernel::receive(const StreamPtr& to, SimSegment segment) {
    switch (segment.kind) {
        case SimSegment::Kind::octets:
            if (to == stdout_ends_[0]) {
                stdout_ += segment.octets;
                if (const StreamPtr writer = to->peer.lock()) poke(writer, writer->writing);
                return;
            }
            to->received.append(segment.octets);
            break;
        case SimSegment::Kind::end: to->end_received = true; break;
        case SimSegment::Kind::reset: return become_reset(to);
    }
    poke(to, to->reading);
    if (const auto listener = to->waits_at.lock()) poke(listener, listener->accepting);
}

void SimKernel::become_reset(const StreamPtr& stream) {
    if (stream->dead || stream->closed) return;
    stream->dead = true;
    // An end that has been received is still read as an end; only writing reports the reset.
    stream->error = stream->end_received ? EPIPE : ECONNRESET;
    if (!stream->end_received && chance_.happens(faults_.unread_lost)) {
        stream->received.clear();
        stream->read_from = 0;
    }
    poke(stream, stream->reading);
    poke(stream, stream->writing);
}

void SimKernel::reset_by_fault(const StreamPtr& stream) {
    if (!stream->connected || stream->is_stdio) return;
    become_reset(stream);
    if (const StreamPtr other = stream->peer.lock()) become_reset(other);
}

void SimKernel::close_stream(const StreamPtr& stream) {
    assert(stream->reading.op == nullptr && stream->writing.op == nullptr && "closed under a waiting task");
    assert(stream->connecting.op == nullptr && "closed under a connecting task");
    if (stream->is_stdio) return;
    stream->closed = true;
    const StreamPtr other = stream->peer.lock();
    if (!stream->connected || stream->dead || other == nullptr || other->closed) return;
    if (stream->family == Family::unix_path) {
        other->end_received = true;
        if (stream->unread() > 0) other->error = ECONNRESET;
        poke(other, other->reading);
        poke(other, other->writing);
        return;
    }
    if (!stream->abort_on_close && stream->unread() == 0) {
        if (!stream->end_sent) send_end(stream);
        return;
    }
    stream->dead = true;
    const std::uint64_t next = other->arriving.empty() ? other->places : other->arriving.front().place;
    // Octets for which the reader's window has no room have not been sent, and neither have any after them.
    const bool is_held_back =
        other->due > 0 && other->arriving.front().octets.size() > other->window_left(faults_.window_octets);
    other->lost_from = is_held_back ? next : chance_.between(next, other->places);
    fly(other, SimSegment{SimSegment::Kind::reset, {}, 0});
}

Result<void> SimKernel::shut_down(int number, ShutDown which) {
    const StreamPtr stopped = stream(number);
    note(static_cast<std::uint64_t>(which));
    if (stopped->is_stdio) return fail(ENOTSOCK, "shutdown");
    if (!stopped->connected || stopped->dead) return fail(ENOTCONN, "shutdown");
    if (which != ShutDown::receiving && !stopped->end_sent) {
        send_end(stopped);
        poke(stopped, stopped->writing);
    }
    if (which != ShutDown::sending) {
        stopped->receiving_shut = true;
        poke(stopped, stopped->reading);
    }
    return {};
}

std::size_t SimKernel::unacknowledged(int number) const {
    const StreamPtr to = stream(number)->peer.lock();
    return to == nullptr ? 0 : to->arriving_octets;
}

void SimKernel::set_no_delay(int number) { static_cast<void>(stream(number)); }

void SimKernel::set_send_limits(int number, const SendLimits& limits) { stream(number)->send_limits = limits; }

void SimKernel::set_abort_on_close(int number) { stream(number)->abort_on_close = true; }

Result<int> SimKernel::open_stdio(StdioEnd end) {
    const bool is_input = end == StdioEnd::input;
    StreamPtr(&ends)[2] = is_input ? stdin_ends_ : stdout_ends_;
    if (ends[0] == nullptr) {
        for (StreamPtr& one : ends) {
            one = make_stream(Family::unix_path);
            one->is_stdio = one->connected = true;
        }
        ends[0]->peer = ends[1];
        ends[1]->peer = ends[0];
        while (is_input && !stdin_.empty()) {
            const std::size_t part = chance_.between(1, chance_.happens(0.5) ? stdin_.size() : 1);
            send_octets(ends[0], stdin_.substr(0, part));
            stdin_.erase(0, part);
        }
        if (is_input) send_end(ends[0]);
    }
    return descriptors_.add(ends[1]);
}

}  // namespace portico::io
