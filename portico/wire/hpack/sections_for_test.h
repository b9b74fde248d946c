// portico/wire/hpack/sections_for_test.h — whole blocks in, whole lists of lines out.
//
// Room wire: see h1/read_head.h. Included by tests alone.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portico/wire/hpack/decoder.h"
#include "portico/wire/hpack/encoder.h"

namespace portico::hpack {

// A line that owns its text.
struct OwnedLine {
    std::string name;
    std::string value;
    Indexing indexing = Indexing::allowed;

    friend bool operator==(const OwnedLine&, const OwnedLine&) = default;
};

// The lines of a block, or nothing if decoding fails; `reason` then says why. Each line gets a room of its own.
inline std::optional<std::vector<OwnedLine>> decode_section(Decoder& decoder, std::string_view block,
                                                            std::string_view* reason = nullptr) {
    std::vector<OwnedLine> lines;
    std::vector<char> memory(decoder.table().capacity() + block.size() * 2);
    decoder.begin_block();
    for (;;) {
        std::span<char> room(memory);
        const auto line = decoder.next(block, room);
        if (!line && reason != nullptr) *reason = line.error().reason;
        if (!line) return std::nullopt;
        if (!*line) return lines;
        lines.push_back({std::string((*line)->name), std::string((*line)->value), (*line)->indexing});
    }
}

// A block with these lines.
inline std::string encode_section(Encoder& encoder, const std::vector<OwnedLine>& lines) {
    std::size_t octets_at_most = Encoder::block_beginning_octets_at_most;
    for (const OwnedLine& line : lines) octets_at_most += Encoder::octets_at_most(line.name, line.value);
    std::string block(octets_at_most, '\0');
    std::span<char> out(block);
    encoder.begin_block(out);
    for (const OwnedLine& line : lines) encoder.encode(line.name, line.value, line.indexing, out);
    block.resize(block.size() - out.size());
    return block;
}

// The lines of a table as RFC 7541 Appendix C prints them: "(57) :authority: www.example.com", the newest first.
inline std::vector<std::string> table_lines(const DynamicTable& table) {
    std::vector<std::string> lines;
    for (std::size_t place = 1; place <= table.count(); ++place) {
        const DynamicTable::Line line = table.line(place);
        const std::size_t octets = line_octets(line.name.size(), line.value.size());
        lines.push_back("(" + std::to_string(octets) + ") " + std::string(line.name) + ": " + std::string(line.value));
    }
    return lines;
}

}  // namespace portico::hpack
