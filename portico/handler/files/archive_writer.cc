// portico/handler/files/archive_writer.cc — see archive_writer.h.
#include "portico/handler/files/archive_writer.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

#include "portico/http/utf8.h"

namespace portico::files {
namespace {

// Little-endian, as all numbers of a .zip.
template <class Number>
void append_number(std::string& out, Number number) {
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
        out += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xff);
    }
}
void append16(std::string& out, std::uint64_t number) { append_number(out, static_cast<std::uint16_t>(number)); }
void append32(std::string& out, std::uint64_t number) { append_number(out, static_cast<std::uint32_t>(number)); }
void append64(std::string& out, std::uint64_t number) { append_number(out, number); }

constexpr std::uint32_t all_ones_32 = 0xffff'ffff;  // the number is in the ZIP64 form
constexpr std::uint16_t all_ones_16 = 0xffff;

constexpr std::uint16_t version_usual = 20;
constexpr std::uint16_t version_zip64 = 45;
constexpr std::uint16_t made_by_unix = 3 << 8;
constexpr std::uint16_t flag_checksum_follows = 1 << 3;
constexpr std::uint16_t flag_utf8 = 1 << 11;
constexpr std::uint32_t unix_file = 0100644U << 16;
constexpr std::uint32_t unix_folder = (040755U << 16) | 0x10;  // and the folder bit of MS-DOS

std::uint16_t flags_of(std::string_view name) {
    return static_cast<std::uint16_t>(flag_checksum_follows | (http::is_utf8(name) ? flag_utf8 : 0));
}

std::int64_t unix_seconds(const ArchivedFile& file) {
    return std::chrono::floor<std::chrono::seconds>(file.modified).time_since_epoch().count();
}

// The time and date of MS-DOS, here in UTC. Programs that know the extra field with the Unix time prefer that.
std::uint32_t dos_time(const ArchivedFile& file) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(file.modified);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(seconds - day);
    constexpr int first_year = 1980;
    constexpr int last_year = 2107;
    const int year = static_cast<int>(date.year());
    if (year < first_year) return (1U << 5 | 1U) << 16;
    if (year > last_year) return 0xff9f'bf7d;
    const auto days = static_cast<std::uint32_t>(year - first_year) << 9 | static_cast<unsigned>(date.month()) << 5 |
                      static_cast<unsigned>(date.day());
    const auto time = static_cast<std::uint32_t>(clock.hours().count() << 11 | clock.minutes().count() << 5 |
                                                 clock.seconds().count() / 2);
    return days << 16 | time;
}

// The Unix time, if it fits 32 bits.
void append_unix_time(std::string& extra, const ArchivedFile& file) {
    const std::int64_t seconds = unix_seconds(file);
    if (seconds < 0 || seconds > std::numeric_limits<std::int32_t>::max()) return;
    append16(extra, 0x5455);
    append16(extra, 5);
    extra += '\1';  // the time of modification is there
    append32(extra, static_cast<std::uint64_t>(seconds));
}

void append_zip64(std::string& extra, std::string_view numbers) {
    if (numbers.empty()) return;
    append16(extra, 1);
    append16(extra, numbers.size());
    extra += numbers;
}

}  // namespace

// APPNOTE.TXT §4.3.7
void ZipWriter::begin(const ArchivedFile& file, std::string& out) {
    current_ = file;
    current_offset_ = offset_;
    checksum_ = static_cast<std::uint32_t>(crc32(0, nullptr, 0));
    const bool has_long_size = is_long(file.size);
    std::string extra;
    append_unix_time(extra, file);
    if (has_long_size) append_zip64(extra, std::string(16, '\0'));
    const std::size_t before = out.size();
    append32(out, 0x0403'4b50);
    append16(out, has_long_size ? version_zip64 : version_usual);
    append16(out, flags_of(file.name));
    append16(out, 0);  // stored
    append32(out, dos_time(file));
    append32(out, 0);  // the checksum and the sizes follow the content
    append32(out, has_long_size ? all_ones_32 : 0);
    append32(out, has_long_size ? all_ones_32 : 0);
    append16(out, file.name.size());
    append16(out, extra.size());
    out += file.name;
    out += extra;
    offset_ += out.size() - before;
}

void ZipWriter::content(std::string_view octets, std::string& out) {
    while (!octets.empty()) {
        const std::string_view part = octets.substr(0, std::numeric_limits<uInt>::max());
        checksum_ = static_cast<std::uint32_t>(
            crc32(checksum_, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size())));
        out += part;
        offset_ += part.size();
        octets.remove_prefix(part.size());
    }
}

