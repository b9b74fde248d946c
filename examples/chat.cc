// examples/chat.cc — a room to talk in, by lines over TCP.
//
// usage: chat [ENDPOINT]        (127.0.0.1:7777)
//
//   $ nc 127.0.0.1 7777        in two terminals; the first line is your name, /who tells who is there, /quit leaves
//
// Each client has two tasks, one that reads its lines and one that writes what the others said. Between them is a
// queue, so whoever speaks waits for nobody: where somebody does not read, their queue grows, and at its bound they
// have to leave. All tasks are one thread's, so nothing here is locked.
#include <portico/base/printable.h>
#include <portico/io/gate.h>
#include <portico/io/line_reader.h>
#include <portico/io/scope.h>
#include <portico/portico.h>

#include <algorithm>
#include <deque>

namespace {

namespace io = portico::io;
using portico::Stream;
using portico::Task;

constexpr std::size_t line_octets_max = 1000;
constexpr std::size_t name_octets_max = 20;
constexpr std::size_t queue_octets_max = 256 * 1024;  // beyond what the kernel holds for the client
constexpr auto name_time_max = std::chrono::seconds(60);

struct Client {
    explicit Client(Stream the_stream) : stream(std::move(the_stream)) {}

    Stream stream;
    std::string name;               // empty as long as it has not been told
    std::string_view why = "left";  // how the others are told of its going
    std::deque<std::string> queue;  // to be written
    std::size_t queue_octets = 0;
    bool is_full = false;  // it did not read: it has to go
    io::Gate gate;         // opened when there is something to write
    io::Scope tasks;       // its two
};

// Who is here. Shared: a client that leaves while somebody goes through the list is there until that has ended.
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
    // To everybody but `speaker`.
    void say(const std::string& line, const Client* speaker = nullptr) {
        // First all queues, then all tasks: a task that is woken may end, and then says so to everybody, here.
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

// The task that writes: until the client is gone, or the task is asked to stop.
Task<void> write_lines(Client& client) {
    for (;;) {
        const io::Result<void> woken = co_await client.gate.wait(client.stream.core(), io::never);
        if (!woken) co_return;
        while (!client.queue.empty()) {
            const std::string line = std::move(client.queue.front());
            client.queue.pop_front();
            const io::Result<void> written = co_await client.stream.write_all(line, io::never);
            if (!written) {
                client.tasks.request_stop();
                co_return;
            }
            client.queue_octets -= line.size();
        }
    }
}

// Why somebody can't be called that; nothing where they can.
std::string_view fault_of_name(std::string_view name, const Room& room) {
    if (name.empty()) return "* A name has at least one letter.\n";
    if (name.size() > name_octets_max) return "* That name is too long.\n";
    // Names stand in front of what is said, so none may look like somebody else's line.
    const bool is_plain = std::ranges::none_of(name, [](char octet) {
        return static_cast<unsigned char>(octet) <= 0x20 || octet == 0x7f || octet == ':' || octet == '*';
    });
    if (!is_plain) return "* A name has no spaces, colons or stars.\n";
    if (room.has(name)) return "* That name is taken.\n";
    return {};
}

// False: nobody's name came in time.
Task<bool> ask_name(Client& client, io::LineReader& reader, const Room& room) {
    Room::tell(client, "* What is your name?\n");
    const io::TimePoint deadline = client.stream.core().now() + name_time_max;
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

// The task that reads: until the client leaves, or the task is asked to stop.
Task<void> read_lines(std::shared_ptr<Client> client, Room& room) {
    io::LineReader reader(client->stream, line_octets_max);
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
                // What one sends is another's terminal: control octets become text.
                room.say(client->name + ": " + portico::printable((*line)->text) + "\n", client.get());
            }
        }
    }
    client->tasks.request_stop();
}

Task<void> serve_client(Room& room, Stream stream) {
    const auto client = std::make_shared<Client>(std::move(stream));
    client->tasks.start(write_lines(*client));
    client->tasks.start(read_lines(client, room));
    co_await client->tasks.join();
    room.leave(*client);
}

}  // namespace

int main(int argc, char** argv) {
    Room room;
    return portico::serve_tcp(argc > 1 ? argv[1] : "127.0.0.1:7777",
                              [&](Stream stream) { return serve_client(room, std::move(stream)); });
}
