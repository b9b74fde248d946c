// portico/services/hello.cc — see hello.h.
#include "portico/services/hello.h"

#include <utility>

#include "portico/services/secure.h"

namespace portico::services {
namespace {

constexpr auto saying_time_max = std::chrono::seconds(30);
constexpr auto draining_time_max = std::chrono::seconds(5);
constexpr std::size_t draining_octets_max = 64 * 1024 * 1024;

}  // namespace

Task<void> Hello::serve(io::Stream stream) {
    const io::Result<void> said = co_await stream.write_all(message_, core_->now() + saying_time_max);
    if (!said) {
        stream.abort_on_close();  // a close with FIN would leave what the peer does not read to the kernel
        co_return;
    }
    co_await io::drain_and_close(std::move(stream), draining_time_max, draining_octets_max);
}

Task<void> Hello::serve_secure(link::Transport transport) {
    const io::Result<void> said = co_await write_all(transport, message_, core_->now() + saying_time_max);
    if (!said) {
        transport.abort_on_close();
        co_return;
    }
    co_await transport.drain(draining_time_max, draining_octets_max);
}

Task<io::Result<void>> Hello::serve_stdio(io::Stdio stdio) {
    io::Result<void> said = co_await stdio.output.write_all(message_, core_->now() + saying_time_max);
    if (!said || !stdio.output.finish_sending()) co_return said;  // a pipe or a terminal has no half-close
    co_await io::drain_and_close(std::move(stdio.input), draining_time_max, draining_octets_max);
    co_return said;
}

Task<void> Hello::answer(io::Datagram socket) {
    // The content matters only because it must not be the message itself.
    DatagramBatch batch(*core_, message_.size() + 1);
    peers_.add_own(socket.local());
    for (;;) {
        const bool goes_on = co_await batch.receive(socket);
        if (!goes_on) co_return;
        batch.keep(peers_);
        batch.replace_all(message_);
        co_await batch.send_all(socket);
    }
}

}  // namespace portico::services
