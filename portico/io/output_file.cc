// portico/io/output_file.cc — see output_file.h.
#include "portico/io/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <utility>

#include "portico/io/descriptors.h"

namespace portico::io {

Result<OutputFile> OutputFile::open(const std::string& path) {
    std::optional<Fd> file = owned(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file) return fail(errno, "open");
    return OutputFile(*std::move(file));
}

Result<void> OutputFile::write(std::string_view octets) {
    while (!octets.empty()) {
        const ssize_t written = ::write(file_.number(), octets.data(), octets.size());
        if (written < 0 && errno != EINTR) return fail(errno, "write");
        if (written > 0) octets.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> OutputFile::finish() { return finish_writing(std::move(file_)); }

}  // namespace portico::io
