// examples/ask.cc — a handwritten DNS query: one datagram each way, and further tries if no answer arrives.
//
// usage: ask NAME A|AAAA|TXT SERVER [PORT]        (port 53)
//
//   $ ask www.example.org AAAA 9.9.9.9
//
// A datagram may be lost, duplicated or late, or a forger may have sent it. So the question has a random number, and an
// answer must have the same number and repeat the question (RFC 5452 §9). The socket only receives from the server. If
// no answer arrives in time, the question is sent again, and twice as much time is allowed (RFC 1035 §4.2.1). This is
// the client of a protocol and not a resolver: programs that need an address call portico::io::resolve().
//
// Exit status: 0 there are answers; 1 the server says that there are none; 2 usage; 3 no answer; 4 the server reported
// an error.
#include <portico/base/byte_order.h>
#include <portico/base/printable.h>
#include <portico/io/datagram.h>
#include <portico/io/epoll/epoll_kernel.h>
#include <portico/io/net/resolve.h>
#include <portico/io/run_task.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <random>

namespace {

namespace io = portico::io;
using portico::Task;

constexpr auto first_wait = std::chrono::milliseconds(250);
constexpr int tries_max = 5;              // 250 + 500 + 1000 + 2000 + 4000 ms
constexpr std::size_t answer_room = 512;  // RFC 1035 §2.3.4: servers send no more unless asked to

enum class Type : std::uint16_t { a = 1, txt = 16, aaaa = 28 };  // RFC 1035 §3.2.2, RFC 3596 §2.1
constexpr std::uint16_t class_internet = 1;

// RFC 1035 §4.1.1, the second 16 bits of the header
constexpr std::uint16_t flag_response = 0x8000;
constexpr std::uint16_t flag_truncated = 0x0200;
constexpr std::uint16_t flag_recursion_desired = 0x0100;
constexpr std::uint16_t mask_result = 0x000f;
constexpr std::uint16_t no_such_name = 3;

// --- octets

void append_16(std::string& octets, std::uint16_t number) {
    std::array<char, 2> room{};
    portico::store_big(std::span(room), number);
    octets.append(room.data(), room.size());
}

// Reads a message from front to back. Past its end every function returns nothing.
class Octets {
public:
    explicit Octets(std::string_view message) : rest_(message) {}

