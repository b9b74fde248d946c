// examples/sse_hub.cc — server-sent events for everybody: what anybody says, and a tick every ten seconds.
//
// usage: sse_hub [ENDPOINT]        (127.0.0.1:8080)
//
//   $ curl -N localhost:8080/events            in one terminal
//   $ curl -d text=hello localhost:8080/say    in another
#include <portico/portico.h>

namespace {

constexpr auto page = R"(<!doctype html>
<meta charset="utf-8"><title>Hub</title>
<form action="/say" method="post" target="answer"><input name="text" autofocus> <button>Say</button></form>
<iframe name="answer" hidden></iframe><ul id="list"></ul>
<script>
new EventSource("/events").onmessage = event => {
    const item = document.createElement("li");
    item.textContent = event.data;
    document.getElementById("list").prepend(item);
};
</script>
)";

}  // namespace

int main(int argc, char** argv) {
    portico::Broadcast<std::string> hub;  // before the server, whose clients subscribe to it
    portico::Server server;
    server.get("/", [] { return portico::Response::html(page); });
    server.get("/events", [&hub](portico::Request& request) { return portico::send_events(request, hub); });
    server.post("/say", [&hub](portico::Form form) -> std::expected<void, portico::Status> {
        const auto text = form.find("text");
        if (!text || text->empty()) return std::unexpected(portico::Status::bad_request);
        hub.publish(std::string(*text));
        return {};
    });
    server.every(std::chrono::seconds(10), [&hub, ticks = 0]() mutable {
        hub.publish("tick " + std::to_string(++ticks) + " for " + std::to_string(hub.subscribers()));
    });
    return server.run(argc > 1 ? argv[1] : "127.0.0.1:8080");
}
