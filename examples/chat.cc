// examples/chat.cc — a chat room over TCP, line by line.
//
// usage: chat [ENDPOINT]        (127.0.0.1:7777)
//
//   $ nc 127.0.0.1 7777        in two terminals; the first line is your name, /who lists the others, /quit leaves
//
// Each client has two tasks: one reads its lines, the other writes the other clients' lines. A queue connects them, so
// that a client that sends never waits for the others. If a client does not read, its queue grows, and at its limit the
// client must leave. All tasks run on one thread, so nothing here needs a lock.
//
// examples/raw/chat.c is a chat in C, with poll() and without queues: one client that does not read stops all others.
#include <portico/base/printable.h>
#include <portico/io/gate.h>
#include <portico/io/line_reader.h>
#include <portico/io/scope.h>
#include <portico/portico.h>

#include <algorithm>
#include <deque>

namespace {

namespace io = portico::io;
using portico::Connection;
using portico::Task;

constexpr std::size_t line_octets_max = 1000;
constexpr std::size_t name_octets_max = 20;
constexpr std::size_t queue_octets_max = 256 * 1024;  // beyond what the kernel holds for the client
constexpr auto name_time_max = std::chrono::seconds(60);

struct Client {
    explicit Client(Connection the_connection) : connection(std::move(the_connection)) {}

    Connection connection;
    std::string name;               // empty until the client has sent it
    std::string_view why = "left";  // the reason that the others see when it leaves
    std::deque<std::string> queue;  // texts to write
    std::size_t queue_octets = 0;
    bool is_full = false;  // it did not read, and must leave
    io::Gate gate;         // opened when there is something to write
    io::Scope tasks;       // its two tasks
};

// The clients in the room. They are shared, so that a client that leaves during a walk through the list stays valid.
class Room {
public:
    void enter(const std::shared_ptr<Client>& client) {
        clients_.push_back(client);
        say("* " + client->name + " has come\n");
    }
    void leave(const Client& client) {
        if (std::erase_if(clients_, [&](const auto& one) { return one.get() == &client; }) == 0) return;
        say("* " + client.name + " " + std::string(client.why) + "\n");
    }
    // Sends the line to everyone except `speaker`.
    void say(const std::string& line, const Client* speaker = nullptr) {
        // Fill all queues before waking any task: a task that wakes may end, and then calls this function itself.
        const auto all = clients_;
        for (const auto& client : all) {
            if (client.get() != speaker) put(*client, line);
        }
        for (const auto& client : all) wake(*client);
    }
    static void tell(Client& client, const std::string& line) {
        put(client, line);
        wake(client);
    }
    [[nodiscard]] bool has(std::string_view name) const {
        return std::ranges::any_of(clients_, [&](const auto& client) { return client->name == name; });
    }
    [[nodiscard]] std::string names() const {
        std::string names;
        for (const auto& client : clients_) names.append(names.empty() ? "" : ", ").append(client->name);
        return names;
    }

private:
    static void put(Client& client, const std::string& line) {
        client.is_full = client.is_full || client.queue_octets + line.size() > queue_octets_max;
        if (client.is_full) return;
        client.queue.push_back(line);
        client.queue_octets += line.size();
    }
    static void wake(Client& client) {
        if (client.is_full) {
            client.why = "did not read, and had to leave";
            client.tasks.request_stop();
        } else if (!client.queue.empty()) {
            client.gate.open();
        }
    }

    std::vector<std::shared_ptr<Client>> clients_;
};

// The task that writes, until the client has gone or the task is asked to stop.
Task<void> write_lines(Client& client) {
    for (;;) {
        const io::Result<void> woken = co_await client.gate.wait(client.connection.core(), io::never);
        if (!woken) co_return;
        while (!client.queue.empty()) {
            const std::string line = std::move(client.queue.front());
            client.queue.pop_front();
            const io::Result<void> written = co_await client.connection.write_all(line, io::never);
            if (!written) {
                client.tasks.request_stop();
                co_return;
            }
            client.queue_octets -= line.size();
        }
    }
}

// Why this can't be a name; nothing if it can.
std::string_view fault_of_name(std::string_view name, const Room& room) {
    if (name.empty()) return "* A name has at least one letter.\n";
    if (name.size() > name_octets_max) return "* That name is too long.\n";
    // A name precedes its owner's lines, so a name must not look like somebody else's line.
    const bool is_plain = std::ranges::none_of(name, [](char octet) {
        return static_cast<unsigned char>(octet) <= 0x20 || octet == 0x7f || octet == ':' || octet == '*';
    });
    if (!is_plain) return "* A name has no spaces, colons or stars.\n";
    if (room.has(name)) return "* That name is taken.\n";
    return {};
}

// False if no name arrived in time.
Task<bool> ask_name(Client& client, io::LineReader& reader, const Room& room) {
    Room::tell(client, "* What is your name?\n");
    const io::TimePoint deadline = client.connection.core().now() + name_time_max;
    for (;;) {
        const io::Result<std::optional<io::Line>> line = co_await reader.read_line(deadline);
        if (!line || !*line) co_return false;
        const std::string_view fault = fault_of_name((*line)->text, room);
        if (fault.empty()) {
            client.name = (*line)->text;
            co_return true;
        }
        Room::tell(client, std::string(fault));
    }
}

// The task that reads, until the client leaves or the task is asked to stop.
Task<void> read_lines(std::shared_ptr<Client> client, Room& room) {
    io::LineReader reader = portico::lines_of(client->connection, line_octets_max);
    const bool is_named = co_await ask_name(*client, reader, room);
    if (is_named) {
        room.enter(client);
        Room::tell(*client, "* Here are: " + room.names() + "\n");
        for (;;) {
            const io::Result<std::optional<io::Line>> line = co_await reader.read_line(io::never);
            if (!line && line.error().number == EMSGSIZE) client->why = "talked too much at once, and had to leave";
            if (!line || !*line || (*line)->text == "/quit") break;
            if ((*line)->text == "/who") {
                Room::tell(*client, "* Here are: " + room.names() + "\n");
            } else {
                // The line goes to other people's terminals: make control characters visible.
                room.say(client->name + ": " + portico::printable((*line)->text) + "\n", client.get());
            }
        }
    }
    client->tasks.request_stop();
}

Task<void> serve_client(Room& room, Connection connection) {
    const auto client = std::make_shared<Client>(std::move(connection));
    client->tasks.start(write_lines(*client));
    client->tasks.start(read_lines(client, room));
    co_await client->tasks.join();
    room.leave(*client);
}

}  // namespace

int main(int argc, char** argv) {
    Room room;
    portico::TcpServer server([&](Connection connection) { return serve_client(room, std::move(connection)); });
    return server.run(argc > 1 ? argv[1] : "127.0.0.1:7777");
}
