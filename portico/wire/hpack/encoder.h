// portico/wire/hpack/encoder.h — writes blocks of field lines (RFC 7541 §2, §6).
//
// Room wire: see h1/read_head.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "portico/http/fields.h"
#include "portico/http/status.h"
#include "portico/wire/hpack/dynamic_table.h"
#include "portico/wire/hpack/indexing.h"
#include "portico/wire/hpack/static_table.h"

namespace portico::hpack {

// Encodes the blocks of one connection, which must reach the peer in the order in which they were encoded.
//
// A line that is likely to come again is put into the dynamic table, and then costs one octet or two. encoder.cc lists
// which fields these are. Strings are Huffman-coded where that makes them shorter.
class Encoder {
public:
    // The most octets of the table that we use, whatever the peer allows.
    static constexpr std::size_t table_octets_max = initial_table_octets_max;
    // The most octets that begin_block() writes: two size updates of at most three octets.
    static constexpr std::size_t block_beginning_octets_at_most = 6;

    // The peer has sent this value of SETTINGS_HEADER_TABLE_SIZE, and we acknowledge it. If it changes the size of our
    // table, the next block begins with the size updates that RFC 7541 §4.2 asks for. Do not call this within a block.
    void set_table_octets_max(std::size_t octets);

    // The most octets that encode() writes for this line: three for an index below 61 + 128, with a prefix of four
    // bits, and six for each length.
    [[nodiscard]] static constexpr std::size_t octets_at_most(std::string_view name, std::string_view value) {
        return 15 + name.size() + value.size();
    }
    // The most octets that encode_status() writes: as for a line with a name of 7 and a value of 3.
    static constexpr std::size_t status_octets_at_most = 25;

    // Each function below writes to the front of `out`, and removes that part from it. `out` has room for the most
    // octets that the function may write (asserted).

    // Begins a block.
    void begin_block(std::span<char>& out);
    // Writes the pseudo-header field ":status" (RFC 9113 §8.3.2). The status has three digits (asserted).
    void encode_status(http::Status status, std::span<char>& out);
    // Writes a field line. `known` is not `other` (asserted).
    void encode(http::FieldName known, std::string_view value, Indexing indexing, std::span<char>& out);
    // The same for any name, also of a pseudo-header field. Names are in lower case on the wire (RFC 9113 §8.2).
    // Credentials and cookies that are easy to guess are never indexed, whatever `indexing` is.
    void encode(std::string_view name, std::string_view value, Indexing indexing, std::span<char>& out);

    // The octets that are allocated now: none before the first line is added to the table.
    [[nodiscard]] std::size_t memory_octets() const { return table_.memory_octets(); }
    [[nodiscard]] const DynamicTable& table() const { return table_; }

private:
    struct Line;

    void encode_line(const Line& line, std::span<char>& out);
    [[nodiscard]] std::size_t place_of(std::uint16_t number, http::FieldName known) const;
    [[nodiscard]] Match find_in_table(const Line& line) const;
    [[nodiscard]] bool comes_again(const Line& line);
    void remember(const Line& line);

    DynamicTable table_{table_octets_max};
    std::size_t signalled_octets_max_ = table_octets_max;  // of the peer's table, as the blocks up to now leave it
    std::size_t smallest_octets_max_ = table_octets_max;   // of our table, since the last block began
    // For each name, the number that table_.added() had after its newest line was added. The line may have been
    // evicted. The note of each line in the table is how many lines earlier the one with the same name was added, 0 if
    // there was none.
    std::array<std::uint16_t, http::field_name_count> newest_{};
    // For each name whose values seldom repeat, a digest of its last value that was not in the table.
    std::array<std::uint16_t, http::field_name_count> last_{};
};

}  // namespace portico::hpack
