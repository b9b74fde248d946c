// portico/handler/files/load.h — finds out what a path leads to, and reads it.
//
// Room handler: see options.h.
// Threads:   any. Every call may wait for a disk, so from a core go through io::offload. Results are plain values.
#pragma once

#include <array>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/handler/files/folder.h"
#include "portico/handler/files/listing.h"
#include "portico/handler/files/representation.h"
#include "portico/http/negotiate.h"
#include "portico/http/status.h"
#include "portico/io/file_system.h"

namespace portico::files {

// What happens to files that are not small: they are opened, or also read if they are not too large
// (CacheLimits::read_file_octets_max).
enum class LargeFiles : std::uint8_t { opened, read };

// A regular file: its content, a descriptor, or both. Both, if it is not always sent from memory:
// see sent_from_memory_octets_max.
struct LoadedFile {
    io::FileStatus status;
    std::string octets;
    std::optional<Fd> file;
    std::optional<std::uint64_t> hash;  // of the content of a large file that was read
    // The length of the file's content differs from its size, as with files in /proc. There is no way to know when such
    // content changes, so it is read for each request.
    bool size_is_wrong = false;
};

// What a path leads to, before it becomes an Entry of a core.
struct Loaded {
    enum class Kind : std::uint8_t { unchanged, file, folder_without_slash, folder, refused };
    Kind kind = Kind::refused;
    http::Refusal refusal{http::Status::not_found, {}};
    std::vector<Probe> probes;  // everything that was looked up for it
    std::string file_path;      // the file's path, below the root
    LoadedFile file;
    std::optional<std::uint64_t> hash;  // hash of a large file's content
    // Precompressed files beside it, by Coding.
    std::array<std::optional<io::FileStatus>, http::coding_count> siblings;
};

// Looks up a decoded path. Refused: 404 nothing is there, or neither a file nor a folder, or outside the root
//                                   403 we may not read it
//                                   500, 503 the kernel failed; this is not about the path, so don't cache it
[[nodiscard]] Loaded load(const Folder& folder, std::string_view path, LargeFiles large = LargeFiles::opened);

// Like load(), but only if one of `probes` now finds something else than before.
[[nodiscard]] Loaded load_if_changed(const Folder& folder, std::string_view path, const std::vector<Probe>& probes,
                                     LargeFiles large = LargeFiles::opened);

// Whether every probe finds what it found before. A failure that says nothing about the file (EMFILE …) does not count
// as a change.
[[nodiscard]] bool still_holds(const Folder& folder, const std::vector<Probe>& probes);

// Opens a regular file, and reads it if it is not too large. The content belongs to one version: the file's status is
// compared before and after. Refused: as in load(), and 403 if the file has more octets than
// a small file although its size says otherwise.
[[nodiscard]] http::Result<LoadedFile> load_file(const Folder& folder, const std::string& file_path, LargeFiles large);

// The content of an open file; nothing if the file no longer has this `status`.
[[nodiscard]] std::optional<std::string> read_unchanged(io::FileSystem& files, const Fd& file,
                                                        const io::FileStatus& status);

// The name of the file that holds a precompressed content: "style.css.br".
[[nodiscard]] std::string sibling_path(std::string_view file_path, http::Coding coding);

// Reads a folder: what a page that lists it shows, at most `entries_max` entries. Refused as in load().
[[nodiscard]] http::Result<FoundFolder> read_folder(const Folder& folder, std::string_view path,
                                                    std::size_t entries_max);

}  // namespace portico::files
