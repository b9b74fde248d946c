// portico/wire/h2/stream.cc — see stream.h.
#include "portico/wire/h2/stream.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace portico::h2 {

const char* Stream::keep(std::string_view octets, Ledger& ledger) {
    if (memory_octets_ < octets.size()) {
        memory_octets_ = std::max(std::bit_ceil(octets.size()), usual_octets);
        memory_ = std::make_unique_for_overwrite<char[]>(memory_octets_);
    }
    charge_ = Charge(ledger, memory_octets_ + sizeof(Stream));
    if (!octets.empty()) std::memcpy(memory_.get(), octets.data(), octets.size());
    return memory_.get();
}

void Stream::clear() {
    auto memory = std::move(memory_);
    const std::size_t memory_octets = memory_octets_;
    *this = Stream();
    if (memory_octets > usual_octets) return;
    memory_ = std::move(memory);
    memory_octets_ = memory_octets;
}

void StreamList::insert_by_id(Stream& stream) {
    Stream* before = back_;
    while (before != nullptr && before->id > stream.id) before = before->before;
    insert_after(before, stream);
}

void StreamList::insert_after(Stream* before, Stream& stream) {
    Stream*& next = before == nullptr ? front_ : before->after;
    stream.before = before;
    stream.after = next;
    (next == nullptr ? back_ : next->before) = &stream;
    next = &stream;
}

void StreamList::erase(Stream& stream) {
    (stream.before == nullptr ? front_ : stream.before->after) = stream.after;
    (stream.after == nullptr ? back_ : stream.after->before) = stream.before;
    stream.before = stream.after = nullptr;
}

}  // namespace portico::h2
