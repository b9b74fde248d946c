// portico/wire/h1/scan.h — finds the next octet that ends something, 64 octets at a time.
//
// Room wire: see read_head.h.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace portico::h1 {

inline constexpr std::size_t block_octets = 64;

// The octets of one block that end a run: bit i is octet i. The classes are those of octets.h.
struct BlockStops {
    std::uint64_t not_token = 0;
    std::uint64_t not_path = 0;
    std::uint64_t control = 0;
    bool operator==(const BlockStops&) const = default;
};

// Classifies the block_octets octets at `block`, which need no alignment.
using Classify = BlockStops (*)(const char* block);

// One way to classify a block. All ways give the same answers.
struct Classifier {
    std::string_view name;  // "scalar", "sse4.2", "avx2"
    Classify classify;
};

// The classifiers that this machine can run, slowest first; never empty.
std::span<const Classifier> classifiers();

// The fastest of classifiers(), chosen when the program starts.
extern const Classify classify_block;

// Searches `text` for stops from front to back; the text outlives the scanner. It reads no octet outside `text`.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    // The first octet at or after `from` that stops the run, or the size of the text if there is none.
    std::size_t next_not_token(std::size_t from) { return next<&BlockStops::not_token>(from); }
    std::size_t next_not_path(std::size_t from) { return next<&BlockStops::not_path>(from); }
    std::size_t next_control(std::size_t from) { return next<&BlockStops::control>(from); }

    // How many control octets the text has.
    std::size_t count_controls();

private:
    static constexpr std::size_t none = ~std::size_t{0};

    template <auto stops>
    std::size_t next(std::size_t from) {
        assert(from <= text_.size());
        for (;;) {
            const std::size_t block = from & ~(block_octets - 1);
            if (block != block_) {
                if (from == text_.size()) return from;
                load(block);
            }
            const std::uint64_t ahead = stops_.*stops >> (from - block);
            if (ahead != 0) return from + static_cast<std::size_t>(std::countr_zero(ahead));
            from = block + block_octets;
            // Nothing follows a last block that is full; if it isn't full, load() has put a stop after its end.
            if (from >= text_.size()) return text_.size();
        }
    }
    void load(std::size_t block) {
        block_ = block;
        if (text_.size() - block >= block_octets) {
            stops_ = classify_block(text_.data() + block);
        } else {
            load_last(block);
        }
    }
    void load_last(std::size_t block);  // a block that is not full

    std::string_view text_;
    std::size_t block_ = none;  // the start of the block that stops_ describes
    BlockStops stops_;
};

}  // namespace portico::h1
