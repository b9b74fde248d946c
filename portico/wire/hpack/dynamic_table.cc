// portico/wire/hpack/dynamic_table.cc — see dynamic_table.h.
#include "portico/wire/hpack/dynamic_table.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace portico::hpack {
namespace {

constexpr std::size_t text_octets_for(std::size_t capacity) { return capacity - entry_overhead_octets; }

}  // namespace

DynamicTable::DynamicTable(std::size_t capacity) : capacity_(capacity), octets_max_(capacity) {
    assert(capacity <= capacity_max);
}

void DynamicTable::add(http::FieldName known, std::string_view name, std::string_view value) {
    const std::size_t octets = line_octets(name.size(), value.size());
    if (octets > octets_max_) return clear();
    evict_until(octets_max_ - octets);
    if (text_ == nullptr) allocate();
    const std::size_t text_octets = name.size() + value.size();
    if (text_octets_for(capacity_) - text_end_ < text_octets) move_text_to_front();
    newest_slot_ = newest_slot_ + 1 < slots_for(capacity_) ? newest_slot_ + 1 : 0;
    entries_[newest_slot_] = Entry{.begins_at = static_cast<std::uint16_t>(text_end_),
                                   .name_octets = static_cast<std::uint16_t>(name.size()),
                                   .value_octets = static_cast<std::uint16_t>(value.size()),
                                   .note = 0,
                                   .known = known};
    char* const text = text_.get() + text_end_;
    std::copy(name.begin(), name.end(), text);
    std::copy(value.begin(), value.end(), text + name.size());
    text_end_ += text_octets;
    octets_ += octets;
    ++count_;
    ++added_;
}

void DynamicTable::set_octets_max(std::size_t octets) {
    assert(octets <= capacity_);
    octets_max_ = octets;
    evict_until(octets);
}

std::size_t DynamicTable::memory_octets() const {
    return text_ == nullptr ? 0 : text_octets_for(capacity_) + slots_for(capacity_) * sizeof(Entry);
}

void DynamicTable::set_note(std::size_t place, std::uint16_t note) { entries_[slot_of(place)].note = note; }

void DynamicTable::evict_until(std::size_t octets) {
    while (octets_ > octets) {
        const Entry& oldest = entry(count_);
        octets_ -= line_octets(oldest.name_octets, oldest.value_octets);
        --count_;
    }
    if (count_ == 0) text_end_ = 0;
}

// Called when a line is added, because many connections never add one.
void DynamicTable::allocate() {
    text_ = std::make_unique_for_overwrite<char[]>(text_octets_for(capacity_));
    entries_ = std::make_unique<Entry[]>(slots_for(capacity_));
}

// Makes room at the end. The remaining lines and a new one always fit: text_ is smaller than the capacity by the
// overhead of one line, and every line counts with that overhead.
void DynamicTable::move_text_to_front() {
    const std::size_t begins_at = entry(count_).begins_at;
    std::memmove(text_.get(), text_.get() + begins_at, text_end_ - begins_at);
    text_end_ -= begins_at;
    for (std::size_t place = 1; place <= count_; ++place) {
        Entry& moved = entries_[slot_of(place)];
        moved.begins_at = static_cast<std::uint16_t>(moved.begins_at - begins_at);
    }
}

}  // namespace portico::hpack