// APPNOTE.TXT §4.3.9
void ZipWriter::end(std::string& out) {
    const std::size_t before = out.size();
    append32(out, 0x0807'4b50);
    append32(out, checksum_);
    for (int sizes = 0; sizes < 2; ++sizes) {  // stored, so both are the same
        is_long(current_.size) ? append64(out, current_.size) : append32(out, current_.size);
    }
    offset_ += out.size() - before;
    add_to_directory(current_.name);
}

// APPNOTE.TXT §4.3.12
void ZipWriter::add_to_directory(std::string_view name) {
    std::string numbers;
    const bool has_long_size = is_long(current_.size);
    const bool has_long_offset = is_long(current_offset_);
    if (has_long_size) {
        append64(numbers, current_.size);
        append64(numbers, current_.size);
    }
    if (has_long_offset) append64(numbers, current_offset_);
    std::string extra;
    append_unix_time(extra, current_);
    append_zip64(extra, numbers);
    const std::uint16_t version = numbers.empty() ? version_usual : version_zip64;
    append32(directory_, 0x0201'4b50);
    append16(directory_, made_by_unix | version);
    append16(directory_, version);
    append16(directory_, flags_of(name));
    append16(directory_, 0);  // stored
    append32(directory_, dos_time(current_));
    append32(directory_, checksum_);
    append32(directory_, has_long_size ? all_ones_32 : current_.size);
    append32(directory_, has_long_size ? all_ones_32 : current_.size);
    append16(directory_, name.size());
    append16(directory_, extra.size());
    append16(directory_, 0);  // no comment
    append16(directory_, 0);  // the first disk
    append16(directory_, 0);  // internal attributes
    append32(directory_, current_.is_folder() ? unix_folder : unix_file);
    append32(directory_, has_long_offset ? all_ones_32 : current_offset_);
    directory_ += name;
    directory_ += extra;
    ++entries_;
}

// APPNOTE.TXT §4.3.14 to §4.3.16
void ZipWriter::finish(std::string& out) {
    const std::uint64_t directory_at = offset_;
    const std::uint64_t directory_octets = directory_.size();
    out += directory_;
    const bool is_zip64 = entries_ >= all_ones_16 || is_long(directory_at) || is_long(directory_octets);
    if (is_zip64) {
        append32(out, 0x0606'4b50);
        append64(out, 44);  // the octets of this record that follow
        append16(out, made_by_unix | version_zip64);
        append16(out, version_zip64);
        append32(out, 0);  // this disk, and the one with the directory
        append32(out, 0);
        append64(out, entries_);
        append64(out, entries_);
        append64(out, directory_octets);
        append64(out, directory_at);
        append32(out, 0x0706'4b50);
        append32(out, 0);
        append64(out, directory_at + directory_octets);
        append32(out, 1);  // disks
    }
    append32(out, 0x0605'4b50);
    append32(out, 0);
    append16(out, is_zip64 ? all_ones_16 : entries_);
    append16(out, is_zip64 ? all_ones_16 : entries_);
    append32(out, is_zip64 ? all_ones_32 : directory_octets);
    append32(out, is_zip64 ? all_ones_32 : directory_at);
    append16(out, 0);  // no comment
}

namespace {

constexpr std::size_t tar_block_octets = 512;
constexpr std::uint64_t tar_octal_end = std::uint64_t{1} << 33;  // what eleven octal digits can't express

// A field of a header block: octal digits and a NUL.
void put_octal(std::string& block, std::size_t at, std::size_t octets, std::uint64_t number) {
    for (std::size_t i = octets - 1; i-- > 0; number /= 8) block[at + i] = static_cast<char>('0' + number % 8);
}

// A header block (POSIX.1-2008, pax, "ustar Interchange Format"). The name is cut if it is too long.
std::string tar_header(std::string_view name, std::uint64_t size, std::uint64_t seconds, char type) {
    std::string block(tar_block_octets, '\0');
    constexpr std::size_t name_octets = 100;
    std::ranges::copy(name.substr(0, name_octets), block.begin());
    put_octal(block, 100, 8, type == '5' ? 0755 : 0644);
    put_octal(block, 108, 8, 0);  // owner and group: none of this machine's
    put_octal(block, 116, 8, 0);
    put_octal(block, 124, 12, size < tar_octal_end ? size : 0);
    put_octal(block, 136, 12, seconds);
    block[156] = type;
    std::ranges::copy(std::string_view("ustar\0"
                                       "00",
                                       8),
                      block.begin() + 257);
    std::ranges::fill(block.begin() + 148, block.begin() + 156, ' ');
    std::uint64_t sum = 0;
    for (const char octet : block) sum += static_cast<unsigned char>(octet);
    put_octal(block, 148, 7, sum);
    return block;
}

// "25 path=…\n": the number counts the whole record, itself included.
std::string pax_record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t octets = rest + 1;
    while (octets != rest + std::to_string(octets).size()) ++octets;
    return std::to_string(octets) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

void pad_to_block(std::string& out, std::uint64_t octets) {
    out.append((tar_block_octets - octets % tar_block_octets) % tar_block_octets, '\0');
}

}  // namespace

void TarWriter::begin(const ArchivedFile& file, std::string& out) {
    size_ = file.size;
    const auto seconds =
        std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(unix_seconds(file), 0)), tar_octal_end - 1);
    std::string extended;
    if (file.name.size() > 100) extended += pax_record("path", file.name);
    if (file.size >= tar_octal_end) extended += pax_record("size", std::to_string(file.size));
    if (!extended.empty()) {
        out += tar_header("extended", extended.size(), seconds, 'x');
        out += extended;
        pad_to_block(out, extended.size());
    }
    out += tar_header(file.name, file.size, seconds, file.is_folder() ? '5' : '0');
}

void TarWriter::end(std::string& out) { pad_to_block(out, size_); }

void TarWriter::finish(std::string& out) { out.append(2 * tar_block_octets, '\0'); }

}  // namespace portico::files
