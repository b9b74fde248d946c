// portico/embed/test_socket_state.h — the inside of a TestSocket: the test client's end of a WebSocket.
//
// Room embed: see response.h.
// Threads:   the test's own.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "portico/base/task.h"
#include "portico/embed/test_client.h"
#include "portico/embed/test_h2.h"
#include "portico/io/gate.h"
#include "portico/io/scope.h"
#include "portico/link/transport.h"
#include "portico/wire/websocket/connection.h"

namespace portico {

struct TestSocket::State {
    // `run_task` runs a task to its end, while the server works.
    State(io::Core& its_core, std::function<void(Task<void>)> run_task)
        : core(&its_core),
          run(std::move(run_task)),
          engine(websocket::Role::client, {.message_octets_max = std::size_t{1} << 30}, std::nullopt, ledger) {}

    // Sends the handshake and reads its answer. `head`: the request's.
    Task<void> open(std::string head);
    // The same over HTTP/2, if `h2` is set.
    Task<void> open_h2();
    // Both end with the connection.
    Task<void> read();
    Task<void> write();
    Task<void> await_message();
    Task<void> leave();
    void take(std::string_view octets);
    void take_h2(std::string_view octets);
    [[nodiscard]] std::string take_output();
    void end();

    io::Core* core;
    std::function<void(Task<void>)> run;
    Ledger ledger{std::size_t{1} << 32};
    websocket::Connection engine;
    std::optional<link::Transport> transport;
    std::optional<TestH2> h2;  // empty over HTTP/1.1
    int status = 0;
    bool is_open = false;
    bool has_left = false;
    std::deque<std::string> messages;
    unsigned close_code = 1006;
    std::string close_reason;
    io::Gate news;    // for the test
    io::Gate output;  // for write()
    io::Scope tasks;  // read() and write()
};

}  // namespace portico
