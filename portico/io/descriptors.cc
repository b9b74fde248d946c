// portico/io/descriptors.cc — see descriptors.h.
#include "portico/io/descriptors.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace portico::io {
namespace {

class SystemDescriptors final : public FdTable {
public:
    // Linux frees the number whatever close(2) returns, so a retry could close another file.
    void close(int number) noexcept override { ::close(number); }
    void let_go(int /*number*/) noexcept override {}
    void take(int /*number*/) noexcept override {}
};

}  // namespace

FdTable& system_descriptors() {
    static SystemDescriptors table;
    return table;
}

std::optional<Fd> owned(int number) {
    if (number < 0) return std::nullopt;
    return Fd(system_descriptors(), number);
}

Result<void> write_all(const Fd& file, std::string_view& octets) {
    while (!octets.empty()) {
        const ssize_t written = ::write(file.number(), octets.data(), octets.size());
        if (written < 0 && errno != EINTR) return fail(errno, "write");
        if (written > 0) octets.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> finish_writing(Fd file) {
    if (::close(file.release()) != 0) return fail(errno, "close");
    return {};
}

}  // namespace portico::io
