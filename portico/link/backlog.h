// portico/link/backlog.h — the octets that a connection has sent and its peer has not acknowledged, and how long to
// wait for that.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "portico/base/buffer.h"
#include "portico/io/stream.h"
#include "portico/link/fast_readers.h"

namespace portico::link {

struct InboundLimits;

// Counts octets that a connection has written and its peer has not acknowledged. They occupy the kernel's memory, so
// they are charged to the ledger as of the last check. Checking is a system call, which small answers avoid.
class Backlog {
public:
    // Octets that may be written before the kernel is asked again.
    static constexpr std::size_t unasked_octets_max = 16 * 1024;

    // The stream outlives the backlog.
    explicit Backlog(io::Stream& stream) : stream_(&stream) {}
    // Takes over what `other` has counted and charged, for a stream that has been moved to `stream`.
    Backlog(io::Stream& stream, Backlog&& other)
        : stream_(&stream),
          charged_(std::exchange(other.charged_, 0)),
          unasked_(std::exchange(other.unasked_, 0)),
          taken_(other.taken_),
          place_(std::exchange(other.place_, nullptr)),
          progress_(other.progress_) {}
    Backlog(const Backlog&) = delete;
    Backlog& operator=(const Backlog&) = delete;
    ~Backlog() {
        charge(0);
        if (place_ != nullptr) place_->give_back();
    }

    // The stream has taken this many more octets.
    void add(std::size_t octets) {
        if (at_most() == 0) progress_ = stream_->core().now();
        unasked_ += octets;
        taken_ += octets;
        if (unasked_ >= unasked_octets_max) ask();
    }
    // The stream may hold more unsent octets from now on, if there is a place and the peer has proved that it reads. It
    // is so until ask() finds that the peer has acknowledged nearly everything. `readers` outlives the backlog.
    void widen(FastReaders& readers);
    // Asks the kernel. Returns how many octets are unacknowledged.
    std::size_t ask();
    // The most octets that can be unacknowledged, without asking.
    [[nodiscard]] std::size_t at_most() const { return charged_ + unasked_; }
    // For how long the peer has acknowledged nothing although octets are outstanding, as of the last check.
    [[nodiscard]] io::Duration idle(io::TimePoint now) const {
        return at_most() == 0 ? io::Duration::zero() : now - progress_;
    }
    // Whether a check at that time or later has shown that the peer acknowledged octets.
    [[nodiscard]] bool has_progressed_since(io::TimePoint time) const { return progress_ >= time; }
    // Whether the connection has nothing outstanding that is worth waiting for: at most a few small answers.
    [[nodiscard]] bool is_small() { return at_most() < unasked_octets_max || ask() < unasked_octets_max; }

private:
    void charge(std::size_t octets);
    void narrow();

    io::Stream* stream_;
    std::size_t charged_ = 0;       // what the kernel reported
    std::size_t unasked_ = 0;       // octets written since then
    std::uint64_t taken_ = 0;       // octets written in total
    FastReaders* place_ = nullptr;  // of which this connection has a place
    io::TimePoint progress_{};      // when the peer last acknowledged octets, or had nothing to acknowledge
};

// Whether this many octets in that waiting time reach the minimum mean rate, or the grace period is not over.
[[nodiscard]] bool is_fast_enough(std::uint64_t octets, io::Duration waited, const InboundLimits& limits);
// The same, with the limits' two members.
[[nodiscard]] bool is_fast_enough(std::uint64_t octets, io::Duration waited, std::uint64_t rate_min,
                                  std::chrono::milliseconds grace);

// Judges a peer that must receive octets by what it acknowledges. "Writable" does not describe a slow peer that reads
// steadily: the kernel reports it only when a third of a buffer has drained. Only the time spent waiting for the peer
// counts, not the time in which the content was made or read from a disk.
//
// Each wait works as follows: write until step(), then call took() or lasts().
class Patience {
public:
    // Both outlive it. The peer must also receive what is already in the backlog.
    Patience(const InboundLimits& limits, Backlog& backlog)
        : limits_(&limits), backlog_(&backlog), pause_(first_pause), octets_(backlog.at_most()) {}

    // A wait begins now. Returns when to check the peer again if it has taken nothing by then.
    [[nodiscard]] io::TimePoint step(io::TimePoint now);
    // Like step(), if nothing is being written and only acknowledgements are outstanding. The first checks come soon:
    // outstanding octets are charged until then, and most peers acknowledge them within a round trip.
    [[nodiscard]] io::TimePoint next_look(io::TimePoint now);
    // The stream took this many octets. Returns whether the peer is fast enough to go on.
    [[nodiscard]] bool took(std::size_t octets, io::TimePoint now);
    // The stream took none until step(). Returns whether the peer has acknowledged enough in the meantime to go on
    // waiting.
    [[nodiscard]] bool lasts(io::TimePoint now);

private:
    static constexpr auto first_pause = std::chrono::milliseconds(20);

    const InboundLimits* limits_;
    Backlog* backlog_;
    io::TimePoint began_{};  // when the present wait began
    io::Duration waited_{};  // in total
    io::Duration idle_{};    // total of these waits without an octet taken or acknowledged
    io::Duration pause_;     // until the next check
    std::uint64_t octets_;   // total octets that the stream took
};

}  // namespace portico::link
