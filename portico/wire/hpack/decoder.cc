// portico/wire/hpack/decoder.cc — see decoder.h.
#include "portico/wire/hpack/decoder.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "portico/http/hex.h"
#include "portico/wire/hpack/huffman.h"
#include "portico/wire/hpack/integer.h"
#include "portico/wire/hpack/patterns.h"
#include "portico/wire/hpack/static_table.h"

namespace portico::hpack {
namespace {

enum class Coding : std::uint8_t { plain, huffman };

// A name or a value, where it is now.
struct Text {
    std::string_view octets = {};
    Coding coding = Coding::plain;
};

Result<Text> read_string(std::string_view& block) {
    if (block.empty()) return fail("the block ends before a string");
    const bool huffman = (http::octet(block.front()) & huffman_string) != 0;
    const auto octets = read_integer(block, string_prefix_bits);
    if (!octets) return std::unexpected(octets.error());
    if (*octets > block.size()) return fail("the block ends in a string");
    const Text text{block.substr(0, *octets), huffman ? Coding::huffman : Coding::plain};
    block.remove_prefix(*octets);
    return text;
}

// Writes the decoded text to `room`, or a part of it if the room is too small. Returns how many octets the text has.
Result<std::size_t> decode(const Text& text, std::span<char> room) {
    if (text.coding == Coding::huffman) return decode_huffman(text.octets, room);
    std::copy_n(text.octets.begin(), std::min(text.octets.size(), room.size()), room.begin());
    return text.octets.size();
}

// Removes the first octets from `room`, and returns them.
std::string_view take(std::span<char>& room, std::size_t octets) {
    const std::string_view taken(room.data(), octets);
    room = room.subspan(octets);
    return taken;
}

std::string_view copy_into(std::span<char>& room, std::string_view text) {
    std::copy(text.begin(), text.end(), room.begin());
    return take(room, text.size());
}

}  // namespace

// A line whose value is in the block, and perhaps its name too.
struct Decoder::Literal {
    Text name = {};
    Text value = {};
    bool name_is_static = false;
    bool name_is_new = false;  // not in a table
    http::FieldName known = http::FieldName::other;
    std::size_t name_octets = 0;  // decoded
    std::size_t value_octets = 0;
};

Decoder::Decoder(std::size_t table_octets_max) : table_(table_octets_max), setting_(table_octets_max) {
    table_.set_octets_max(std::min(table_octets_max, initial_table_octets_max));
}

void Decoder::set_table_octets_max(std::size_t octets) {
    assert(octets <= table_.capacity());
    setting_ = octets;
    // If there are several changes, the peer must signal the smallest (RFC 7541 §4.2).
    if (octets < update_at_most_.value_or(table_.octets_max())) update_at_most_ = octets;
}

void Decoder::begin_block() { may_update_ = true; }

Result<std::optional<DecodedLine>> Decoder::next(std::string_view& block, std::span<char>& room) {
    while (!block.empty()) {
        const unsigned first = http::octet(block.front());
        if ((first & (indexed_line | added_line | size_update)) == size_update) {
            if (const auto failure = update_size(block)) return std::unexpected(*failure);
            continue;
        }
        if (update_at_most_) return fail("a dynamic table size update is missing");
        may_update_ = false;
        Result<std::optional<DecodedLine>> line(std::in_place, std::in_place);
        const auto failure = (first & indexed_line) != 0 ? indexed(block, room, **line) : literal(block, room, **line);
        if (failure) line = std::unexpected(*failure);
        return line;
    }
    if (update_at_most_) return fail("a dynamic table size update is missing");
    return std::nullopt;
}

// A peer can make us decode thousands of such lines that exceed a limit: they should cost less than a line.
void Decoder::skip_indexed(std::string_view& block) {
    constexpr std::size_t one_octet_max = 126;  // an index that fills its prefix has further octets (RFC 7541 §5.1)
    const std::size_t index_max = std::min(static_index_max + table_.count(), one_octet_max);
    const auto is_index = [index_max](char octet) {
        return static_cast<std::size_t>(http::octet(octet) - indexed_line - 1U) < index_max;
    };
    const auto rest = std::ranges::find_if_not(block, is_index);
    const auto skipped = static_cast<std::size_t>(rest - block.begin());
    if (skipped > 0) may_update_ = false;
    block.remove_prefix(skipped);
}

// RFC 7541 §6.3
std::optional<Failure> Decoder::update_size(std::string_view& block) {
    if (!may_update_) return Failure{"a dynamic table size update after a field line"};
    const auto octets = read_integer(block, update_prefix_bits);
    if (!octets) return octets.error();
    if (*octets > update_at_most_.value_or(setting_)) return Failure{"a dynamic table size update above the limit"};
    update_at_most_.reset();
    table_.set_octets_max(*octets);
    return std::nullopt;
}

// RFC 7541 §2.3.3
Result<DynamicTable::Line> Decoder::at_index(std::size_t index) const {
    if (index == 0) return fail("index 0");
    if (index <= static_index_max) {
        const StaticEntry& entry = static_entry(index);
        return DynamicTable::Line{.known = entry.known, .name = entry.name, .value = entry.value};
    }
    if (index - static_index_max > table_.count()) return fail("an index beyond the dynamic table");
    return table_.line(index - static_index_max);
}

// RFC 7541 §6.1
std::optional<Failure> Decoder::indexed(std::string_view& block, std::span<char>& room, DecodedLine& line) {
    const auto index = read_integer(block, indexed_prefix_bits);
    if (!index) return index.error();
    const auto found = at_index(*index);
    if (!found) return found.error();
    line.octets = line_octets(found->name.size(), found->value.size());
    const bool is_static = *index <= static_index_max;
    line.fits = is_static || line.octets - entry_overhead_octets <= room.size();
    if (!line.fits) return std::nullopt;
    line.known = found->known;
    line.name = is_static ? found->name : copy_into(room, found->name);
    line.value = is_static ? found->value : copy_into(room, found->value);
    return std::nullopt;
}

// RFC 7541 §6.2
std::optional<Failure> Decoder::literal(std::string_view& block, std::span<char>& room, DecodedLine& line) {
    const unsigned first = http::octet(block.front());
    const bool added = (first & added_line) != 0;
    const auto index = read_integer(block, added ? added_prefix_bits : literal_prefix_bits);
    if (!index) return index.error();
    Literal literal{.name_is_static = *index != 0 && *index <= static_index_max, .name_is_new = *index == 0};
    if (literal.name_is_new) {
        const auto name = read_string(block);
        if (!name) return name.error();
        literal.name = *name;
    } else {
        const auto found = at_index(*index);
        if (!found) return found.error();
        literal.name.octets = found->name;
        literal.known = found->known;
    }
    const auto value = read_string(block);
    if (!value) return value.error();
    literal.value = *value;

    // A line that does not fit is decoded all the same, to learn its size and to check its coding.
    const std::span<char> name_room = literal.name_is_static ? std::span<char>() : room;
    const auto name_octets = decode(literal.name, name_room);
    if (!name_octets) return name_octets.error();
    const std::size_t name_copied = literal.name_is_static ? 0 : *name_octets;
    const auto value_octets = decode(literal.value, room.subspan(std::min(name_copied, room.size())));
    if (!value_octets) return value_octets.error();
    literal.name_octets = *name_octets;
    literal.value_octets = *value_octets;

    if (!added && (first & never_line) != 0) line.indexing = Indexing::never;
    line.fits = name_copied + *value_octets <= room.size();
    line.octets = line_octets(*name_octets, *value_octets);
    if (line.fits) {
        line.name = literal.name_is_static ? literal.name.octets : take(room, *name_octets);
        line.value = take(room, *value_octets);
        line.known = literal.name_is_new ? http::recognise(line.name) : literal.known;
    }
    if (added) remember(literal, line);
    return std::nullopt;
}

// Adds a line to the dynamic table. The table copies the text, so it may not be the table's own.
void Decoder::remember(const Literal& literal, const DecodedLine& line) {
    if (line.fits) return table_.add(line.known, line.name, line.value);
    if (line.octets > table_.octets_max()) return table_.clear();  // RFC 7541 §4.4
    std::string text(literal.name_octets + literal.value_octets, '\0');
    const std::span<char> room(text);
    const auto name_octets = decode(literal.name, room.first(literal.name_octets));
    const auto value_octets = decode(literal.value, room.subspan(literal.name_octets));
    assert(name_octets && value_octets);  // they have been decoded before
    const std::string_view name(text.data(), *name_octets);
    const http::FieldName known = literal.name_is_new ? http::recognise(name) : literal.known;
    table_.add(known, name, std::string_view(text).substr(*name_octets));
}

}  // namespace portico::hpack
