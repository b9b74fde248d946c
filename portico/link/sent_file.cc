// portico/link/sent_file.cc — see sent_file.h.
#include "portico/link/sent_file.h"

#include <chrono>
#include <optional>

namespace portico::link {

Task<void> bring_into_memory(io::Core& core, const Fd& file, std::uint64_t offset, std::uint64_t length) {
    io::FileSystem& files = core.kernel().files();
    auto read = [&files, &file, offset, length] { return files.bring_into_memory(file, offset, length); };
    // If the file can't be read, sending it will report that.
    const std::optional<bool> done = co_await io::offload(core, read);
    static_cast<void>(done);
}

bool has_changed(io::Core& core, const http::Piece& piece) {
    const io::Result<io::FileStatus> status = core.kernel().files().status(*piece.file);
    if (!status) return true;
    using FileTime = std::chrono::sys_time<std::chrono::nanoseconds>;
    io::FileStatus before;
    before.size = piece.file_octets;
    before.modified = FileTime(std::chrono::nanoseconds(piece.file_modified));
    before.changed = FileTime(std::chrono::nanoseconds(piece.file_changed));
    before.links = piece.file_links;
    if (piece.file_changed == 0) before.changed = status->changed;
    return !io::has_same_content(before, *status);
}

}  // namespace portico::link
