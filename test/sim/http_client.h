// test/sim/http_client.h — reads answers as a client does. It shares no code with the server, and is stricter than any
// browser.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/task.h"
#include "test/sim/line.h"

namespace portico::sim {

// One answer, or what was received instead.
struct Answer {
    enum class End : std::uint8_t {
        whole,
        ended,      // the connection ended, or broke, before the answer did
        timed_out,  // no more octets arrived
        garbage,    // the octets received are not an answer: see `wrong`
    };
    End end = End::ended;
    std::string wrong;
    std::size_t octets = 0;  // how many octets were received, head and content
    int status = 0;
    std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
    std::string content;

    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] bool is_empty() const { return octets == 0; }
    [[nodiscard]] bool closes() const { return find("connection") == "close"; }
};

class AnswerReader {
public:
    explicit AnswerReader(Line& line) : line_(&line) {}

    // Reads the next final answer and skips interim ones. `to_head`: it answers a HEAD, so it has no content.
    // `patience`: how long to wait for further octets.
    Task<Answer> next(bool to_head, io::Duration patience);
    // Returns whether the octets end here.
    Task<bool> ends(io::Duration patience);
    [[nodiscard]] std::size_t interim_answers() const { return interim_; }

private:
    Task<std::optional<Answer::End>> read_more(io::Duration patience);
    Task<Answer> next_of_any_kind(bool to_head, io::Duration patience);
    Task<Answer> chunked(Answer answer, io::Duration patience);

    Line* line_;
    std::string received_;
    std::size_t interim_ = 0;
};

}  // namespace portico::sim
