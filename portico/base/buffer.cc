// portico/base/buffer.cc — see buffer.h.
#include "portico/base/buffer.h"

#include <algorithm>
#include <cstring>

namespace portico {

void Buffer::drop_front(std::size_t octets) {
    assert(octets <= size_);
    size_ -= octets;
    if (size_ > 0) std::memmove(block_, block_ + octets, size_);
}

void Buffer::give_back() noexcept { pool_->take_back(block_, capacity_); }

BufferPool::~BufferPool() {
    for (char* block : kept_) delete[] block;
}

Buffer BufferPool::try_borrow(Lending lending, std::size_t octets) {
    const bool is_refused = lending == Lending::input && ledger_->is_full();
    if (is_refused || !ledger_->has_room_for(std::max(octets, std::size_t{usual_octets}))) return {};
    return borrow(octets);
}

Buffer BufferPool::borrow(std::size_t octets) {
    const std::size_t capacity = octets <= usual_octets ? usual_octets : octets;
    char* block = nullptr;
    if (capacity == usual_octets && !kept_.empty()) {
        block = kept_.back();
        kept_.pop_back();
    } else {
        block = new char[capacity];
    }
    ledger_->charge(capacity);
    return Buffer(*this, block, capacity);
}

void BufferPool::take_back(char* block, std::size_t capacity) noexcept {
    ledger_->release(capacity);
    if (capacity == usual_octets && kept_.size() < kept_max_) {
        kept_.push_back(block);
    } else {
        delete[] block;
    }
}

}  // namespace portico
