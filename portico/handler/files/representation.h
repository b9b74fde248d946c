// portico/handler/files/representation.h — the contents of the cache: representations, and entries that lead from paths
// to them.
//
// Room handler: see options.h.
// Threads:   one core's.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/base/fd.h"
#include "portico/handler/files/folder.h"
#include "portico/handler/files/listing.h"
#include "portico/http/date.h"
#include "portico/http/etag.h"
#include "portico/http/fields.h"
#include "portico/http/negotiate.h"
#include "portico/http/preconditions.h"
#include "portico/io/file_system.h"
#include "portico/io/timers.h"
#include "portico/route/waiting.h"

namespace portico::files {

// Without TLS, an answer up to this size is sent from memory if it is there: one call for the head and the content
// costs less than the calls and checks that a file needs. A larger one is sent from the file, which the kernel need not
// copy.
inline constexpr std::uint64_t sent_from_memory_octets_max = 128 * 1024;

// A content and its metadata. It does not change, and responses share it: they own a reference to it while their fields
// and content point into it. It must not be moved, because its own views point into it.
struct Representation {
    Representation() = default;
    Representation(const Representation&) = delete;
    Representation& operator=(const Representation&) = delete;

    http::FieldSection fields;    // for a response with 200 that carries all of it
    http::Validators validators;  // views of `etag`
    std::string_view content_type;
    std::uint64_t size = 0;  // octets
    std::string octets;      // if `file` is null, and perhaps beside it
    std::shared_ptr<const Fd> file;
    io::FileStatus status;  // the status of `file` when it was opened

    std::optional<http::Etag> etag;
    std::array<char, http::imf_fixdate_octets> last_modified{};
    std::shared_ptr<const Folder> folder;  // owns some of the field values
    Charge charge;

    // Whether `octets` has the content.
    [[nodiscard]] bool is_in_memory() const { return file == nullptr || !octets.empty(); }
};

// Distinguishes contents, for entity tags. The key is known and the same everywhere: an attacker who wanted two
// contents with the same hash would have to put both into the served folder.
[[nodiscard]] std::uint64_t content_hash(std::string_view octets);
// The same for an open file, read in parts. Returns nothing if the content can't be read, or no longer has this
// `status`.
[[nodiscard]] std::optional<std::uint64_t> content_hash(io::FileSystem& files, const Fd& file,
                                                        const io::FileStatus& status);

// The inputs of a Representation.
struct Source {
    std::string octets;
    std::optional<Fd> file;             // instead of octets, or beside them
    std::optional<std::uint64_t> hash;  // of the content; none: the tag of a file is made from its times
    io::FileStatus status;
    std::string_view content_type;  // a literal
    http::Coding coding = http::Coding::identity;
    std::string_view etag_suffix;  // empty for identity
    // For the whole resource: all of its representations have the same value.
    std::chrono::sys_time<std::chrono::nanoseconds> modified;
};

// Which request fields the choice of a representation depends on.
enum class Vary : std::uint8_t { never, by_coding, by_type_and_coding };

// A representation of a file. `now` caps its Last-Modified, which is never in the future.
[[nodiscard]] std::shared_ptr<const Representation> represent_file(std::shared_ptr<const Folder> folder, Ledger& ledger,
                                                                   Source source, Vary vary,
                                                                   std::chrono::sys_seconds now);

// A representation of a page that we made: a listing. Its entity tag comes from its octets. `policy`: its
// Content-Security-Policy, which outlives it.
[[nodiscard]] std::shared_ptr<const Representation> represent_page(std::shared_ptr<const Folder> folder, Ledger& ledger,
                                                                   std::string octets, std::string_view content_type,
                                                                   std::string_view policy, http::Coding coding);

// A lookup that was made for an entry, and its result: the entry is valid as long as the same lookup gives the same
// result.
struct Probe {
    std::string path;                          // below the root
    std::expected<io::FileStatus, int> found;  // or an errno value
};

// The result of looking up a path.
struct Entry {
    enum class Kind : std::uint8_t {
        file,                  // a regular file, perhaps the index file of a folder
        folder_without_slash,  // a folder, requested without the slash at its end
        folder,                // a folder without an index file
        listing,               // the page that lists a folder: valid for a while, and then made again
        refused,               // the path is not served
    };
    // One representation of a file.
    struct Variant {
        std::shared_ptr<const Representation> made;  // null until it is first requested
        std::optional<io::FileStatus> sibling;       // the precompressed file; none: we must compress
        std::shared_ptr<route::Waiting> being_made;  // tasks that wait for it; null while it is not being made
    };

    std::string path;  // the key in the cache
    Kind kind = Kind::refused;
    http::Refusal refusal{http::Status::not_found, {}};
    std::vector<Probe> probes;
    io::TimePoint checked_at;
    // Made so soon after the file was written that another write within the same tick of the clock would go unnoticed.
    // Checking the file again proves nothing, so it is read again.
    bool made_too_soon = false;

    // For a folder: its content when one of its pages was last made. Null: no page has been made.
    std::shared_ptr<const FoundFolder> listed;
    io::TimePoint listed_at;
    Charge listed_charge;

    std::string file_path;                             // the file's path, below the root
    std::array<Variant, http::coding_count> variants;  // by Coding; identity is always made
    http::CodingSet offered;                           // the codings to choose from
    http::CodingSet possible;                          // codings that can be made for clients that refuse identity
    Vary vary = Vary::never;
    Charge charge;  // for the entry itself, without its representations

    [[nodiscard]] const Variant& variant(http::Coding coding) const {
        return variants[static_cast<std::size_t>(coding)];
    }
    [[nodiscard]] Variant& variant(http::Coding coding) { return variants[static_cast<std::size_t>(coding)]; }
    // The memory that caching it takes.
    [[nodiscard]] std::size_t octets() const;
    [[nodiscard]] std::size_t descriptors() const;
};

}  // namespace portico::files
