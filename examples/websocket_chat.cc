// examples/websocket_chat.cc — a chat room for browsers, over WebSockets.
//
// usage: websocket_chat [ENDPOINT]        (127.0.0.1:8080)
//
// Open http://127.0.0.1:8080/ in two windows. Each client has two tasks: the handler receives what it says, and another
// task sends it what all of them say.
#include <portico/portico.h>

#include <string>

namespace {

using portico::Task;

constexpr const char* page = R"(<!doctype html><meta charset="utf-8"><title>Chat</title>
<form><input name="line" autofocus autocomplete="off" aria-label="Message"></form><pre></pre>
<script>
const socket = new WebSocket(location.href.replace(/^http/, "ws") + "chat/" + encodeURIComponent(prompt("Your name?")));
socket.onmessage = message => document.querySelector("pre").prepend(message.data + "\n");
document.forms[0].onsubmit = event => {
  event.preventDefault();
  socket.send(event.target.line.value);
  event.target.reset();
};
</script>)";

using Room = portico::Broadcast<std::string>;

Task<void> tell(portico::WebSocket& socket, portico::Subscription<std::string>& said) {
    for (bool is_here = true; is_here;) {
        const auto line = co_await said.next();
        if (!line) co_return;
        is_here = co_await socket.send_text(*line);
    }
}

Task<void> chat(portico::WebSocket& socket, Room& room, std::string name) {
    auto said = room.subscribe(socket.core());
    room.publish("* " + name + " has come");
    portico::io::Scope telling;
    telling.start(tell(socket, said));
    for (;;) {
        const auto line = co_await socket.receive();
        if (!line) break;  // the client has closed or gone
        room.publish(name + ": " + line->content());
    }
    room.publish("* " + name + " left");
}

}  // namespace

int main(int argc, char** argv) {
    Room room;
    portico::Server server;
    server.get("/", [] { return portico::Response::html(page); });
    server.websocket("/chat/{name}",
                     [&](portico::WebSocket& socket, std::string name) { return chat(socket, room, std::move(name)); });
    return server.run(argc > 1 ? argv[1] : "127.0.0.1:8080");
}
