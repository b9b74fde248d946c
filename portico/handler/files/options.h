// portico/handler/files/options.h — what to serve, and how. The comments are the manual.
//
// Room handler: what can answer a request.
// May use:   base, http, io, link.
// May not:   call the kernel except through io, know how a message is framed, or log.
// Threads:   options are values; once a Folder holds them, they don't change.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

struct FolderOptions {
    // The folder that is served. Nothing outside it can be reached, whatever a path or a symbolic link says.
    std::string root;
    // Files that answer for their folder; the first one that exists is used.
    std::vector<std::string> index{"index.html"};
    Dotfiles dotfiles = Dotfiles::hidden;
    Listing listing = Listing::on;
    MissingPath missing_path = MissingPath::not_found;
    CrossOrigin cross_origin = CrossOrigin::same_site;
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
