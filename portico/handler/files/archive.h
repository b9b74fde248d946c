// portico/handler/files/archive.h — a folder and everything below it as one file, made while it is sent.
//
// Room handler: see options.h.
// Threads:   an ArchiveMaker is used by one thread at a time, which may wait for a disk; the rest is one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "portico/base/fd.h"
#include "portico/handler/files/archive_tree.h"
#include "portico/handler/files/archive_writer.h"
#include "portico/handler/files/folder.h"
#include "portico/handler/files/permits.h"
#include "portico/http/message.h"
#include "portico/io/core.h"

namespace portico::files {

enum class ArchiveFormat : std::uint8_t { zip, tar_zst };

// Reads "download=zip" or "download=tar.zst" from a query, which may have other parameters too.
[[nodiscard]] std::optional<ArchiveFormat> parse_download(std::string_view query);

// Makes an archive piece by piece. The memory it needs is bounded: one piece, the names of the folders that it is
// inside of, what compression needs and, for a .zip, its directory, which is as large as ArchiveLimits allow.
class ArchiveMaker {
public:
    // As for an ArchiveTree.
    ArchiveMaker(std::shared_ptr<const Folder> folder, std::string path, std::string name, ArchiveFormat format);
    ArchiveMaker(const ArchiveMaker&) = delete;
    ArchiveMaker& operator=(const ArchiveMaker&) = delete;
    ~ArchiveMaker();

    enum class Step : std::uint8_t {
        more,    // call again
        end,     // the archive is complete
        failed,  // it can't be completed: a file has become shorter or can't be read on, or there is too much
    };
    // Appends the next piece to `out`: some 256 KiB, perhaps less.
    [[nodiscard]] Step make(std::string& out);
    // The memory that this takes.
    [[nodiscard]] std::size_t kept_octets() const;

private:
    struct Compressor;
    enum class Phase : std::uint8_t { between_files, in_file, done };

    [[nodiscard]] Step make_plain(std::string& out);
    [[nodiscard]] Step begin_next(std::string& out);
    [[nodiscard]] bool copy_content(std::string& out);
    void write(const ArchivedFile& file, std::string_view content, std::string& out);
    void finish(std::string& out);

    std::shared_ptr<const Folder> folder_;
    std::string name_;
    ArchiveTree tree_;
    std::variant<ZipWriter, TarWriter> writer_;
    std::unique_ptr<Compressor> compressor_;  // null: none
    Phase phase_ = Phase::between_files;
    std::optional<Fd> file_;
    std::uint64_t read_ = 0;  // octets of `file_`
    std::uint64_t size_ = 0;
    std::string plain_;  // to be compressed
};

// Whether the folder's content is within ArchiveLimits, as far as its names and sizes show. Not on a core's thread.
[[nodiscard]] bool can_be_archived(const std::shared_ptr<const Folder>& folder, const std::string& path);

// An archive that is being sent.
struct ArchiveJob {
    ArchiveJob(Permits& archives, std::shared_ptr<const Folder> folder, std::string path, std::string name,
               ArchiveFormat format);

    Permit permit;
    ArchiveMaker maker;
    Charge charge;
};

// Fills the response with the archive, which is made while it is sent.
void compose_archive(io::Core& core, std::shared_ptr<ArchiveJob> job, std::string_view name, ArchiveFormat format,
                     http::Response& response);

}  // namespace portico::files
