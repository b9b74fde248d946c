// portico/embed/test_client.h — talks to a server without a port, a thread or a real clock: for a program's tests.
//
// The server and the client run on one core above a simulated kernel: reads and writes are short, operations complete
// in any order, time stands still unless somebody waits for it. A seed gives the same run again.
//
// Room embed: see response.h.
// Threads:   the test's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portico {

class Server;

// What the server answered. Status 0: the connection broke before a whole answer came.
struct TestAnswer {
    int status = 0;                                           // the final response's code, 200
    std::vector<std::pair<std::string, std::string>> fields;  // names and values, in the order of the answer
    std::string content;                                      // without chunks

    // The first line's value; empty where there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const;
};

// What goes wrong, each a chance between 0 and 1.
class TestFaults {
public:
    TestFaults() {}             // NOLINT(modernize-use-equals-default): see Options
    double reset = 0;           // a read or write finds its connection reset
    double accept_failure = 0;  // accepting finds no descriptor or no memory
    double open_failure = 0;    // a file can't be opened
};

// Asks a server questions, each on a connection of its own and answered before the call returns. No port is opened, no
// thread started, and the clock is the client's.
class TestClient {
public:
    // `server` has its routes, has not been started, and outlives the client. Where they can't be served
    // (Server::errors()), that is said on standard error, and the program aborted.
    explicit TestClient(Server& server, std::uint64_t seed = 1, TestFaults faults = TestFaults());
    TestClient(const TestClient&) = delete;
    TestClient& operator=(const TestClient&) = delete;
    ~TestClient();

    TestAnswer get(std::string_view target);  // "/notes?q=a": as it is sent, escapes and all
    // Sends `content`, with its length.
    TestAnswer post(std::string_view target, std::string_view content,
                    std::string_view content_type = "application/octet-stream");
    // Any method, with further fields. Host, Connection and Content-Length are added.
    TestAnswer request(std::string_view method, std::string_view target,
                       const std::vector<std::pair<std::string, std::string>>& fields = {},
                       std::string_view content = {});
    // Sends these octets on a connection of their own, and returns all that comes back until the server closes it.
    std::string exchange(std::string_view octets);
    // Sends these octets and leaves after `time`, whatever has come back.
    void send_and_leave(std::string_view octets, std::chrono::milliseconds time);

    // Lets the clock go on, and everything happen that happens meanwhile.
    void pass(std::chrono::milliseconds time);
    // Requests being answered: connections that are open at the server.
    [[nodiscard]] std::size_t connections() const;

private:
    struct World;
    std::unique_ptr<World> world_;
};

}  // namespace portico
