// portico/site/representation.h — what the cache holds: representations, and entries that lead from paths to them.
//
// Room site: see options.h.
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
#include "portico/http/date.h"
#include "portico/http/etag.h"
#include "portico/http/fields.h"
#include "portico/http/negotiate.h"
#include "portico/http/preconditions.h"
#include "portico/io/file_system.h"
#include "portico/io/timers.h"
#include "portico/site/listing.h"
#include "portico/site/site.h"
#include "portico/site/waiting.h"

namespace portico::site {

// Octets that are charged to a core's ledger for as long as this lives.
class Charge {
public:
    Charge() = default;
    Charge(Ledger& ledger, std::size_t octets) : ledger_(&ledger), octets_(octets) { ledger.charge(octets); }
    Charge(Charge&& other) noexcept
        : ledger_(std::exchange(other.ledger_, nullptr)), octets_(std::exchange(other.octets_, 0)) {}
    Charge& operator=(Charge&& other) noexcept {
        Charge old(std::move(*this));
        ledger_ = std::exchange(other.ledger_, nullptr);
        octets_ = std::exchange(other.octets_, 0);
        return *this;
    }
    ~Charge() {
        if (ledger_ != nullptr) ledger_->release(octets_);
    }
    [[nodiscard]] std::size_t octets() const { return octets_; }

private:
    Ledger* ledger_ = nullptr;
    std::size_t octets_ = 0;
};

// A content and all that is said of it. It does not change, and responses share it: they hold it as their owner while
// their fields and content point into it. It stays where it was made, since its own views do so too.
struct Representation {
    Representation() = default;
    Representation(const Representation&) = delete;
    Representation& operator=(const Representation&) = delete;

    http::FieldSection fields;    // of a response with 200 that carries all of it
    http::Validators validators;  // views of `etag`
    std::string_view content_type;
    std::uint64_t size = 0;  // octets
    std::string octets;      // where `file` is null
    std::shared_ptr<const Fd> file;
    io::FileStatus status;  // of `file`, when it was opened

    std::optional<http::Etag> etag;
    std::array<char, http::imf_fixdate_octets> last_modified{};
    std::shared_ptr<const Site> site;  // it holds some field values
    Charge charge;
};

// Tells contents apart, for entity tags. The key is known and the same everywhere: an attacker who wanted two contents
// with one hash would have to put both into the folder that is served.
[[nodiscard]] std::uint64_t content_hash(std::string_view octets);
// The same for an open file, read in parts. Returns nothing if the content can't be read, or is no longer as
// `status` says.
[[nodiscard]] std::optional<std::uint64_t> content_hash(io::FileSystem& files, const Fd& file,
                                                        const io::FileStatus& status);

// What a Representation is made of.
struct Source {
    std::string octets;
    std::optional<Fd> file;             // instead of octets
    std::optional<std::uint64_t> hash;  // of the file's content; none: the tag is made of its times
    io::FileStatus status;
    std::string_view content_type;  // a literal
    http::Coding coding = http::Coding::identity;
    std::string_view etag_suffix;  // empty for identity
    // Of the whole resource: its representations all say the same.
    std::chrono::sys_time<std::chrono::nanoseconds> modified;
};

// Which request fields the choice of a representation depends on.
enum class Vary : std::uint8_t { never, by_coding, by_type_and_coding };

// A representation of a file. `now` caps its Last-Modified, which is never in the future.
[[nodiscard]] std::shared_ptr<const Representation> represent_file(std::shared_ptr<const Site> site, Ledger& ledger,
                                                                   Source source, Vary vary,
                                                                   std::chrono::sys_seconds now);

// A representation of a page that we made: a listing. Its entity tag comes from its octets.
[[nodiscard]] std::shared_ptr<const Representation> represent_page(std::shared_ptr<const Site> site, Ledger& ledger,
                                                                   std::string octets, std::string_view content_type,
                                                                   http::Coding coding);

// Something that was looked up when an entry was made, and what was found: the entry holds for as long as looking again
// finds the same.
struct Probe {
    std::string path;                          // below the root
    std::expected<io::FileStatus, int> found;  // or an errno value
};

// What a path leads to.
struct Entry {
    enum class Kind : std::uint8_t {
        file,                  // a regular file, perhaps the index file of a folder
        folder_without_slash,  // a folder, asked for without the slash at its end
        folder,                // a folder without an index file
        listing,               // the page that lists a folder: it holds for a while, and then it is made again
        refused,               // nothing that is served
    };
    // One representation of a file.
    struct Variant {
        std::shared_ptr<const Representation> made;  // null until it is first asked for
        std::optional<io::FileStatus> sibling;       // the precompressed file; none: it is to be compressed by us
        std::shared_ptr<Waiting> being_made;         // tasks that wait for it; null while it is not being made
    };

    std::string path;  // the key in the cache
    Kind kind = Kind::refused;
    http::Refusal refusal{http::Status::not_found, {}};
    std::vector<Probe> probes;
    io::TimePoint checked_at;
    // Made so soon after the file was written that another write within the same tick of the clock would go unnoticed:
    // looking at the file again proves nothing, so it is read again.
    bool made_too_soon = false;

    // Of a folder: what was in it when one of its pages was made last. Null: no page has been made.
    std::shared_ptr<const FoundFolder> listed;
    io::TimePoint listed_at;
    Charge listed_charge;

    std::string file_path;                             // of the file, below the root
    std::array<Variant, http::coding_count> variants;  // by Coding; identity is always made
    http::CodingSet offered;                           // what to choose from
    http::CodingSet possible;                          // what could be made for clients that refuse identity
    Vary vary = Vary::never;
    Charge charge;  // for the entry itself, without its representations

    [[nodiscard]] const Variant& variant(http::Coding coding) const {
        return variants[static_cast<std::size_t>(coding)];
    }
    [[nodiscard]] Variant& variant(http::Coding coding) { return variants[static_cast<std::size_t>(coding)]; }
    // What it costs to keep it.
    [[nodiscard]] std::size_t octets() const;
    [[nodiscard]] std::size_t descriptors() const;
};

}  // namespace portico::site
