// portico/wire/hpack/hpack_fuzz.cc — any octets as the blocks of one connection, and the decoded lines encoded again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portico/wire/hpack/decoder.h"
#include "portico/wire/hpack/encoder.h"
#include "portico/wire/hpack/sections_for_test.h"

namespace portico::hpack {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

bool lies_in(std::string_view view, std::span<const char> memory) {
    return view.data() >= memory.data() && view.data() + view.size() <= memory.data() + memory.size();
}

void check_table(const DynamicTable& table) {
    std::size_t octets = 0;
    for (std::size_t place = 1; place <= table.count(); ++place) {
        const DynamicTable::Line line = table.line(place);
        require(line.known == http::recognise(line.name));
        octets += line_octets(line.name.size(), line.value.size());
    }
    require(octets == table.octets() && octets <= table.octets_max() && table.octets_max() <= table.capacity());
    require(table.memory_octets() <= table.capacity() + table.capacity() / 3);
}

// Decodes a block with a room of this size for each line. Returns whether it is well-formed.
bool decode(Decoder& decoder, std::string_view block, std::size_t room_octets, std::vector<OwnedLine>& lines) {
    std::vector<char> memory(room_octets);
    decoder.begin_block();
    for (;;) {
        const std::size_t before = block.size();
        std::span<char> room(memory);
        const auto line = decoder.next(block, room);
        if (!line) {
            require(!line.error().reason.empty());
            return false;
        }
        if (!*line) {
            require(block.empty());
            return true;
        }
        require(block.size() < before);
        const DecodedLine& got = **line;
        lines.push_back({std::string(got.name), std::string(got.value), got.indexing});
        if (!got.fits) {
            require(got.name.empty() && got.value.empty() && room.size() == memory.size());
            require(got.octets > room_octets);
            continue;
        }
        require(got.octets == line_octets(got.name.size(), got.value.size()));
        require(got.known == http::recognise(got.name));
        // What is not static is in the room, and the room has lost it.
        const std::size_t used = memory.size() - room.size();
        require(used == (lies_in(got.name, memory) ? got.name.size() : 0) +
                            (lies_in(got.value, memory) ? got.value.size() : 0));
    }
}

}  // namespace
}  // namespace portico::hpack

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace portico::hpack;
    if (size < 3) return 0;
    // The first octets determine the size of the tables and of the small room. Then each block has its length before
    // it.
    const std::size_t table_octets = std::size_t{data[0]} * 32;
    const std::size_t room_octets = data[1];
    std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
    Decoder decoder(table_octets);
    Decoder cramped(table_octets);  // the same, with less room
    Encoder encoder;
    Decoder again;
    encoder.set_table_octets_max(table_octets);
    while (!rest.empty()) {
        const std::string_view block = rest.substr(1, static_cast<unsigned char>(rest.front()));
        rest.remove_prefix(1 + block.size());
        std::vector<OwnedLine> lines;
        std::vector<OwnedLine> cramped_lines;
        const bool decoded = decode(decoder, block, 2 * block.size() + table_octets, lines);
        require(decode(cramped, block, room_octets, cramped_lines) == decoded);
        require(cramped_lines.size() == lines.size());
        check_table(decoder.table());
        check_table(cramped.table());
        require(table_lines(cramped.table()) == table_lines(decoder.table()));
        if (!decoded) return 0;
        // Names are encoded in lower case.
        for (OwnedLine& line : lines) {
            for (char& c : line.name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        }
        std::vector<OwnedLine> lines_again;
        const std::string encoded = encode_section(encoder, lines);
        require(decode(again, encoded, 2 * encoded.size() + table_octets + 4096, lines_again));
        require(lines_again.size() == lines.size());
        for (std::size_t i = 0; i < lines.size(); ++i) {
            require(lines_again[i].name == lines[i].name && lines_again[i].value == lines[i].value);
            require(lines[i].indexing == Indexing::allowed || lines_again[i].indexing == Indexing::never);
        }
        check_table(encoder.table());
        require(table_lines(encoder.table()) == table_lines(again.table()));
    }
    return 0;
}
