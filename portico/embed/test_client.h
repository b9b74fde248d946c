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

#include "portico/embed/response.h"

namespace portico {

class Server;

// Names and values of fields.
using TestFields = std::vector<std::pair<std::string, std::string>>;

// The server's answer. Status 0: the connection ended before the answer was complete.
struct TestAnswer {
    int status = 0;       // the final response's code, 200
    TestFields fields;    // in the order of the answer
    std::string content;  // without chunks

    // The value of the first field with this name; empty if there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const;
    // What a browser would send back as its field Cookie, "a=1; b=2": the answer's cookies, without those that it ends.
    [[nodiscard]] std::string cookies() const;
    // The content as JSON: answer.as<portico::Json>(). If it is none, the value is_discarded().
    template <class Json>
    [[nodiscard]] Json as() const {
        return Json::parse(content, nullptr, false);
    }
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

// A connection of a test client that is kept: it carries requests of HTTP/1.1 one after another, and answers can be
// read piece by piece. The client outlives it.
class TestConnection {
public:
    struct State;  // for the library itself
    explicit TestConnection(std::shared_ptr<State> state);
    TestConnection(TestConnection&&) noexcept = default;
    TestConnection& operator=(TestConnection&&) = delete;
    ~TestConnection();  // closes it

    // Like TestClient's functions. Status 0: the connection has ended, or the answer before has not been read wholly.
    TestAnswer get(std::string_view target, const TestFields& fields = {});
    TestAnswer request(std::string_view method, std::string_view target, const TestFields& fields = {},
                       std::string_view content = {});
    // Sends a request, and returns the answer as soon as its head has come: without content, which read() returns.
    TestAnswer begin(std::string_view method, std::string_view target, const TestFields& fields = {},
                     std::string_view content = {});
    // The next octets of the content, as they come. Nothing at its end, if the connection ends, or if no more come
    // within five minutes of the client's clock.
    [[nodiscard]] std::optional<std::string> read();
    // The content up to `end`, and with it, such as one server-sent event, which ends with "\n\n". Nothing if it does
    // not come; what came instead can still be read.
    [[nodiscard]] std::optional<std::string> read_until(std::string_view end);
    // Whether the content of the last answer has come to its end.
    [[nodiscard]] bool is_complete() const;
    // Whether the connection can carry a further request: the server has not closed it. The clock goes on for a moment.
    [[nodiscard]] bool is_open();
    // Resets the connection.
    void leave();

private:
    std::shared_ptr<State> state_;
};

// Sends requests to a server, each on a separate connection, and returns the answer. It opens no port and starts no
// thread, and its clock is simulated. Of several clients of one server at the same time, each is like a thread of the
// server: the first one runs what every(), spawn(), on_start() and on_stop() have been given.
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

    // `target`: "/notes?q=a", sent as given, so write escapes. `fields`, here and below: further ones, such as
    // {{"Authorization", "Bearer abc"}}.
    TestAnswer get(std::string_view target, const TestFields& fields = {});
    // Sends `content`, with its length.
    TestAnswer post(std::string_view target, std::string_view content,
                    std::string_view content_type = "application/octet-stream", const TestFields& fields = {});
    TestAnswer put(std::string_view target, std::string_view content,
                   std::string_view content_type = "application/octet-stream", const TestFields& fields = {});
    TestAnswer patch(std::string_view target, std::string_view content,
                     std::string_view content_type = "application/octet-stream", const TestFields& fields = {});
    TestAnswer del(std::string_view target, const TestFields& fields = {});
    // Sends `value`, a Json or what becomes one, as application/json. Include portico/json.h.
    template <class Value>
    TestAnswer send_json(std::string_view method, std::string_view target, const Value& value,
                         const TestFields& fields = {}) {
        return send(method, target, detail::JsonText<Value>::of(value), "application/json", fields);
    }
    // Any method, with further fields. Connection (not over HTTP/2) and Content-Length are added, and "Host: localhost"
    // unless `fields` has one.
    TestAnswer request(std::string_view method, std::string_view target, const TestFields& fields = {},
                       std::string_view content = {});
    // Opens a connection that is kept, with TLS if the client speaks it, and always for HTTP/1.1.
    TestConnection connect();
    // Opens a WebSocket with further fields, such as Origin and Sec-WebSocket-Protocol.
    TestSocket websocket(std::string_view target, const TestFields& fields = {});
    // From now on, connections come from this address, "192.0.2.7" or "2001:db8::7": what Request::peer() says. If it
    // is not an address, standard error says so and the program aborts.
    void set_peer(std::string_view address);
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
    TestAnswer send(std::string_view method, std::string_view target, std::string_view content,
                    std::string_view content_type, TestFields fields);

    struct World;
    std::unique_ptr<World> world_;
};

}  // namespace portico
