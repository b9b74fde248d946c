// portico/link/fast_readers.h — the connections of a core that may keep more unsent octets in the kernel than others.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <cstddef>

namespace portico::link {

// With more unsent octets in the kernel, a large file is sent in fewer pieces, each of which is a system call and a
// pass of the loop. A peer that stops reading then makes the kernel hold that much: so only some peers get it, after
// they have read something on the same connection (Backlog::widen()). They keep it until they have read everything.
class FastReaders {
public:
    // How much one of them has acknowledged on its connection before.
    static constexpr std::size_t proof_octets = 256 * 1024;

    // `usual` and `large`: unsent octets of a connection. Nothing is larger: no connection is given more.
    FastReaders(std::size_t usual, std::size_t large, std::size_t connections_max)
        : usual_(usual), large_(large), free_(usual > 0 && large > usual ? connections_max : 0) {}
    FastReaders(const FastReaders&) = delete;
    FastReaders& operator=(const FastReaders&) = delete;

    // Whether there is a place. The caller gives it back.
    [[nodiscard]] bool take() {
        if (free_ == 0) return false;
        --free_;
        return true;
    }
    void give_back() { ++free_; }
    [[nodiscard]] std::size_t usual() const { return usual_; }
    [[nodiscard]] std::size_t large() const { return large_; }

private:
    std::size_t usual_;
    std::size_t large_;
    std::size_t free_;
};

}  // namespace portico::link