    std::optional<std::string_view> take(std::size_t count) {
        if (count > rest_.size()) return std::nullopt;
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }
    template <std::unsigned_integral T>
    std::optional<T> number() {
        const auto octets = take(sizeof(T));
        if (!octets) return std::nullopt;
        return portico::load_big<T>(std::span<const char>(*octets));
    }
    // RFC 1035 §4.1.4: labels, up to an empty one or a pointer to the rest of the name. The name itself is not needed,
    // so pointers are not followed, and a loop of pointers does no harm.
    bool skip_name() {
        for (;;) {
            const auto length = number<std::uint8_t>();
            if (!length) return false;
            if (*length >= 0xc0) return take(1).has_value();
            if (*length == 0) return true;
            if (*length > 63 || !take(*length)) return false;
        }
    }

private:
    std::string_view rest_;
};

// --- the question

// Name, type and class as a message has them (RFC 1035 §4.1.2); nothing if the name is not valid.
std::optional<std::string> question_of(std::string_view name, Type type) {
    if (name.ends_with('.')) name.remove_suffix(1);
    std::string question;
    while (!name.empty()) {
        const std::string_view label = name.substr(0, name.find('.'));
        if (label.empty() || label.size() > 63) return std::nullopt;
        question += static_cast<char>(label.size());
        question += label;
        if (label.size() + 1 == name.size()) return std::nullopt;  // two dots at the end
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    question += '\0';
    if (question.size() > 255) return std::nullopt;
    append_16(question, static_cast<std::uint16_t>(type));
    append_16(question, class_internet);
    return question;
}

std::string query_of(std::uint16_t id, const std::string& question) {
    std::string query;
    append_16(query, id);
    append_16(query, flag_recursion_desired);
    append_16(query, 1);                              // questions
    for (int i = 0; i < 3; ++i) append_16(query, 0);  // answers, authorities, additional records
    return query + question;
}

// --- the answer

// The server's answer, and the lines to print.
struct Reply {
    std::uint16_t flags = 0;
    std::vector<std::string> lines;
};

// RFC 1035 §3.3.14: one or more texts, each preceded by its length.
std::optional<std::string> texts_in(std::string_view data) {
    Octets octets(data);
    std::string texts;
    while (const auto length = octets.number<std::uint8_t>()) {
        const auto text = octets.take(*length);
        if (!text) return std::nullopt;
        texts.append(texts.empty() ? "\"" : " \"").append(portico::printable(*text)).append("\"");
    }
    return texts;
}

// A record's data as a line; nothing if it is not a record of that type.
std::optional<std::string> line_of(Type type, std::string_view data) {
    const auto copy_to = [&](auto room) {
        std::copy(data.begin(), data.end(), room.begin());
        return room;
    };
    switch (type) {
        case Type::a:
            if (data.size() != 4) return std::nullopt;
            return io::IpAddress::v4(copy_to(std::array<std::uint8_t, 4>())).text();
        case Type::aaaa:
            if (data.size() != 16) return std::nullopt;
            return io::IpAddress::v6(copy_to(std::array<std::uint8_t, 16>())).text();
        case Type::txt: return texts_in(data);
    }
    return std::nullopt;
}

// Reads a datagram. Nothing if it does not answer this question or is malformed: it is then ignored.
std::optional<Reply> read_reply(std::string_view datagram, std::uint16_t id, const std::string& question, Type type) {
    Octets octets(datagram);
    Reply reply;
    const auto its_id = octets.number<std::uint16_t>();
    const auto flags = octets.number<std::uint16_t>();
    const auto questions = octets.number<std::uint16_t>();
    const auto answers = octets.number<std::uint16_t>();
    if (!octets.take(4) || *its_id != id || (*flags & flag_response) == 0 || *questions != 1) return std::nullopt;
    if (octets.take(question.size()) != question) return std::nullopt;
    reply.flags = *flags;
    for (unsigned i = 0; i < *answers; ++i) {
        if (!octets.skip_name()) return std::nullopt;
        const auto its_type = octets.number<std::uint16_t>();
        const auto its_class = octets.number<std::uint16_t>();
        const auto lifetime = octets.number<std::uint32_t>();
        const auto length = octets.number<std::uint16_t>();
        const auto data = length ? octets.take(*length) : std::nullopt;
        // A truncated datagram ends within a record; the records before it are valid.
        if (!data) return (*flags & flag_truncated) != 0 ? std::optional(reply) : std::nullopt;
        if (*its_class != class_internet || *its_type != static_cast<std::uint16_t>(type)) continue;  // a CNAME
        const auto line = line_of(type, *data);
        if (!line) return std::nullopt;
        reply.lines.push_back(*line + "  for " + std::to_string(*lifetime) + " s");
    }
    return reply;
}

// --- sending and receiving

// Sends the question and waits for an answer until the deadline. ETIMEDOUT if none comes.
Task<io::Result<Reply>> try_once(io::Datagram& socket, std::uint16_t id, const std::string& question, Type type,
                                 io::TimePoint deadline) {
    std::string query = query_of(id, question);
    std::vector<io::DatagramSlot> slots(1);
    slots.front().octets = query;
    const io::Result<std::size_t> sent = co_await socket.send(slots, deadline);
    if (!sent) co_return std::unexpected(sent.error());
    std::array<char, answer_room> room{};
    for (;;) {
        slots.front().octets = room;
        const io::Result<std::size_t> received = co_await socket.receive(slots, deadline);
        if (!received) co_return std::unexpected(received.error());
        const std::string_view datagram(slots.front().octets.data(), slots.front().octets.size());
        std::optional<Reply> reply = read_reply(datagram, id, question, type);
        if (reply) co_return *std::move(reply);
        std::fprintf(stderr, "ask: passed over a datagram that is no answer\n");
    }
}

Task<io::Result<Reply>> ask(io::Core& core, io::SocketAddress server, std::string question, Type type) {
    const bool is_v4 = server.family == io::Family::ipv4;
    const auto any = io::SocketAddress::of(io::IpAddress::any(is_v4 ? io::Family::ipv4 : io::Family::ipv6), 0);
    std::random_device random;
    io::Duration wait = first_wait;
    for (int attempt = 1;; ++attempt, wait *= 2) {
        // A new socket has a new port, which a forger must guess too.
        io::Result<io::Datagram> socket = io::Datagram::open(core, any);
        if (!socket) co_return std::unexpected(socket.error());
        const io::Result<void> connected = socket->connect(server);
        if (!connected) co_return std::unexpected(connected.error());
        const auto id = static_cast<std::uint16_t>(random());
        const io::TimePoint deadline = core.now() + wait;
        io::Result<Reply> reply = co_await try_once(*socket, id, question, type, deadline);
        if (reply || attempt == tries_max) co_return reply;
        std::fprintf(stderr, "ask: %s; once more\n", io::describe(reply.error()).c_str());
        // If no program listens, the system reports it at once; a server may start in a moment.
        const bool slept = co_await io::sleep_until(core, deadline);
        if (!slept) co_return io::fail(ECANCELED, "sleep");
    }
}

int show(const Reply& reply) {
    const auto result = static_cast<std::uint16_t>(reply.flags & mask_result);
    for (const std::string& line : reply.lines) std::printf("%s\n", line.c_str());
    if ((reply.flags & flag_truncated) != 0) {
        std::fprintf(stderr, "ask: there is more than fits a datagram\n");
        return 4;
    }
    if (result == no_such_name || (result == 0 && reply.lines.empty())) {
        std::fprintf(stderr, result == 0 ? "ask: the name has none of these\n" : "ask: there is no such name\n");
        return 1;
    }
    if (result == 0) return 0;
    std::fprintf(stderr, "ask: the server can't or won't say (result %u)\n", unsigned{result});
    return 4;
}

int usage(const char* why) {
    std::fprintf(stderr, "ask: %s\nusage: ask NAME A|AAAA|TXT SERVER [PORT]\n", why);
    return 2;
}

std::optional<Type> type_named(std::string_view name) {
    if (name == "A") return Type::a;
    if (name == "AAAA") return Type::aaaa;
    if (name == "TXT") return Type::txt;
    return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4 || argc > 5) return usage("a name, a type and a server are required");
    const auto type = type_named(argv[2]);
    if (!type) return usage("the type must be A, AAAA or TXT");
    const auto question = question_of(argv[1], *type);
    if (!question) return usage("that is not a valid name");
    const auto ip = io::IpAddress::parse(argv[3]);
    if (!ip) return usage("the server must be an IP address");
    const std::string_view port_text = argc > 4 ? argv[4] : "53";
    std::uint16_t port = 0;
    const auto [stopped_at, failure] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (failure != std::errc{} || stopped_at != port_text.data() + port_text.size() || port == 0) {
        return usage("the port must be a number from 1 to 65535");
    }

    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return 3;
    io::Core core(**kernel);
    const io::Result<Reply> reply = io::run_task(core, ask(core, io::SocketAddress::of(*ip, port), *question, *type));
    if (!reply) {
        std::fprintf(stderr, "ask: %s\n", io::describe(reply.error()).c_str());
        return 3;
    }
    return show(*reply);
}
