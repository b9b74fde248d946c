// portico/services/secure.cc — see secure.h.
#include "portico/services/secure.h"

#include <sys/uio.h>

namespace portico::services {

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
