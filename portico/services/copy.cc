// portico/services/copy.cc — see copy.h.
#include "portico/services/copy.h"

#include <cerrno>

namespace portico::services {

Task<io::Result<std::uint64_t>> copy(io::Stream& from, io::Stream& to, io::TimePoint deadline) {
    std::uint64_t copied = 0;
    for (;;) {
        const io::Result<Buffer> octets = co_await from.read(from.core().buffers(), deadline);
        if (!octets) {
            // A server that is stopping stops its tasks: then each connection ends in order.
            if (octets.error().number != ECANCELED) to.break_off();
            co_return std::unexpected(octets.error());
        }
        if (octets->empty()) break;
        const io::Result<void> written = co_await to.write_all(octets->octets(), deadline);
        if (!written) co_return std::unexpected(written.error());
        copied += octets->size();
    }
    static_cast<void>(to.finish_sending());
    co_return copied;
}

}  // namespace portico::services
