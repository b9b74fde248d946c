// portico/io/output_file.cc — see output_file.h.
#include "portico/io/output_file.h"

#include <fcntl.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "portico/io/descriptors.h"

namespace portico::io {

Result<OutputFile> OutputFile::open(const std::string& path) {
    std::optional<Fd> file = owned(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file) return fail(errno, "open");
    return OutputFile(*std::move(file));
}

Result<void> OutputFile::write(std::string_view octets) { return write_all(file_, octets); }

Result<void> OutputFile::finish() { return finish_writing(std::move(file_)); }

}  // namespace portico::io
