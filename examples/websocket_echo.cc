// examples/websocket_echo.cc — sends each message back, with different options of WebSockets.
//
// usage: websocket_echo [ENDPOINT]        (127.0.0.1:8080; https://127.0.0.1:8443 for TLS)
//
//   ws://127.0.0.1:8080/echo          each message is compressed for itself, if the client can do that
//   ws://127.0.0.1:8080/shared        compressed with what was sent before
//   ws://127.0.0.1:8080/plain         not compressed; subprotocols "echo.v2" and "echo.v1"
//   ws://127.0.0.1:8080/strict        at most 1,000 bytes in 4 frames, and ten pings a second
//   ws://127.0.0.1:8080/close/CODE    closes with this code
#include <portico/portico.h>

#include <cstdint>
#include <string>

namespace {

using portico::Task;

Task<void> echo(portico::WebSocket& socket) {
    for (bool is_here = true; is_here;) {
        const auto message = co_await socket.receive();
        if (!message) co_return;
        if (message->is_text()) {
            is_here = co_await socket.send_text(message->content());
        } else {
            is_here = co_await socket.send_binary(message->content());
        }
    }
}

Task<void> close_with(portico::WebSocket& socket, std::uint16_t code) { co_await socket.close(code, "as you wish"); }

}  // namespace

int main(int argc, char** argv) {
    portico::Server server;
    server.websocket("/echo", echo);
    portico::WebSocketOptions shared;
    shared.compression = portico::WebSocketCompression::shared;
    shared.message_octets_max = 16 << 20;
    server.websocket("/shared", echo, shared);
    portico::WebSocketOptions plain;
    plain.compression = portico::WebSocketCompression::none;
    plain.subprotocols = {"echo.v2", "echo.v1"};
    plain.message_octets_max = 16 << 20;
    server.websocket("/plain", echo, plain);
    portico::WebSocketOptions strict;
    strict.message_octets_max = 1000;
    strict.frames_max = 4;
    strict.control_frames_max = 10;
    server.websocket("/strict", echo, strict);
    server.websocket("/close/{code}", close_with);
    return server.run(argc > 1 ? argv[1] : "127.0.0.1:8080");
}
