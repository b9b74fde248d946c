// portico/io/sim/sim_sockets.h — the state that a simulated kernel keeps for each descriptor.
//
// Room io: see error.h. For sim_*.cc only.
// Threads:   one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "portico/io/kernel.h"
#include "portico/io/sim/sim_file_system.h"

namespace portico::io {

// Whether a socket bound to this address is bound to every address of its family.
[[nodiscard]] inline bool is_any(const SocketAddress& address) { return address.ip == IpAddress::any(address.family); }

// An operation that waits, and how to try it again: `attempt` returns nothing if it must go on waiting.
struct SimWaiting {
    Operation* op = nullptr;
    std::uint64_t ticket = 0;     // distinguishes this operation from a later one in the same place
    bool attempt_is_due = false;  // an event will try it
    std::function<std::optional<std::int64_t>()> attempt;
};

// Octets in flight, or the end or reset that follows them.
struct SimSegment {
    enum class Kind : std::uint8_t { octets, end, reset } kind = Kind::octets;
    std::string octets;
    std::uint64_t place = 0;  // counted over the whole stream
};

struct SimListener;

// One end of a stream.
struct SimStream {
    Family family = Family::ipv4;
    bool is_stdio = false;
    SocketAddress local;
    SocketAddress remote;
    std::weak_ptr<SimStream> peer;  // gone once the other end is closed and nothing is in flight to it
    bool connected = false;
    bool closed = false;  // by the program
    bool abort_on_close = false;
    SendLimits send_limits;

    std::string received;  // octets not yet read start at read_from
    std::size_t read_from = 0;
    std::deque<SimSegment> arriving;
    std::size_t arriving_octets = 0;       // the other end's unacknowledged octets
    std::size_t due = 0;                   // segments of `arriving` that have arrived but don't fit into the window
    std::uint64_t places = 0;              // number of places assigned
    std::uint64_t lost_from = UINT64_MAX;  // segments from this place on never arrive
    TimePoint last_arrival{};              // segments don't overtake each other
    std::size_t capacity = 0;              // for received and arriving together
    bool found_full = false;               // a write found the other end's buffer full
    bool end_received = false;
    bool receiving_shut = false;
    bool end_sent = false;
    bool dead = false;  // reset
    int error = 0;      // reported once

    SimWaiting reading;
    SimWaiting writing;
    SimWaiting connecting;
    std::optional<std::int64_t> connect_result;
    int knocks = 0;                       // number of connection attempts
    std::weak_ptr<SimListener> waits_at;  // until it is accepted

    [[nodiscard]] std::size_t unread() const { return received.size() - read_from; }
    // How many octets the window can take now.
    [[nodiscard]] std::size_t window_left(std::size_t window) const {
        return window == 0 ? SIZE_MAX : window - std::min(window, unread());
    }
};

struct SimListener {
    SocketAddress local;
    ListenOptions options;
    bool closed = false;
    bool refuses_new = false;
    struct Pending {
        std::shared_ptr<SimStream> stream;
        TimePoint since;
    };
    std::deque<Pending> backlog;
    SimWaiting accepting;

    // With defer_accept, a connection is queued once its peer has sent something (TCP_DEFER_ACCEPT).
    [[nodiscard]] bool is_queued(const Pending& pending, TimePoint now) const {
        const SimStream& stream = *pending.stream;
        const bool has_spoken = stream.unread() > 0 || stream.end_received || stream.dead;
        return has_spoken || now - pending.since >= options.defer_accept;
    }
};

struct SimDatagramSocket {
    SocketAddress local;
    bool reuse_port = false;
    bool coalesces = false;
    struct Packet {
        std::string octets;
        SocketAddress from;
    };
    std::deque<Packet> received;
    SimWaiting receiving;
    SimWaiting sending;
};

using SimObject = std::variant<std::monostate, std::shared_ptr<SimStream>, std::shared_ptr<SimListener>,
                               std::shared_ptr<SimDatagramSocket>, std::shared_ptr<SimNode>>;

// The table of descriptors: assigns the lowest free number first, as every system does.
class SimDescriptors {
public:
    int add(SimObject object);
    SimObject remove(int number);  // asserts that it is open: closing twice is a bug
    [[nodiscard]] const SimObject& at(int number) const;
    [[nodiscard]] std::size_t open() const { return open_; }

    template <class T>
    [[nodiscard]] std::shared_ptr<T> find(int number) const {
        const auto* const found = std::get_if<std::shared_ptr<T>>(&at(number));
        return found == nullptr ? nullptr : *found;
    }

private:
    static constexpr int first = 3;
    std::vector<SimObject> objects_;
    std::size_t open_ = 0;
};

}  // namespace portico::io
