// examples/concurrency/clients.cc — many clients of the hello service, on one thread.
//
// usage: hello_clients ENDPOINT CLIENTS SECONDS   each connects, reads to the end and leaves, again and again
//        hello_clients ENDPOINT CLIENTS stay      each connects, reads, and stays until standard input ends
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/net/resolve.h"
#include "portico/io/run_task.h"
#include "portico/io/stream.h"

namespace io = portico::io;
using portico::Task;

namespace {

constexpr auto patience = std::chrono::seconds(30);

struct Count {
    std::size_t connected = 0;  // at present; counts only clients that stay
    std::size_t greeted = 0;
    std::size_t failed = 0;
};

// Reads to the end of the stream. False if nothing arrived, or if the end did not arrive.
Task<bool> read_greeting(io::Stream& server, io::TimePoint deadline) {
    std::array<char, 256> room{};
    for (std::size_t received = 0;;) {
        const io::Result<std::size_t> octets = co_await server.read(room, deadline);
        if (!octets) co_return false;
        if (*octets == 0) co_return received > 0;
        received += *octets;
    }
}

Task<void> come_again_and_again(io::Core& core, io::SocketAddress peer, io::TimePoint end, Count& count) {
    while (core.now() < end) {
        io::Result<io::Stream> server = co_await io::connect(core, peer, core.now() + patience);
        bool greeted = false;
        if (server) greeted = co_await read_greeting(*server, core.now() + patience);
        ++(greeted ? count.greeted : count.failed);
    }
}

Task<void> come_and_stay(io::Core& core, io::SocketAddress peer, Count& count) {
    io::Result<io::Stream> server = co_await io::connect(core, peer, core.now() + patience);
    if (!server) {
        ++count.failed;
        co_return;
    }
    ++count.connected;
    const bool greeted = co_await read_greeting(*server, io::never);
    if (greeted) ++count.greeted;
    [[maybe_unused]] const bool slept = co_await io::sleep_until(core, io::never);
}

// Waits until all clients are connected, and no further greeting has arrived for half a second.
Task<bool> wait_for_greetings(io::Core& core, const Count& count, std::size_t clients) {
    for (std::size_t before = SIZE_MAX; before != count.greeted && count.greeted < clients;) {
        before = count.connected + count.failed < clients ? SIZE_MAX : count.greeted;
        const bool slept = co_await io::sleep_for(core, std::chrono::milliseconds(500));
        if (!slept) co_return false;
    }
    co_return true;
}

Task<bool> wait_for_end_of_input(io::Core& core) {
    auto stdio = io::open_stdio(core);
    if (!stdio) co_return false;
    std::array<char, 256> room{};
    for (;;) {
        const io::Result<std::size_t> octets = co_await stdio->input.read(room, io::never);
        if (!octets || *octets == 0) co_return true;
    }
}

int stay(io::Core& core, const io::SocketAddress& peer, std::size_t clients) {
    Count count;
    io::Scope scope;
    for (std::size_t i = 0; i < clients; ++i) scope.start(come_and_stay(core, peer, count));
    io::run_task(core, wait_for_greetings(core, count, clients));
    std::printf("%zu connected, %zu greeted\n", count.connected, count.greeted);
    std::fflush(stdout);
    io::run_task(core, wait_for_end_of_input(core));
    scope.request_stop();
    while (scope.size() > 0) core.run_once(io::never);
    return count.failed == 0 ? 0 : 1;
}

int measure(io::Core& core, const io::SocketAddress& peer, std::size_t clients, int seconds) {
    Count count;
    io::Scope scope;
    const io::TimePoint start = core.now();
    const io::TimePoint end = start + std::chrono::seconds(seconds);
    for (std::size_t i = 0; i < clients; ++i) scope.start(come_again_and_again(core, peer, end, count));
    while (scope.size() > 0) core.run_once(io::never);
    const std::chrono::duration<double> took = core.now() - start;
    std::printf("%zu greeted, %zu not, in %.3f s\n", count.greeted, count.failed, took.count());
    return count.failed == 0 ? 0 : 1;
}

std::optional<int> number_in(std::string_view text) {
    int number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size() || number < 1) return std::nullopt;
    return number;
}

}  // namespace

int main(int argc, char** argv) {
    const auto endpoint = argc == 4 ? io::parse_endpoint(argv[1]) : std::unexpected(io::EndpointError{});
    const auto peers = endpoint ? io::listening_addresses(*endpoint) : io::Resolved<std::vector<io::SocketAddress>>();
    const std::optional<int> clients = argc == 4 ? number_in(argv[2]) : std::nullopt;
    const bool stays = argc == 4 && std::strcmp(argv[3], "stay") == 0;
    const std::optional<int> seconds = argc == 4 && !stays ? number_in(argv[3]) : std::nullopt;
    if (!clients || !peers || peers->empty() || (!stays && !seconds)) {
        std::fputs("usage: hello_clients ENDPOINT CLIENTS SECONDS|stay\n", stderr);
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return 1;
    io::Core core(**kernel);
    const auto count = static_cast<std::size_t>(*clients);
    return stays ? stay(core, peers->front(), count) : measure(core, peers->front(), count, *seconds);
}
