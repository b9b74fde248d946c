// portico/io/sim/sim_chance.h — the only source of randomness in a simulation, and the probability of each fault.
//
// Room io: see error.h. Only tests use the simulation; it is part of the library so that programs can be tested with it
// too.
//
// Threads:   one.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace portico::io {

// xoshiro256** (Blackman, Vigna), seeded by splitmix64: the same numbers on every machine, unlike the standard
// distributions.
class Chance {
public:
    explicit Chance(std::uint64_t seed) {
        for (std::uint64_t& word : state_) word = mix(seed += 0x9e3779b97f4a7c15);
    }
    std::uint64_t next() {
        const std::uint64_t drawn = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return drawn;
    }
    // 0 … bound - 1. The bias does not matter here.
    std::uint64_t below(std::uint64_t bound) { return bound < 2 ? 0 : next() % bound; }
    std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
    bool happens(double probability) { return static_cast<double>(next() >> 11) * 0x1p-53 < probability; }
    // Usually short, sometimes long.
    std::chrono::nanoseconds some_time(std::chrono::nanoseconds longest) {
        const auto most = static_cast<std::uint64_t>(longest.count());
        return std::chrono::nanoseconds(below((happens(0.9) ? most / 256 : most) + 1));
    }

    static std::uint64_t mix(std::uint64_t word) {
        word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
        word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
        return word ^ (word >> 31);
    }

private:
    std::array<std::uint64_t, 4> state_;
};

// Probabilities, each per occasion. With the defaults nothing fails, but operations complete late, and reads and writes
// are short: a correct program cannot tell the difference.
struct SimFaults {
    double late = 0.3;  // an operation that could be done at once completes later
    double short_read = 0.1;
    double short_write = 0.1;
    double cold = 0.1;         // a part of a file is not in memory
    double cancel_late = 0.5;  // a cancelled operation completes later, and may still succeed
    std::chrono::nanoseconds delay_max = std::chrono::milliseconds(20);  // of octets in flight, offloaded work …
    std::size_t buffer_octets_min = 1024;  // between one program's write and the other's read, for each direction
    std::size_t buffer_octets_max = 64 * 1024;
    // This many of the received octets fit into the reader's window. Further octets stay unacknowledged with the writer
    // until the reader reads. 0: all of them fit (they still count towards the limits above).
    std::size_t window_octets = 0;
    // A writer that has filled the buffer goes on only once a third of it is free, as on Linux.
    bool wakes_writers_late = false;

    double reset = 0;            // each read and write: the connection is reset, at both ends
    double unread_lost = 0.3;    // a reset discards octets received but not yet read (not on Linux, but elsewhere)
    double accept_failure = 0;   // EMFILE, ENFILE, ENOBUFS, ENOMEM
    int accept_error = 0;        // the failure, if it is always the same one
    double accept_aborted = 0;   // ECONNABORTED: the connection is gone
    double open_failure = 0;     // EMFILE, ENFILE, ENOMEM: files, directories, sockets
    double disk_failure = 0;     // EIO: reading files and directories
    double connect_failure = 0;  // ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH
    double datagram_lost = 0;
    double datagram_doubled = 0;
    double datagram_refused = 0;           // receiving: ECONNREFUSED, about an earlier send
    double wall_clock_jump = 0;            // each wait: the wall clock is set forward or back by up to a year
    double time_leap = 0;                  // each wait: the machine slept for up to two minutes
    std::size_t descriptors_max = 65'536;  // beyond this: EMFILE
};

}  // namespace portico::io
