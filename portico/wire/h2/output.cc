// portico/wire/h2/output.cc — see output.h.
#include "portico/wire/h2/output.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace portico::h2 {

std::string_view Output::to_send() {
    if (!sending_.has_block() && !next_.empty()) sending_ = std::exchange(next_, Buffer());
    return sending_.octets().substr(sent_);
}

void Output::sent(std::size_t octets) {
    assert(octets <= sending_.size() - sent_);
    sent_ += octets;
    if (sent_ < sending_.size()) return;
    sending_ = Buffer();
    sent_ = 0;
}

std::span<char> Output::room(std::size_t octets) {
    if (!make_room(next_, octets, *pool_, Lending::answer)) return {};
    return next_.room();
}

bool make_room(Buffer& buffer, std::size_t further, BufferPool& pool, Lending lending) {
    if (buffer.room().size() >= further) return true;
    // Few steps to the usual limits, so that little is copied: a turn with many answers begins with an empty output.
    Buffer larger = pool.try_borrow(lending, std::max(buffer.size() + further, 4 * buffer.capacity()));
    if (!larger.has_block()) return false;
    if (!buffer.empty()) std::memcpy(larger.room().data(), buffer.octets().data(), buffer.size());
    larger.grow(buffer.size());
    buffer = std::move(larger);
    return true;
}

}  // namespace portico::h2
