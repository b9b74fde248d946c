// portico/app/upload.cc — see upload.h.
#include "portico/app/upload.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/io/input_file.h"

namespace portico::app {
namespace {

constexpr std::size_t octets_at_once = 128 * 1024;

// A file that grows meanwhile is sent as far as was announced.
Task<bool> send_file(io::Core& core, const io::InputFile& file, http::ContentWriter& writer) {
    std::vector<char> room(octets_at_once);
    for (std::uint64_t offset = 0;;) {
        const std::uint64_t left = file.octets() ? *file.octets() - offset : room.size();
        if (left == 0) co_return true;
        const std::span<char> part(room.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left, room.size())));
        auto read = [&file, offset, part] { return file.read_at(offset, part); };
        const std::optional<io::Result<std::size_t>> octets = co_await io::offload(core, read);
        if (!octets || !*octets) co_return false;
        if (**octets == 0) co_return !file.octets();  // a regular file has become shorter
        const bool goes_on = co_await writer.write(std::string_view(room.data(), **octets));
        if (!goes_on) co_return false;
        offset += **octets;
    }
}

Task<bool> send_stream(io::Stream& input, http::ContentWriter& writer) {
    std::vector<char> room(octets_at_once);
    for (;;) {
        const io::Result<std::size_t> octets = co_await input.read(room, io::never);
        if (!octets) co_return false;
        if (*octets == 0) co_return true;
        const bool goes_on = co_await writer.write(std::string_view(room.data(), *octets));
        if (!goes_on) co_return false;
    }
}

}  // namespace

io::Result<link::ContentSource> content_of_file(io::Core& core, const std::string& path) {
    io::Result<io::InputFile> opened = io::InputFile::open(path);
    if (!opened) return std::unexpected(opened.error());
    const auto file = std::make_shared<const io::InputFile>(*std::move(opened));
    link::ContentSource source;
    source.octets = file->octets();
    if (source.octets) source.repeat = link::ContentSource::Repeat::possible;
    source.producer = [&core, file](http::ContentWriter& writer) { return send_file(core, *file, writer); };
    return source;
}

link::ContentSource content_of_stream(io::Stream& input) {
    link::ContentSource source;
    source.producer = [&input](http::ContentWriter& writer) { return send_stream(input, writer); };
    return source;
}

}  // namespace portico::app
