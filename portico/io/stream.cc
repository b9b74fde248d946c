// portico/io/stream.cc — see stream.h.
#include "portico/io/stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "portico/io/descriptors.h"

namespace portico::io {
namespace {
constexpr auto acknowledgement_pause = std::chrono::milliseconds(20);
// A near peer has sent its end by then; the task waits only for the others. Being woken for each peer's end would cost
// a busy server a third of the total cost of such a connection.
constexpr auto end_pause = std::chrono::milliseconds(5);

}  // namespace

Fd Stream::detach() && {
    fd_.move_to(system_descriptors());
    return std::move(fd_);
}

Stream Stream::attach(Core& core, Fd detached) {
    detached.move_to(core.kernel());
    return {core, std::move(detached)};
}

Task<Result<void>> Stream::write_all(std::string_view octets, TimePoint deadline) {
    while (!octets.empty()) {
        const iovec span{const_cast<char*>(octets.data()), octets.size()};
        const Result<std::size_t> written = co_await write({&span, 1}, deadline);
        if (!written) co_return std::unexpected(written.error());
        octets.remove_prefix(*written);
    }
    co_return Result<void>();
}

Task<void> drain(Stream& stream, Duration time_max, std::size_t octets_max) {
    if (!stream.finish_sending()) co_return;  // it was reset: the peer no longer reads
    Core& core = stream.core();
    const TimePoint deadline = core.now() + time_max;
    const bool paused = co_await sleep_until(core, std::min(deadline, core.now() + end_pause));
    if (!paused) co_return;
    // Reads into separate memory: the pool's may have run out, and that may be what the last answer reported.
    std::array<char, 1024> room;
    for (std::size_t drained = 0; drained < octets_max;) {
        const Result<std::size_t> received = co_await stream.read(room, deadline);
        if (!received || *received == 0) co_return;
        drained += *received;
    }
    // The peer goes on sending, and closing now would reset octets that it has not received yet. So we let it fill its
    // window until it has our octets.
    while (stream.unacknowledged() > 0 && core.now() < deadline) {
        const bool slept = co_await sleep_for(core, acknowledgement_pause);
        if (!slept) co_return;
    }
}

Task<void> drain_and_close(Stream stream, Duration time_max, std::size_t octets_max) {
    co_await drain(stream, time_max, octets_max);
}

Result<Accepted> Accept::await_resume() {
    if (result() < 0) return fail(static_cast<int>(-result()), "accept");
    return Accepted{Stream(core(), Fd(core().kernel(), static_cast<int>(result()))), std::move(peer)};
}

Result<Listener> Listener::open(Core& core, const SocketAddress& local, const ListenOptions& options) {
    const Result<Opened> opened = core.kernel().listen(local, options);
    if (!opened) return std::unexpected(opened.error());
    return Listener(core, Fd(core.kernel(), opened->number), opened->local);
}

Duration accept_pause(const Error& error) {
    switch (error.number) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: return std::chrono::milliseconds(100);
        default: return Duration::zero();
    }
}

namespace {

class Connect final : public Awaited<ConnectOp> {
public:
    using Awaited::Awaited;
    Result<void> await_resume() const {
        if (result() < 0) return fail(static_cast<int>(-result()), "connect");
        return {};
    }
};

}  // namespace

Task<Result<Stream>> connect(Core& core, SocketAddress peer, TimePoint deadline) {
    const Result<int> socket = core.kernel().open_socket(peer.family);
    if (!socket) co_return std::unexpected(socket.error());
    Stream stream(core, Fd(core.kernel(), *socket));
    const Result<void> connected = co_await Connect(deadline, core, *socket, std::move(peer));
    if (!connected) co_return std::unexpected(connected.error());
    co_return std::move(stream);
}

Result<Stdio> open_stdio(Core& core) {
    const Result<int> input = core.kernel().open_stdio(StdioEnd::input);
    if (!input) return std::unexpected(input.error());
    Stream from(core, Fd(core.kernel(), *input));
    const Result<int> output = core.kernel().open_stdio(StdioEnd::output);
    if (!output) return std::unexpected(output.error());
    return Stdio{std::move(from), Stream(core, Fd(core.kernel(), *output))};
}

}  // namespace portico::io
