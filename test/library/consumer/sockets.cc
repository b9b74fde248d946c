// sockets.cc — a program that echoes to itself line by line, on its own core.
#include <portico/io/epoll/epoll_kernel.h>
#include <portico/io/line_reader.h>
#include <portico/io/run_task.h>

#include <iostream>
#include <string>

namespace io = portico::io;

namespace {

portico::Task<void> echo_once(io::Listener& listener) {
    auto accepted = co_await listener.accept();
    if (!accepted) co_return;
    io::LineReader reader(accepted->stream, 100);
    const auto line = co_await reader.read_line(io::never);
    if (!line || !*line) co_return;
    const std::string answer = std::string((*line)->text) + '\n';
    const auto written = co_await accepted->stream.write_all(answer, io::never);
    if (!written) std::cerr << io::describe(written.error()) << '\n';
}

// Returns the echo of "hello", or nothing if the exchange failed.
portico::Task<std::string> ask(io::Core& core, io::SocketAddress peer) {
    auto stream = co_await io::connect(core, std::move(peer), core.now() + std::chrono::seconds(10));
    if (!stream) co_return io::describe(stream.error());
    const auto written = co_await stream->write_all("hello\n", io::never);
    if (!written) co_return io::describe(written.error());
    io::LineReader reader(*stream, 100);
    const auto line = co_await reader.read_line(io::never);
    if (!line || !*line) co_return "no line";
    auto work = [text = std::string((*line)->text)] { return text + ", from another thread"; };
    const auto answer = co_await io::offload(core, work);
    co_return answer.value_or("stopped");
}

portico::Task<std::string> converse(io::Core& core, io::Listener& listener) {
    io::Scope scope;
    scope.start(echo_once(listener));
    auto answer = co_await ask(core, listener.local());
    co_await scope.join();
    co_return answer;
}

}  // namespace

int main() {
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return 1;
    io::Core core(**kernel);
    auto listener = io::Listener::open(core, io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0));
    if (!listener) return 1;
    const std::string answer = io::run_task(core, converse(core, *listener));
    std::cout << answer << '\n';
    return answer == "hello, from another thread" ? 0 : 1;
}
