// portico/wire/hpack/dynamic_table.h — the field lines that one encoder and its decoder remember (RFC 7541 §2.3.2, §4).
//
// Room wire: see h1/read_head.h.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "portico/http/fields.h"

namespace portico::hpack {

// What an entry costs besides its name and value (RFC 7541 §4.1).
inline constexpr std::size_t entry_overhead_octets = 32;

// The size of a line as RFC 7541 §4.1 counts it.
constexpr std::size_t line_octets(std::size_t name_octets, std::size_t value_octets) {
    return name_octets + value_octets + entry_overhead_octets;
}

// A queue of lines, the newest at place 1. Adding a line evicts the oldest ones.
//
// The memory is allocated once, when the first line is added: the capacity, and a third of it for the entries.
class DynamicTable {
public:
    static constexpr std::size_t capacity_max = 64 * 1024 - 1;

    struct Line {
        http::FieldName known;
        std::string_view name;  // valid until a line is added
        std::string_view value;
    };

    // `capacity`, at most capacity_max (asserted), is the largest value that octets_max() can have, in the octets of
    // RFC 7541 §4.1, and is also its first value.
    explicit DynamicTable(std::size_t capacity);

    // Adds a line as place 1. A line that is larger than octets_max() empties the table instead (§4.4). The views must
    // not point into the table.
    void add(http::FieldName known, std::string_view name, std::string_view value);
    // Evicts all lines.
    void clear() { evict_until(0); }
    // Evicts lines until the table has at most `octets`, which is at most capacity() (asserted), and keeps it so
    // (§4.3).
    void set_octets_max(std::size_t octets);

    // The line at a place, from 1 to count() (asserted).
    [[nodiscard]] Line line(std::size_t place) const {
        const Entry& found = entry(place);
        const char* const text = text_.get() + found.begins_at;
        return Line{.known = found.known,
                    .name = std::string_view(text, found.name_octets),
                    .value = std::string_view(text + found.name_octets, found.value_octets)};
    }
    // The name of the line at a place, without its text.
    [[nodiscard]] http::FieldName known(std::size_t place) const { return entry(place).known; }
    [[nodiscard]] std::size_t count() const { return count_; }            // lines
    [[nodiscard]] std::size_t octets() const { return octets_; }          // of all lines
    [[nodiscard]] std::size_t octets_max() const { return octets_max_; }  // that `octets` can have
    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    [[nodiscard]] std::size_t memory_octets() const;  // that are allocated now
    // How many lines have been added since the beginning, modulo 2^16: a line keeps its number while its place changes.
    [[nodiscard]] std::uint16_t added() const { return added_; }
    // For the encoder: a number that it stores with the line. A new line has 0.
    [[nodiscard]] std::uint16_t note(std::size_t place) const { return entry(place).note; }
    void set_note(std::size_t place, std::uint16_t note);

private:
    struct Entry {
        std::uint16_t begins_at = 0;  // in text_: the name, and then the value
        std::uint16_t name_octets = 0;
        std::uint16_t value_octets = 0;
        std::uint16_t note = 0;
        http::FieldName known = http::FieldName::other;
    };
    static_assert(3 * sizeof(Entry) <= entry_overhead_octets);

    static constexpr std::size_t slots_for(std::size_t capacity) { return capacity / entry_overhead_octets; }
    [[nodiscard]] std::size_t slot_of(std::size_t place) const {
        assert(place >= 1 && place <= count_);
        const std::size_t back = place - 1;
        return newest_slot_ >= back ? newest_slot_ - back : newest_slot_ + slots_for(capacity_) - back;
    }
    [[nodiscard]] const Entry& entry(std::size_t place) const { return entries_[slot_of(place)]; }
    void evict_until(std::size_t octets);
    void allocate();
    void move_text_to_front();

    std::size_t capacity_;
    std::size_t octets_max_;
    std::size_t octets_ = 0;
    std::size_t count_ = 0;
    std::size_t newest_slot_ = 0;
    std::size_t text_end_ = 0;  // in text_
    std::uint16_t added_ = 0;
    std::unique_ptr<char[]> text_;      // names and values, each entry after the one that was added before it
    std::unique_ptr<Entry[]> entries_;  // a ring
};

}  // namespace portico::hpack
