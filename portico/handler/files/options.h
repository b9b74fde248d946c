// portico/handler/files/options.h — what to serve, and how. The comments are the manual.
//
// Room handler: what can answer a request.
// May use:   base, http, io, link, route.
// May not:   call the kernel except through io, know how a message is framed, or log.
// Threads:   options are values; once a Folder holds them, they don't change.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "portico/route/extra_fields.h"
#include "portico/route/passwords.h"

namespace portico::files {

// Files and folders whose names begin with a dot. They often hold secrets (.git, .env), so they are not served
// unless the options say so. ".well-known" is always served: its names are published (RFC 8615 §3).
enum class Dotfiles : std::uint8_t { hidden, served };

// What a folder without an index file answers: 404, or a page that lists it.
enum class Listing : std::uint8_t { off, on };

// The answer for a path that leads to nothing: 404, or the root's index file. The index file is for applications that
// draw their pages in the browser. It is sent only for navigations (the path has no extension, or Accept names
// text/html), so that a missing script or picture is still a 404.
enum class MissingPath : std::uint8_t { not_found, root_index };

// What a path answers to which nothing leads if there is a file of the same name with ".html" after it: 404, or that
// file. A file or a folder with the path's own name always comes first.
enum class CleanNames : std::uint8_t { off, on };

// Whether scripts of other sites may read the answers (Access-Control-Allow-Origin: *).
enum class CrossOrigin : std::uint8_t { same_site, everyone };

// What each core may cache between requests. All of it can be dropped at any time; reading it again only takes time.
struct CacheLimits {
    // Contents in memory, each with about 1 KiB for its names and validators.
    std::size_t octets_max = 32 * 1024 * 1024;
    // Open files.
    std::size_t descriptors_max = 256;
    // Files up to this size are kept in memory; larger ones are sent from an open descriptor.
    std::size_t small_file_octets_max = 64 * 1024;
    // Larger files up to this size are kept in memory too, unless that could bring the cached contents above half of
    // `octets_max`. TLS and HTTP/2 read them there instead of from the file.
    std::size_t read_file_octets_max = 1024 * 1024;
    // Files up to this size have an entity tag made from their content; they are read once for it when they are opened.
    // Larger files have one made from their size and times.
    std::size_t hashed_file_octets_max = 16 * 1024 * 1024;
    // Paths that lead to nothing, so that asking for them again costs no lookup.
    std::size_t missing_paths_max = 1024;

    friend bool operator==(const CacheLimits&, const CacheLimits&) = default;
};

// Compression of text that has no precompressed sibling, done once by a helper thread and then kept in the cache.
struct EncodingLimits {
    // Smaller contents gain nothing: they fit into one packet anyway.
    std::size_t octets_min = 1024;
    // Larger ones take too long to compress while a client waits. Zero: nothing is compressed.
    std::size_t octets_max = 4 * 1024 * 1024;
    // At the same time, on each core. Further requests get the uncompressed content in the meantime.
    unsigned at_once_max = 2;

    friend bool operator==(const EncodingLimits&, const EncodingLimits&) = default;
};

// Whether a folder that would be listed can be had as one file, too: .zip and .tar.zst. It has everything that is not
// hidden, also what no page of the site links to, and it costs a walk through the whole tree.
enum class Archives : std::uint8_t { off, on };

struct ArchiveLimits {
    // Files and folders in one archive, and names in one of its folders, hidden ones included. A .zip keeps some 150
    // octets and the name of each in memory until its end.
    std::size_t entries_max = 50'000;
    // Of their contents, in octets.
    std::uint64_t octets_max = std::uint64_t{64} << 30;
    // Archives that are sent at the same time, by each core. Each takes up to 1 MiB, and 4 MiB more if it is
    // compressed. Further requests are answered with 503.
    unsigned at_once_max = 8;

    friend bool operator==(const ArchiveLimits&, const ArchiveLimits&) = default;
};

// Whether clients may put files into the folder.
enum class Uploads : std::uint8_t {
    off,
    new_files,    // a file never takes the place of another
    overwriting,  // it does
};

struct UploadLimits {
    // One file, in octets.
    std::uint64_t file_octets_max = std::uint64_t{1} << 30;
    // Files in one form.
    std::size_t files_max = 100;
    // Parts of files that nobody has sent more of for so long are removed when the next part comes.
    std::chrono::seconds part_age_max{86'400};

    friend bool operator==(const UploadLimits&, const UploadLimits&) = default;
};

// Whether HTML pages reload themselves when a file changes.
enum class Live : std::uint8_t { off, on };

struct LiveLimits {
    // Folders that are watched. Changes in further ones are not noticed.
    std::size_t folders_max = 10'000;
    // Browsers' pages that are told of changes at the same time. Further ones get a 503, and try again.
    std::size_t streams_max = 256;
    // Larger pages are sent as they are, and don't reload themselves.
    std::size_t page_octets_max = 4 * 1024 * 1024;

    friend bool operator==(const LiveLimits&, const LiveLimits&) = default;
};

struct FolderOptions {
    // The folder that is served. Nothing outside it can be reached, whatever a path or a symbolic link says.
    std::string root;
    // Files that answer for their folder; the first one that exists is used.
    std::vector<std::string> index{"index.html"};
    // The name of a file in the root that is all that is served: at "/" and at its own path. Empty: everything is.
    std::string only_file;
    Dotfiles dotfiles = Dotfiles::hidden;
    Listing listing = Listing::on;
    Archives archives = Archives::off;
    ArchiveLimits archive_limits;
    // What clients have put there is shown to others without its scripts, and precompressed files are not used: a
    // client could otherwise change what a file is answered with.
    Uploads uploads = Uploads::off;
    UploadLimits upload_limits;
    // For the author of a site: see live.h. Precompressed files beside pages are not used, since they lack the script.
    Live live = Live::off;
    LiveLimits live_limits;
    MissingPath missing_path = MissingPath::not_found;
    CleanNames clean_names = CleanNames::off;
    CrossOrigin cross_origin = CrossOrigin::same_site;
    // Fields that every answer has, refusals and redirections included.
    std::vector<route::ExtraField> extra_fields;
    // How long browsers and proxies may use an answer without asking again. Nothing: they ask each time, and a short
    // answer usually tells them that theirs is still right (Cache-Control: no-cache).
    std::optional<std::chrono::seconds> cache;
    // Without users, no password is needed.
    route::Passwords passwords;
    // How long an answer from the cache may be sent without checking whether its file has changed. Zero: check each
    // time.
    std::chrono::milliseconds revalidate{1000};
    // Two changes of a file within this time may give it the same times. So a file that was changed this recently
    // before it was read is read again for the next request. Zero: it is not.
    std::chrono::milliseconds clock_tick_max{50};
    // Listings that are made at the same time on each core, and large files that are hashed at the same time. Others
    // wait in a line for listings and one for files, so that these never occupy all helper threads.
    unsigned long_reads_at_once_max = 1;
    // Large files that wait to be hashed, on each core. Each holds an open descriptor. Further ones are not hashed:
    // they are served at once, with an entity tag made of their size and times.
    std::size_t hashes_waiting_max = 16;
    // Entries of one listing; a folder with more is listed in part, and the page says so.
    std::size_t listing_entries_max = 10'000;
    CacheLimits cache_limits;
    EncodingLimits encoding_limits;

    friend bool operator==(const FolderOptions&, const FolderOptions&) = default;
};

}  // namespace portico::files
