// portico/io/output_file.cc — see output_file.h.
#include "portico/io/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace portico::io {
namespace {

constexpr int finished = -1;

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& path) {
    const int number = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (number < 0) return fail(errno, "open");
    return OutputFile(number);
}

OutputFile::OutputFile(OutputFile&& other) noexcept : number_(std::exchange(other.number_, finished)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

OutputFile::~OutputFile() {
    if (number_ != finished) ::close(number_);
}

Result<void> OutputFile::write(std::string_view octets) {
    while (!octets.empty()) {
        const ssize_t written = ::write(number_, octets.data(), octets.size());
        if (written < 0 && errno != EINTR) return fail(errno, "write");
        if (written > 0) octets.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> OutputFile::finish() {
    if (::close(std::exchange(number_, finished)) != 0) return fail(errno, "close");
    return {};
}

}  // namespace portico::io
