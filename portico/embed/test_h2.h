// portico/embed/test_h2.h — one request over HTTP/2 (RFC 9113) and its answer, or the octets of a protocol that it
// opens (RFC 8441), for the test client. Without I/O.
//
// Room embed: see response.h.
// Threads:   none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/embed/test_client.h"
#include "portico/wire/h2/frame.h"
#include "portico/wire/hpack/decoder.h"

namespace portico {

// What a client does on a connection for one request: octets to be sent come out, octets received go in.
class TestH2 {
public:
    using Fields = std::vector<std::pair<std::string, std::string>>;

    // `fields` may have a Host, which becomes ":authority".
    TestH2(std::string_view method, std::string_view target, const Fields& fields, std::string_view content);
    // Extended CONNECT: asks for a protocol, whose octets go on in both directions.
    TestH2(std::string_view protocol, std::string_view target, const Fields& fields);

    // What can be sent now; empty if there is nothing.
    [[nodiscard]] std::string take_output();
    void receive(std::string_view octets);
    // The answer is complete, or never will be.
    [[nodiscard]] bool is_over() const { return state_ != State::open; }
    // For a protocol: the code of the answer, 0 until it has come; octets to send; and those that have been received.
    [[nodiscard]] int status() const { return answer_.status; }
    void send(std::string_view octets) { unsent_ += octets; }
    [[nodiscard]] std::string take_content() { return std::exchange(answer_.content, std::string()); }
    // The answer; its status is 0 if it is incomplete or malformed.
    [[nodiscard]] TestAnswer take_answer();

private:
    enum class State : std::uint8_t { open, complete, failed };

    void add_frame(h2::FrameType type, unsigned flags, h2::StreamId stream, std::string_view payload);
    void begin();
    void add_request(std::string_view method, std::string_view protocol, std::string_view target, const Fields& fields);
    void add_head(std::string_view block, bool is_last);
    void add_content();
    void take(const h2::FrameHeader& header, std::string_view payload);
    void take_settings(std::string_view payload);
    void take_block(std::string_view block);
    void end_message();

    State state_ = State::open;
    std::string output_;
    std::string input_;
    std::string unsent_;      // of the content
    bool is_tunnel_ = false;  // more may always be sent
    bool has_sent_all_ = false;
    std::int64_t connection_window_ = h2::window_octets_initial;
    std::int64_t initial_window_ = h2::window_octets_initial;
    std::int64_t window_ = h2::window_octets_initial;  // of the stream
    hpack::Decoder decoder_;
    std::string block_;           // of a header section that is not complete
    bool block_is_last_ = false;  // its HEADERS has END_STREAM
    TestAnswer answer_;
};

}  // namespace portico
