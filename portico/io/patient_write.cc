// portico/io/patient_write.cc — see patient_write.h.
#include "portico/io/patient_write.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace portico::io {

bool write_patiently(int descriptor, std::string_view text, std::chrono::milliseconds patience) {
    while (!text.empty()) {
        pollfd wanted{.fd = descriptor, .events = POLLOUT, .revents = 0};
        const int ready = ::poll(&wanted, 1, static_cast<int>(patience.count()));
        if (ready < 0 && errno == EINTR) continue;
        if (ready != 1) return false;
        // If a pipe polls as writable, this many octets can be written without waiting, but perhaps no more.
        const ssize_t written = ::write(descriptor, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
        if (written < 0 && errno != EINTR && errno != EAGAIN) return false;
        if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace portico::io
