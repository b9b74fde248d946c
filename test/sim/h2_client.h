// test/sim/h2_client.h — asks the questions of an HTTP/1.1 client over HTTP/2, several at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/task.h"
#include "portico/wire/hpack/decoder.h"
#include "test/sim/http_client.h"
#include "test/sim/line.h"
#include "test/sim/questions.h"

namespace portico::sim {

// The content that the chunks of an HTTP/1.1 request carry.
[[nodiscard]] std::string without_chunks(std::string_view octets);

// A client's end of one connection. It respects every rule of RFC 9113, and reports a server that does not. The frames
// are its own; for HPACK it has the server's decoder, which wire/hpack compares with another one.
class H2Client {
public:
    // `window`: what each response may send before it is used.
    H2Client(World& world, Line& line, std::uint32_t window);

    // What has become of a question.
    struct Result {
        Question question;
        Answer answer;
        bool was_reset_by_us = false;
        std::uint32_t error = 0;  // of RST_STREAM, if answer.end is `ended`
    };

    // Queues a request.
    void ask(Question question);
    // Queues the reset of a request that has not been answered yet, if there is one.
    void reset_one();
    // Sends what is queued.
    Task<bool> send();
    // Reads until every question is settled, sending what that needs; the results are in the order in which they came.
    Task<std::vector<Result>> finish(io::Duration patience);
    // Reads once. False: the connection is over, or nothing came.
    Task<bool> read(io::Duration patience);
    [[nodiscard]] std::size_t unsettled() const { return open_.size(); }
    [[nodiscard]] bool was_told_to_leave() const { return last_stream_.has_value(); }

private:
    struct Open {
        Question question;
        Answer answer;
        std::string unsent;        // content
        std::int64_t window = 0;   // for it
        std::uint32_t unused = 0;  // content received, of which the server has not been told
        bool is_withheld = false;  // not all content is sent
        bool has_ended = false;    // our side
    };

    void add_frame(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload);
    void add_content();
    void take(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload);
    void take_settings(std::string_view payload);
    void take_head(std::uint32_t stream, std::string_view block, bool is_last);
    void take_data(std::uint32_t stream, std::string_view payload, bool is_last);
    void give_windows(bool all);
    void settle(std::uint32_t stream, Answer::End end);
    void settle_all(Answer::End end);
    void wrong(const std::string& why);

    World* world_;
    Line* line_;
    std::uint32_t window_;
    std::string out_;
    bool is_late_ = false;  // why the last read got nothing
    std::string in_;
    std::size_t received_ = 0;  // octets of content, since finish() returned
    std::uint32_t next_stream_ = 1;
    std::map<std::uint32_t, Open> open_;
    std::vector<Result> results_;
    hpack::Decoder decoder_;
    std::string block_;  // of the stream block_stream_, without its end
    std::uint32_t block_stream_ = 0;
    bool block_is_last_ = false;
    std::int64_t send_window_ = 65'535;
    std::int64_t initial_window_ = 65'535;
    std::uint32_t unused_ = 0;                  // content received, of which the server has not been told
    std::optional<std::uint32_t> last_stream_;  // as GOAWAY says
};

}  // namespace portico::sim
