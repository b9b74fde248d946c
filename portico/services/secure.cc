// portico/services/secure.cc — see secure.h.
#include "portico/services/secure.h"

#include <sys/uio.h>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace portico::services {

Task<io::Result<Buffer>> read(link::Transport& transport, io::TimePoint deadline) {
    io::Result<Buffer> octets = co_await transport.read_ahead(deadline);
    if (octets && octets->empty() && transport.was_cut()) co_return io::fail(ECONNRESET, "read");
    co_return std::move(octets);
}

Task<io::Result<std::uint64_t>> copy(link::Transport& from, link::Transport& to, io::TimePoint deadline) {
    std::uint64_t copied = 0;
    for (;;) {
        const io::Result<Buffer> octets = co_await read(from, deadline);
        if (!octets) {
            if (octets.error().number != ECANCELED) to.break_off();
            co_return std::unexpected(octets.error());
        }
        if (octets->empty()) break;
        const io::Result<void> written = co_await write_all(to, octets->octets(), deadline);
        if (!written) co_return std::unexpected(written.error());
        copied += octets->size();
    }
    const io::Result<void> ended = co_await to.end_sending(deadline);
    static_cast<void>(ended);
    co_return copied;
}

Task<io::Result<void>> write_all(link::Transport& transport, std::string_view octets, io::TimePoint deadline) {
    while (!octets.empty()) {
        const iovec span{const_cast<char*>(octets.data()), octets.size()};
        const io::Result<std::size_t> written = co_await transport.write({&span, 1}, deadline, false);
        if (!written) co_return std::unexpected(written.error());
        octets.remove_prefix(*written);
    }
    co_return io::Result<void>();
}

}  // namespace portico::services
