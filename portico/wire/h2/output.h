// portico/wire/h2/output.h — the octets that a connection owes its peer, in one piece.
//
// Room wire: see frame.h.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "portico/base/buffer.h"

namespace portico::h2 {

// Grows as it is written to, and gives its memory back when all has been sent: an idle connection holds none. What is
// being sent stays where it is while more is added.
class Output {
public:
    // `pool` outlives it.
    explicit Output(BufferPool& pool) : pool_(&pool) {}

    [[nodiscard]] std::size_t size() const { return sending_.size() - sent_ + next_.size(); }
    // The octets to send next; those that are added meanwhile follow later. Valid until sent() has been told of all of
    // them. Empty if there is nothing to send.
    [[nodiscard]] std::string_view to_send();
    // The front part of to_send() was sent.
    void sent(std::size_t octets);
    // Room for `octets` after those that are there: write to it, and then call grow(). Empty if the ledger has no
    // memory left; otherwise it may be larger.
    [[nodiscard]] std::span<char> room(std::size_t octets);
    void grow(std::size_t octets) { next_.grow(octets); }

private:
    BufferPool* pool_;
    Buffer sending_;
    std::size_t sent_ = 0;  // octets at the front of sending_ that were sent
    Buffer next_;           // what to_send() does not return yet
};

// Makes `buffer` hold its octets and at least `further` ones, in a larger block if necessary. False if the ledger has
// no memory left; the buffer is then as it was.
[[nodiscard]] bool make_room(Buffer& buffer, std::size_t further, BufferPool& pool, Lending lending);

}  // namespace portico::h2
