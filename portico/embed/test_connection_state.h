// portico/embed/test_connection_state.h — the inside of a TestConnection: requests of HTTP/1.1 one after another, and
// their answers piece by piece.
//
// Room embed: see response.h.
// Threads:   the test's own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/base/task.h"
#include "portico/embed/test_client.h"
#include "portico/http/message.h"
#include "portico/link/transport.h"
#include "portico/wire/h1/framing.h"
#include "portico/wire/h1/read_chunked.h"

namespace portico {

// The octets of a request of HTTP/1.1. `further`: field lines.
[[nodiscard]] std::string write_test_request(std::string_view method, std::string_view target, const TestFields& fields,
                                             std::string_view content, std::string_view further = {});
// Whether a request has a Content-Length.
[[nodiscard]] bool announces_length(std::string_view method, std::string_view content);

struct TestConnection::State {
    // `run_task` runs a task to its end, while the server works.
    State(io::Core& its_core, std::function<void(Task<void>)> run_task) : core(&its_core), run(std::move(run_task)) {}

    // Sends the octets of a request and reads the head of its answer.
    Task<void> ask(std::string octets, http::Method method);
    // Reads until there is a piece, or the content is over.
    Task<void> await_piece();
    // Notices that the server has closed.
    Task<void> look();

    io::Core* core;
    std::function<void(Task<void>)> run;
    std::optional<link::Transport> transport;  // nothing once the connection has ended
    TestAnswer answer;                         // its head
    std::string piece;                         // of its content, not read yet
    bool is_reading = false;                   // there is more of the content to come

private:
    [[nodiscard]] bool take_head(http::Method method);
    void take_piece();
    void end_content();
    Task<bool> receive(io::TimePoint deadline);

    std::string received_;
    h1::Framing framing_ = h1::Framing::none;
    std::uint64_t content_left_ = 0;
    std::optional<h1::ChunkedReader> chunks_;
    h1::Persistence persistence_ = h1::Persistence::keep;
};

}  // namespace portico
