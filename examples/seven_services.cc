// Seven services in one process, at any free ports and at the Unix socket upper.sock.
#include <portico/portico.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <ctime>

using portico::Connection, portico::Task, portico::TcpServer;

Task<void> echo(Connection client) { co_await portico::copy(client, client); }

Task<void> tell_time(Connection client) {
    char text[32];
    const std::time_t now = std::time(nullptr);
    tm utc{};
    std::strftime(text, sizeof text, "%F %T UTC\n", gmtime_r(&now, &utc));
    const auto sent = co_await client.write_all(text, client.core().now() + std::chrono::seconds(5));
    if (sent) co_await client.close();
}

Task<void> answer_lines(Connection client) {
    auto lines = portico::lines_of(client, 1000);
    for (;;) {
        const auto line = co_await lines.read_line(portico::io::never);
        if (!line || !*line) co_return;
        std::string text = std::string((*line)->text) + "\n";
        std::ranges::transform(text, text.begin(), [](unsigned char octet) { return std::toupper(octet); });
        const auto sent = co_await client.write_all(text, client.core().now() + std::chrono::seconds(5));
        if (!sent) co_return;
    }
}

Task<void> answer_messages(portico::WebSocket& socket) {
    for (;;) {
        const auto message = co_await socket.receive();
        if (!message) co_return;
        const bool sent = co_await socket.send_text(message->content());
        if (!sent) co_return;
    }
}

Task<void> pass_on(Connection client, std::uint16_t port) {
    const auto deadline = client.core().now() + std::chrono::seconds(5);
    auto server = co_await portico::connect(client.core(), "127.0.0.1:" + std::to_string(port), deadline);
    if (server) co_await portico::relay(client, *server);
}

int main() {
    portico::Server web, sockets;
    portico::UdpServer datagrams([](std::string_view datagram) { return std::string(datagram); });
    TcpServer echoes(echo), clock(tell_time), lines(answer_lines);
    TcpServer proxy([&](Connection client) { return pass_on(std::move(client), echoes.port()); });
    web.get("/", [&] { return "a proxy at port " + std::to_string(proxy.port()) + "\n"; });
    sockets.websocket("/", answer_messages);
    const auto start = [](auto& server, const char* name, const char* endpoint = "127.0.0.1:0") {
        const auto started = server.start(endpoint);
        std::fprintf(stderr, "%s: %s\n", name, started ? server.local()[0].text().c_str() : started.error().c_str());
        return started.has_value();
    };
    const bool all = start(sockets, "WebSocket") && start(echoes, "TCP echo") && start(datagrams, "UDP echo") &&
                     start(clock, "daytime") && start(proxy, "proxy") && start(lines, "lines", "unix:upper.sock");
    return all ? web.run("127.0.0.1:0") : 1;
}
