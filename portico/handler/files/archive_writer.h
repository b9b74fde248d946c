// portico/handler/files/archive_writer.h — the octets of archives: .zip without compression, and .tar.
//
// Room handler: see options.h.
// Threads:   none. Pure: names and contents go in, octets come out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace portico::files {

// A file or a folder, as an archive names it.
struct ArchivedFile {
    std::string name;  // relative, with "/" between folders and at the end of a folder's own name
    std::uint64_t size = 0;
    std::chrono::sys_time<std::chrono::nanoseconds> modified;

    [[nodiscard]] bool is_folder() const { return name.ends_with('/'); }
};

// Writes a .zip (PKWARE's APPNOTE.TXT 6.3.3). Contents are stored as they are. The checksum of each follows it, so that
// nothing has to be read twice. Sizes and offsets of 4 GiB and more, and more than 65,534 entries, are written in the
// ZIP64 form, and only those.
class ZipWriter {
public:
    // `long_from`: the first size or offset in the ZIP64 form. Tests make it small.
    explicit ZipWriter(std::uint64_t long_from = 0xffff'ffff) : long_from_(long_from) {}

    // Each appends to `out`. begin() is followed by exactly `file.size` octets of content, and those by end().
    void begin(const ArchivedFile& file, std::string& out);
    void content(std::string_view octets, std::string& out);
    void end(std::string& out);
    // The directory at the archive's end.
    void finish(std::string& out);

    // The memory that the directory takes.
    [[nodiscard]] std::size_t kept_octets() const { return directory_.capacity(); }

private:
    [[nodiscard]] bool is_long(std::uint64_t number) const { return number >= long_from_; }
    void add_to_directory(std::string_view name);

    std::uint64_t long_from_;
    std::uint64_t offset_ = 0;  // octets written so far
    std::uint64_t entries_ = 0;
    std::string directory_;
    ArchivedFile current_;
    std::uint64_t current_offset_ = 0;
    std::uint32_t checksum_ = 0;
};

// Writes a .tar (POSIX.1-2008 pax): a name of more than 100 octets and a size of 8 GiB and more get an extended header.
class TarWriter {
public:
    // As for a ZipWriter.
    void begin(const ArchivedFile& file, std::string& out);
    void content(std::string_view octets, std::string& out) { out += octets; }
    void end(std::string& out);
    void finish(std::string& out);
    [[nodiscard]] std::size_t kept_octets() const { return 0; }

private:
    std::uint64_t size_ = 0;  // of the current file
};

}  // namespace portico::files
