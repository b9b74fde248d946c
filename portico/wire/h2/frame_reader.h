// portico/wire/h2/frame_reader.h — cuts what the peer sends into frames (RFC 9113 §3.4, §4).
//
// Room wire: see frame.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "portico/base/buffer.h"
#include "portico/wire/h2/frame.h"
#include "portico/wire/h2/limits.h"

namespace portico::h2 {

// One step of reading. All views end with the next step.
struct Step {
    enum class Kind : std::uint8_t {
        more,        // more octets are needed
        frame,       // a whole frame of any type but these two; unknown types come without their payload
        headers,     // HEADERS and its CONTINUATION frames, as if they were one frame (RFC 9113 §4.3)
        data_begin,  // the beginning of a DATA frame
        data,        // some of its content, at least one octet
        data_end,    // its end
        fault,       // the connection ends
    } kind = Kind::more;
    FrameHeader header;
    std::string_view payload;  // of `headers`, the whole field block; of `data`, the content
    std::size_t padding = 0;   // of `headers` and `data_begin`: octets, with the one that tells the length
    StreamId depends_on = 0;   // of `headers`: what RFC 7540 §5.3.1 called the dependency, if it is given
    bool has_dependency = false;
    Fault fault{};
};

// Reads a connection's octets, however they are cut. Content is passed on as it arrives; everything else is passed on
// when it is complete, and copied only if it was cut. Checks the rules that need no knowledge of streams: the preface,
// sizes, which frame may follow which, and the limits of field blocks.
class FrameReader {
public:
    // They outlive it. `role` is ours: a server's begins with the client's preface.
    FrameReader(BufferPool& pool, const Limits& limits, Counters& counters, Role role)
        : pool_(&pool),
          limits_(&limits),
          counters_(&counters),
          role_(role),
          state_(role == Role::server ? State::preface : State::header) {}

    // Reads one step from the front of `input`, and removes what it has used. After `fault`, it must not be called.
    [[nodiscard]] Step next(std::string_view& input);

    // A number for the frame or field block that has begun and not ended, other than DATA; 0 if there is none.
    [[nodiscard]] std::uint64_t incomplete() const;
    void release_memory();  // for a connection that has ended

private:
    enum class State : std::uint8_t { preface, header, pad_length, data, data_padding, payload, skip };
    using Read = std::optional<Step>;  // nothing: go on

    struct Block {
        StreamId stream = 0;  // 0: no block is being read
        Step step;            // what the HEADERS frame says besides the block
        std::size_t continuations = 0;
        Buffer octets;
    };

    [[nodiscard]] bool is_in_block() const { return block_.stream != 0; }
    [[nodiscard]] Read read_preface(std::string_view& input);
    [[nodiscard]] Read read_header(std::string_view& input);
    [[nodiscard]] Read begin_frame();
    [[nodiscard]] std::optional<Fault> check_sequence() const;
    [[nodiscard]] Read read_pad_length(std::string_view& input);
    [[nodiscard]] Read begin_data(std::size_t padding);
    [[nodiscard]] Read read_data(std::string_view& input);
    [[nodiscard]] Read read_padding(std::string_view& input);
    [[nodiscard]] Read read_payload(std::string_view& input);
    [[nodiscard]] Read end_frame(std::string_view payload);
    [[nodiscard]] Read read_headers(std::string_view payload);
    [[nodiscard]] Read read_continuation(std::string_view payload);
    [[nodiscard]] Read add_fragment(std::string_view fragment);
    void skip(std::string_view& input);
    [[nodiscard]] Step fail(Fault fault) const;

    BufferPool* pool_;
    const Limits* limits_;
    Counters* counters_;
    Role role_;
    State state_;
    bool has_settings_ = false;  // the first frame has begun
    FrameHeader header_;         // of the frame that is being read
    std::uint64_t number_ = 1;   // of the frame or field block that is being read, or will be next
    std::array<char, frame_header_octets> header_octets_{};
    std::size_t begun_ = 0;    // octets of the preface or header that have been read
    std::size_t left_ = 0;     // octets of the content, padding or payload still to come
    std::size_t padding_ = 0;  // octets after the content
    Buffer partial_;           // the payload that is being read, if it was cut
    Block block_;
};

}  // namespace portico::h2
