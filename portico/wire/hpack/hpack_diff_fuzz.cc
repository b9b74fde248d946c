// portico/wire/hpack/hpack_diff_fuzz.cc — compares our decoder and encoder with those of libnghttp2.
//
// Both decoders must read the same lines from any octets, and fail in the same block. What we encode, libnghttp2
// decodes to the same lines, and the other way round. No difference is allowed for: both have the same limits, except
// that libnghttp2 refuses strings of more than 64 KiB, and blocks are shorter here.
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portico/wire/hpack/hex_for_test.h"
#include "portico/wire/hpack/sections_for_test.h"

namespace portico::hpack {
namespace {

[[noreturn]] void report(const char* what, std::string_view block) {
    std::fprintf(stderr, "%s: %s\n", what, hex(block).c_str());
    std::abort();
}

// The lines of a block, and whether it was decoded to its end.
struct Outcome {
    std::vector<OwnedLine> lines;
    bool is_whole = false;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome ours(Decoder& decoder, std::string_view block) {
    Outcome outcome;
    std::vector<char> memory(2 * block.size() + decoder.table().capacity());
    decoder.begin_block();
    for (;;) {
        std::span<char> room(memory);
        const auto line = decoder.next(block, room);
        if (!line) return outcome;
        if (!*line) break;
        outcome.lines.push_back({std::string((*line)->name), std::string((*line)->value), (*line)->indexing});
    }
    outcome.is_whole = true;
    return outcome;
}

std::string_view text(const std::uint8_t* octets, std::size_t size) {
    return {reinterpret_cast<const char*>(octets), size};
}

class TheirDecoder {
public:
    TheirDecoder() {
        if (nghttp2_hd_inflate_new(&inflater_) != 0) std::abort();
    }
    TheirDecoder(const TheirDecoder&) = delete;
    TheirDecoder& operator=(const TheirDecoder&) = delete;
    ~TheirDecoder() { nghttp2_hd_inflate_del(inflater_); }

    void set_table_octets_max(std::size_t octets) {
        if (nghttp2_hd_inflate_change_table_size(inflater_, octets) != 0) std::abort();
    }
    Outcome decode(std::string_view block) {
        Outcome outcome;
        for (;;) {
            nghttp2_nv line{};
            int flags = 0;
            const auto* const octets = reinterpret_cast<const std::uint8_t*>(block.data());
            const ssize_t used = nghttp2_hd_inflate_hd2(inflater_, &line, &flags, octets, block.size(), 1);
            if (used < 0) return outcome;
            block.remove_prefix(static_cast<std::size_t>(used));
            if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
                const bool never = (line.flags & NGHTTP2_NV_FLAG_NO_INDEX) != 0;
                outcome.lines.push_back({std::string(text(line.name, line.namelen)),
                                         std::string(text(line.value, line.valuelen)),
                                         never ? Indexing::never : Indexing::allowed});
            }
            if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
        }
        nghttp2_hd_inflate_end_headers(inflater_);
        outcome.is_whole = true;
        return outcome;
    }

private:
    nghttp2_hd_inflater* inflater_ = nullptr;
};

class TheirEncoder {
public:
    TheirEncoder() {
        if (nghttp2_hd_deflate_new(&deflater_, initial_table_octets_max) != 0) std::abort();
    }
    TheirEncoder(const TheirEncoder&) = delete;
    TheirEncoder& operator=(const TheirEncoder&) = delete;
    ~TheirEncoder() { nghttp2_hd_deflate_del(deflater_); }

    void set_table_octets_max(std::size_t octets) {
        if (nghttp2_hd_deflate_change_table_size(deflater_, octets) != 0) std::abort();
    }
    std::string encode(std::vector<OwnedLine>& lines) {
        std::vector<nghttp2_nv> theirs;
        for (OwnedLine& line : lines) {
            const auto flags = line.indexing == Indexing::never ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
            theirs.push_back({reinterpret_cast<std::uint8_t*>(line.name.data()),
                              reinterpret_cast<std::uint8_t*>(line.value.data()), line.name.size(), line.value.size(),
                              static_cast<std::uint8_t>(flags)});
        }
        std::string block(nghttp2_hd_deflate_bound(deflater_, theirs.data(), theirs.size()), '\0');
        const ssize_t octets = nghttp2_hd_deflate_hd(deflater_, reinterpret_cast<std::uint8_t*>(block.data()),
                                                     block.size(), theirs.data(), theirs.size());
        if (octets < 0) std::abort();
        block.resize(static_cast<std::size_t>(octets));
        return block;
    }

private:
    nghttp2_hd_deflater* deflater_ = nullptr;
};

// Whether the decoded lines are those that were encoded. An encoder may protect more of them than it was told to.
bool are_same(const std::vector<OwnedLine>& encoded, const Outcome& decoded) {
    return decoded.is_whole && std::ranges::equal(encoded, decoded.lines, [](const auto& line, const auto& other) {
               return line.name == other.name && line.value == other.value &&
                      (line.indexing == Indexing::allowed || other.indexing == Indexing::never);
           });
}

// Both libraries' decoders and encoders, each for one connection.
class Connections {
public:
    void set_table_octets_max(std::size_t octets) {
        decoder_.set_table_octets_max(octets);
        their_decoder_.set_table_octets_max(octets);
        encoder_.set_table_octets_max(octets);
        decoder_of_ours_.set_table_octets_max(octets);
        their_encoder_.set_table_octets_max(octets);
        decoder_of_theirs_.set_table_octets_max(octets);
    }
    // Returns whether the block was decoded.
    bool take(std::string_view block) {
        Outcome outcome = ours(decoder_, block);
        if (outcome != their_decoder_.decode(block)) report("the block is read differently", block);
        // Our encoder writes names in lower case.
        for (OwnedLine& line : outcome.lines) {
            for (char& c : line.name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        }
        const std::string by_us = encode_section(encoder_, outcome.lines);
        if (!are_same(outcome.lines, decoder_of_ours_.decode(by_us))) report("they read our block differently", by_us);
        const std::string by_them = their_encoder_.encode(outcome.lines);
        if (!are_same(outcome.lines, ours(decoder_of_theirs_, by_them))) {
            report("we read their block differently", by_them);
        }
        return outcome.is_whole;
    }

private:
    Decoder decoder_;
    TheirDecoder their_decoder_;
    Encoder encoder_;
    TheirDecoder decoder_of_ours_;
    TheirEncoder their_encoder_;
    Decoder decoder_of_theirs_;
};

}  // namespace
}  // namespace portico::hpack

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace portico::hpack;
    // Each block has its length before it. 255 is no length: the next octet is a new setting of the table's size.
    constexpr unsigned is_setting = 255;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    Connections connections;
    while (rest.size() >= 2) {
        const auto first = static_cast<unsigned char>(rest[0]);
        if (first == is_setting) {
            connections.set_table_octets_max(std::min<std::size_t>(static_cast<unsigned char>(rest[1]) * 32U, 4096));
            rest.remove_prefix(2);
            continue;
        }
        const std::string_view block = rest.substr(1, first);
        rest.remove_prefix(1 + block.size());
        if (!connections.take(block)) return 0;
    }
    return 0;
}
