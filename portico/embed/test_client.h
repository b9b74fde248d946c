// portico/embed/test_client.h — talks to a server without a port, a thread or a real clock: for a program's tests.
//
// Server and client run on one core on a simulated kernel: reads and writes are short, operations complete in any
// order, and the clock moves only while every task waits. The same seed gives the same run.
//
// Room embed: see response.h.
// Threads:   the test's own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portico {

class Server;

// The server's answer. Status 0: the connection ended before the answer was complete.
struct TestAnswer {
    int status = 0;                                           // the final response's code, 200
    std::vector<std::pair<std::string, std::string>> fields;  // names and values, in the order of the answer
    std::string content;                                      // without chunks

    // The value of the first field with this name; empty if there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const;
};

// Probabilities, from 0 to 1, of failures.
class TestFaults {
public:
    TestFaults() {}             // NOLINT(modernize-use-equals-default): see Options
    double reset = 0;           // a read or write finds the connection reset
    double accept_failure = 0;  // accepting fails for lack of descriptors or memory
    double open_failure = 0;    // a file can't be opened
};

// What the client speaks.
enum class TestProtocol : std::uint8_t {
    http,   // HTTP/1.1
    https,  // the same over TLS, with a certificate for localhost that is made for the tests of this process
    http2,  // HTTP/2 over TLS; octets, as exchange() and others take them, are sent over HTTP/1.1 nevertheless
};

// A test client's WebSocket. Pings are answered while the client's clock goes on. The client outlives it; when it is
// destroyed, the connection is reset unless it has been closed.
class TestSocket {
public:
    struct State;  // for the library itself
    explicit TestSocket(std::shared_ptr<State> state);
    TestSocket(TestSocket&&) noexcept = default;
    TestSocket& operator=(TestSocket&&) = delete;
    ~TestSocket();

    // The code of the answer to the handshake: 101 if the socket is open, or 200 over HTTP/2; 0 if there was none.
    [[nodiscard]] int status() const;
    // Sends a message, once the clock goes on: with the next receive() or close(), or with TestClient::pass().
    void send_text(std::string_view text);
    void send_binary(std::string_view octets);
    // The next message; nothing once the server has closed, or if none comes.
    [[nodiscard]] std::optional<std::string> receive();
    // Closes, and drops what the server still sends until it has answered.
    void close(unsigned code = 1000, std::string_view reason = {});
    // The code and reason with which the server has closed; 1006: it has not.
    [[nodiscard]] unsigned close_code() const;
    [[nodiscard]] std::string_view close_reason() const;
    // Resets the connection.
    void leave();

private:
    std::shared_ptr<State> state_;
};

// Sends requests to a server, each on a separate connection, and returns the answer. It opens no port and starts no
// thread, and its clock is simulated.
class TestClient {
public:
    // `server` has its routes, has not been started, and outlives the client. If its routes can't be served
    // (Server::errors()), standard error says why and the program aborts.
    explicit TestClient(Server& server, std::uint64_t seed = 1, TestFaults faults = TestFaults(),
                        TestProtocol protocol = TestProtocol::http);
    TestClient(const TestClient&) = delete;
    TestClient& operator=(const TestClient&) = delete;
    ~TestClient();

    // Another server on the same core, at an address of the simulated machine such as "127.0.0.1:8080": what the first
    // one's handlers connect to, with portico::fetch() for instance. It may be the stand-in for a server of somebody
    // else. `upstream` is like the constructor's server. Call it before the first request. If `endpoint` is not an
    // address and a port, or a Unix socket, standard error says so and the program aborts.
    void add_upstream(std::string_view endpoint, Server& upstream);

    TestAnswer get(std::string_view target);  // "/notes?q=a": sent as given, so write escapes
    // Sends `content`, with its length.
    TestAnswer post(std::string_view target, std::string_view content,
                    std::string_view content_type = "application/octet-stream");
    // Any method, with further fields. Connection (not over HTTP/2) and Content-Length are added, and "Host: localhost"
    // unless `fields` has one.
    TestAnswer request(std::string_view method, std::string_view target,
                       const std::vector<std::pair<std::string, std::string>>& fields = {},
                       std::string_view content = {});
    // Opens a WebSocket with further fields, such as Origin and Sec-WebSocket-Protocol.
    TestSocket websocket(std::string_view target, const std::vector<std::pair<std::string, std::string>>& fields = {});
    // Sends these octets on one connection, and returns everything received until the server closes it.
    std::string exchange(std::string_view octets);
    // Like exchange(), for a client that half-closes as soon as it has sent the octets, as `printf … | nc` does.
    std::string exchange_and_finish(std::string_view octets);
    // Sends these octets and resets the connection after `time`, whatever has been received.
    void send_and_leave(std::string_view octets, std::chrono::milliseconds time);

    // Sends these octets and lets the clock go on for `time`. The client stays until it is destroyed, or until the
    // server closes the connection.
    void send_and_stay(std::string_view octets, std::chrono::milliseconds time);

    // Lets the clock advance by `time`, while the server works.
    void pass(std::chrono::milliseconds time);
    // Connections that are open at the server.
    [[nodiscard]] std::size_t connections() const;
    // Octets that these connections and their requests take up, as Limits::memory_max counts them.
    [[nodiscard]] std::size_t octets_in_use() const;

private:
    struct World;
    std::unique_ptr<World> world_;
};

}  // namespace portico
