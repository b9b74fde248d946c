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

Task<io::Result<void>> write_all(link::Transport& transport, std::string_view octets, io::TimePoint deadline,
                                 Traffic* traffic) {
    while (!octets.empty()) {
        const iovec span{const_cast<char*>(octets.data()), octets.size()};
        const io::Result<std::size_t> written = co_await transport.write({&span, 1}, deadline, false);
        if (!written) co_return std::unexpected(written.error());
        octets.remove_prefix(*written);
        if (traffic != nullptr) traffic->sent += *written;
    }
    co_return io::Result<void>();
}

}  // namespace portico::services
