// portico/wire/hpack/decoder.h — reads blocks of field lines (RFC 7541 §3, §6).
//
// Room wire: see h1/read_head.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "portico/http/fields.h"
#include "portico/wire/hpack/dynamic_table.h"
#include "portico/wire/hpack/failure.h"
#include "portico/wire/hpack/indexing.h"

namespace portico::hpack {

// One field line. Names and values are as the peer encoded them: HPACK does not know which octets they may have, or
// that names are in lower case.
struct DecodedLine {
    http::FieldName known = http::FieldName::other;  // `other` for pseudo-header fields too
    std::string_view name = {};                      // pseudo-header fields begin with ':'
    std::string_view value = {};
    Indexing indexing = Indexing::allowed;
    bool fits = true;        // false: the room was too small. The line has only changed the dynamic table, and its name
                             // and value are empty
    std::size_t octets = 0;  // name, value and 32 (RFC 7541 §4.1), whether the line fits or not
};

// Decodes the blocks of one connection, which must all pass through it, in their order.
class Decoder {
public:
    // `table_octets_max`: the largest value that we announce as SETTINGS_HEADER_TABLE_SIZE, at most
    // DynamicTable::capacity_max (asserted). To announce less than the initial 4096, begin with 4096, because the peer
    // may use that many until it has seen our settings, and call set_table_octets_max() when it has acknowledged them.
    explicit Decoder(std::size_t table_octets_max = initial_table_octets_max);

    // The peer has acknowledged this value of the setting, at most the one given to the constructor (asserted). If the
    // peer may use more than that now, its next block must begin with a size update (RFC 7541 §4.2). Do not call this
    // within a block.
    void set_table_octets_max(std::size_t octets);

    // The next block begins. Only here may the peer change the size of the table.
    void begin_block();

    // Decodes the next field line of the block, of which `block` is the rest, and removes it from the front. Blocks are
    // whole: the frames of a field section are joined beforehand. Returns nothing at the end of the block.
    //
    // Copies name and value to the front of `room`, and removes that part from it. Text from the static table is not
    // copied. So both views are valid as long as the room's memory. A line that does not fit into the room may still
    // have to be added to the table. It is then decoded into memory that is allocated for it, at most as much as the
    // table has, and freed before this returns.
    //
    // Fails, and must not be called again, if an index is not in the tables, if an integer is too large, if the block
    // ends in a line, if a Huffman-coded string is malformed, and if a size update is too large, too late or missing.
    [[nodiscard]] Result<std::optional<DecodedLine>> next(std::string_view& block, std::span<char>& room);

    // Removes the lines at the front of `block` that are no more than an index of one octet, and change nothing. Use it
    // for lines that are not wanted. next() goes on with the rest, and finds what is wrong in it.
    void skip_indexed(std::string_view& block);

    // The octets that are allocated now: none before the first line is added to the table.
    [[nodiscard]] std::size_t memory_octets() const { return table_.memory_octets(); }
    [[nodiscard]] const DynamicTable& table() const { return table_; }

private:
    struct Literal;

    std::optional<Failure> update_size(std::string_view& block);
    std::optional<Failure> indexed(std::string_view& block, std::span<char>& room, DecodedLine& line);
    std::optional<Failure> literal(std::string_view& block, std::span<char>& room, DecodedLine& line);
    [[nodiscard]] Result<DynamicTable::Line> at_index(std::size_t index) const;
    void remember(const Literal& literal, const DecodedLine& line);

    DynamicTable table_;
    std::size_t setting_;                        // that the peer has acknowledged
    std::optional<std::size_t> update_at_most_;  // the size update that is still missing
    bool may_update_ = false;                    // no line of the block has been decoded yet
};

}  // namespace portico::hpack
