// portico/handler/files/store.h — what a core caches of a folder, and how it obtains the rest.
//
// Room handler: see options.h.
// Threads:   one core's; its helper threads do everything that may wait for a disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "portico/base/task.h"
#include "portico/handler/files/cache.h"
#include "portico/handler/files/folder.h"
#include "portico/handler/files/load.h"
#include "portico/handler/files/permits.h"
#include "portico/handler/files/representation.h"
#include "portico/io/core.h"
#include "portico/route/encoder.h"
#include "portico/route/waiting.h"

namespace portico::files {

// Identifies one of the pages that list a folder.
struct ListingRequest {
    std::string path;
    SortOrder order;
    ListingFormat format = ListingFormat::html;
    http::Coding coding = http::Coding::identity;

    // The key in the cache. It is separate from all paths, because these contain no NUL.
    [[nodiscard]] std::string key() const;
};

// Entries by path. Two requests that miss the same entry share one lookup.
class Store {
public:
    Store(io::Core& core, std::shared_ptr<const Folder> folder);
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // The shared_ptr has a reference count that only this core uses.
    [[nodiscard]] const std::shared_ptr<const Folder>& folder() const { return folder_; }

    // The entry for the path if it is cached and still valid, perhaps after a check of the file
    // (FolderOptions::revalidate); otherwise null. The result lives until the store is next called.
    [[nodiscard]] const std::shared_ptr<Entry>* find(std::string_view path);

    // Whether the open file is still the same as when it was opened, including its names and permissions. One system
    // call, which does not wait.
    [[nodiscard]] bool is_unchanged(const Representation& representation) const;
    // The same for its content only: another file may have taken its name.
    [[nodiscard]] bool has_same_content(const Representation& representation) const;

    // Looks up the path. Null only if the task was asked to stop.
    Task<std::shared_ptr<Entry>> obtain(std::string path);

    // The page as its entry's identity variant, whatever its coding; or a refused entry. Null as above.
    Task<std::shared_ptr<Entry>> obtain_listing(ListingRequest wanted);

    enum class Making : std::uint8_t {
        made,    // check again: the variant exists, or is no longer offered
        stale,   // the file has changed: drop the entry and look it up again
        failed,  // it can't be made now
    };
    // Makes a missing variant of a file's entry: opens the precompressed file, or compresses.
    Task<Making> make_variant(std::shared_ptr<Entry> entry, http::Coding coding);

    // Drops a file's entry that has proved to be out of date. It may be destroyed when this returns.
    void forget(const Entry& entry);

    // Drops every entry. Content that is being sent stays until it has been sent.
    void forget_kept();
    [[nodiscard]] const Cache& cache() const { return cache_; }
    [[nodiscard]] const Cache& missing() const { return missing_; }
    [[nodiscard]] const Permits& listings() const { return listings_; }
    [[nodiscard]] const Permits& hashing() const { return hashing_; }

private:
    struct Load;
    class LoadGuard;
    class VariantGuard;

    // What is to be done with large files now.
    [[nodiscard]] LargeFiles large_files() const;
    [[nodiscard]] bool is_valid(Entry& entry);
    [[nodiscard]] std::shared_ptr<Load> load_under_way(const std::string& key);
    Task<std::shared_ptr<Entry>> look_up(const std::string& path);
    Task<std::shared_ptr<Entry>> make_listing(const ListingRequest& wanted);
    // Why a file has no content hash.
    enum class NotHashed : std::uint8_t {
        on_purpose,   // it is small or very large, or too many files wait to be hashed: its times will do
        interrupted,  // the file has changed since it was opened, or the task was asked to stop
    };
    using Hash = std::expected<std::uint64_t, NotHashed>;
    [[nodiscard]] Task<Hash> hash_large(const LoadedFile& loaded);
    void keep_listed(Entry& folder, std::shared_ptr<const FoundFolder> found, io::TimePoint at);
    Task<Making> open_sibling(const std::shared_ptr<Entry>& entry, http::Coding coding);
    Task<Making> encode_content(const std::shared_ptr<Entry>& entry, http::Coding coding);

    [[nodiscard]] std::shared_ptr<Entry> make_entry(const std::string& path, Loaded loaded,
                                                    std::chrono::system_clock::time_point looked_at);
    void set_up_file(Entry& entry, Loaded& loaded);
    void keep(const std::shared_ptr<Entry>& entry);
    [[nodiscard]] std::chrono::sys_seconds date() const;

    io::Core* core_;
    std::shared_ptr<const Folder> folder_;
    Cache cache_;
    Cache missing_;  // refused paths are kept apart, so that requests for a thousand of them evict nothing else
    // The lookups in progress. The keys are paths chosen by peers, so the hash is keyed.
    std::unordered_map<std::string, std::shared_ptr<Load>, route::KeyedHash> loading_;
    Permits listings_;  // that are being made
    Permits hashing_;   // of large files
    route::Encoder encoder_;
};

// Returns a new key on each call: for hash tables, boundaries and fingerprints.
[[nodiscard]] route::HashKey random_key(io::Core& core);

}  // namespace portico::files
