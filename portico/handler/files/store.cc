// portico/handler/files/store.cc — see store.h.
#include "portico/handler/files/store.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <optional>
#include <utility>

#include "portico/http/content_type.h"
#include "portico/route/encode.h"

namespace portico::files {
namespace {

using http::Coding;
using http::Status;

// For this long after an entry was last checked, another check finds its path in the kernel's memory, so it may be done
// on the core's thread (docs/decisions/0005-cold-files.md).
constexpr std::chrono::seconds path_in_memory{60};

// The memory that an entry takes without its representations.
constexpr std::size_t entry_octets = sizeof(Entry) + 128;

// A reference count for each core: cores that shared one would write to the same cache line with every answer.
std::shared_ptr<const Folder> with_own_count(std::shared_ptr<const Folder> folder) {
    const Folder* const raw = folder.get();
    return {std::make_shared<const std::shared_ptr<const Folder>>(std::move(folder)), raw};
}

Cache::Budget entries_budget(const Folder& folder) {
    const CacheLimits& limits = folder.options().cache_limits;
    return {limits.octets_max / entry_octets, limits.octets_max, limits.descriptors_max};
}

Cache::Budget missing_budget(const Folder& folder) {
    const CacheLimits& limits = folder.options().cache_limits;
    return {limits.missing_paths_max, limits.octets_max, 0};
}

// A coding that does not make the content smaller by at least a twentieth is not worth decoding.
bool is_worthwhile(std::size_t encoded, std::uint64_t octets) { return encoded + octets / 20 < octets; }

// Without the codings that we would have to make.
http::CodingSet precompressed_only(const Entry& entry) {
    http::CodingSet codings;
    for (const Coding coding : {Coding::gzip, Coding::zstd, Coding::br}) {
        if (entry.variant(coding).sibling) codings.add(coding);
    }
    return codings;
}

bool is_cacheable(const http::Refusal& refusal) {
    return refusal.status == Status::not_found || refusal.status == Status::forbidden;
}

struct ListingPage {
    std::shared_ptr<const FoundFolder> folder;
    http::Result<std::string> octets;
    Coding coding;
};

UploadForm upload_form(const Folder& folder) {
    return folder.options().uploads == Uploads::off ? UploadForm::none : UploadForm::shown;
}

LiveScript live_script(const Folder& folder) {
    return folder.options().live == Live::off ? LiveScript::none : LiveScript::present;
}

// The text below a listing: that of a file whose name says that it is to be read. Nothing: there is none, or it is too
// long.
std::optional<std::string> read_text_of(const Folder& folder, const std::string& path, const std::string& name) {
    constexpr std::uint64_t read_me_octets_max = 64 * 1024;
    io::FileSystem& files = folder.files();
    const auto file = files.open_beneath(folder.root(), path.substr(1) + name);
    const auto status = file ? files.status(*file) : std::unexpected(file.error());
    if (!status || status->kind != io::FileKind::regular || status->size > read_me_octets_max) return std::nullopt;
    return read_unchanged(files, *file, *status);
}

// Lists `known`, or the present content of the folder.
ListingPage render_page(const Folder& folder, const ListingRequest& wanted, std::shared_ptr<const FoundFolder> known) {
    ListingPage page{std::move(known), {}, Coding::identity};
    if (!page.folder) {
        auto found = read_folder(folder, wanted.path, folder.options().listing_entries_max);
        if (!found) {
            page.octets = std::unexpected(found.error());
            return page;
        }
        page.folder = std::make_shared<const FoundFolder>(std::move(*found));
    }
    ListedFolder listed{wanted.path, page.folder->entries, wanted.order, page.folder->truncated};
    if (folder.options().archives == Archives::on) listed.archives = ArchiveLinks::shown;
    listed.upload_form = upload_form(folder);
    listed.live_script = live_script(folder);
    sort_entries(listed.entries, wanted.order);
    if (wanted.format == ListingFormat::html) {
        const ListedEntry* const read_me = find_read_me(listed.entries);
        auto text = read_me == nullptr ? std::nullopt : read_text_of(folder, wanted.path, read_me->name);
        if (text) listed.read_me.emplace(read_me->name, *std::move(text));
    }
    page.octets = render_listing(listed, wanted.format);
    if (wanted.coding == Coding::identity) return page;
    auto encoded = route::encode(wanted.coding, *page.octets);
    if (encoded) {
        page.octets = std::move(*encoded);
        page.coding = wanted.coding;
    }
    return page;
}

// Whether the entity tag of this file is to be made of a content that is not in memory.
bool is_hashed(const LoadedFile& loaded, const Folder& folder) {
    return loaded.file && loaded.status.size <= folder.options().cache_limits.hashed_file_octets_max;
}

std::optional<std::string> encode_representation(const Folder& folder, const Representation& whole, Coding coding,
                                                 bool& stale) {
    if (whole.is_in_memory()) return route::encode(coding, whole.octets);
    const auto octets = read_unchanged(folder.files(), *whole.file, whole.status);
    stale = !octets;
    return octets ? route::encode(coding, *octets) : std::nullopt;
}

// When the file was last written to, as far as its status tells. Each write sets the time of change, which nobody can
// set: the time of modification may lie in the future.
auto written_at(const io::FileStatus& status) {
    const bool is_known = status.changed.time_since_epoch().count() != 0;
    return is_known ? status.changed : status.modified;
}

// The suffix says which coding it is and that we made it: a precompressed file of the same coding has other octets.
std::string_view suffix_of_made(Coding coding) {
    switch (coding) {
        case Coding::identity: return {};
        case Coding::gzip: return "gzip-made";
        case Coding::zstd: return "zstd-made";
        case Coding::br: return "br-made";
    }
    return {};
}

}  // namespace

route::HashKey random_key(io::Core& core) {
    std::array<char, sizeof(route::HashKey)> random;
    core.kernel().random(random);
    route::HashKey key;
    std::memcpy(key.data(), random.data(), random.size());
    return key;
}

std::string ListingRequest::key() const {
    std::string key = path;
    key += '\0';
    key += static_cast<char>('a' + static_cast<int>(order.key));
    key += static_cast<char>('a' + static_cast<int>(order.direction));
    key += static_cast<char>('a' + static_cast<int>(format));
    key += static_cast<char>('a' + static_cast<int>(coding));
    return key;
}

Store::Store(io::Core& core, std::shared_ptr<const Folder> folder)
    : core_(&core),
      folder_(with_own_count(std::move(folder))),
      cache_(random_key(core), entries_budget(*folder_)),
      missing_(random_key(core), missing_budget(*folder_)),
      loading_(0, route::KeyedHash{random_key(core)}),
      listings_(core),
      hashing_(core),
      encoder_(core, folder_->options().encoding_limits.at_once_max) {}

const std::shared_ptr<Entry>* Store::find(std::string_view path) {
    const std::shared_ptr<Entry>* found = cache_.find(path);
    if (found == nullptr) found = missing_.find(path);
    if (found == nullptr || !is_valid(**found)) return nullptr;
    return found;
}

// Large files may fill the cache by half, so that small files always have the other half. Beyond that, a large file is
// sent from its descriptor: reading a file that is soon dropped again would cost more than that.
LargeFiles Store::large_files() const {
    const CacheLimits& limits = folder_->options().cache_limits;
    const bool has_room = cache_.octets() + limits.read_file_octets_max <= limits.octets_max / 2;
    return has_room && !core_->ledger().is_strained() ? LargeFiles::read : LargeFiles::opened;
}

bool Store::is_valid(Entry& entry) {
    if (entry.made_too_soon) return false;
    const auto age = core_->now() - entry.checked_at;
    if (age < folder_->options().revalidate) return true;
    if (entry.kind == Entry::Kind::listing || age > path_in_memory) return false;
    if (!still_holds(*folder_, entry.probes)) return false;
    entry.checked_at = core_->now();
    return true;
}

bool Store::is_unchanged(const Representation& representation) const {
    if (!representation.file) return true;
    const auto status = representation.folder->files().status(*representation.file);
    return status && *status == representation.status;
}

bool Store::has_same_content(const Representation& representation) const {
    if (!representation.file) return true;
    const auto status = representation.folder->files().status(*representation.file);
    return status && io::has_same_content(representation.status, *status);
}

void Store::forget(const Entry& entry) { cache_.erase(entry); }

// A lookup in progress. The task that does it and those that wait for it share it.
struct Store::Load {
    route::Waiting waiting;
    std::shared_ptr<Entry> entry;  // the result; null: look it up again
};

// Announces a lookup for as long as its task does it. The task can be destroyed at any of its waits; then the waiting
// tasks check again, and the first of them takes over.
class Store::LoadGuard {
public:
    // The store outlives the guard.
    LoadGuard(Store& store, std::string key) : store_(&store), key_(std::move(key)), load_(std::make_shared<Load>()) {
        store.loading_.insert_or_assign(key_, load_);
    }
    LoadGuard(const LoadGuard&) = delete;
    LoadGuard& operator=(const LoadGuard&) = delete;
    ~LoadGuard() {
        const auto found = store_->loading_.find(key_);
        if (found != store_->loading_.end() && found->second == load_) store_->loading_.erase(found);
        route::wake_all_later(*store_->core_, std::shared_ptr<route::Waiting>(load_, &load_->waiting));
    }
    void found(std::shared_ptr<Entry> entry) { load_->entry = std::move(entry); }

private:
    Store* store_;
    std::string key_;
    std::shared_ptr<Load> load_;
};

// Announces in the same way that a variant of an entry is being made, and counts the compressions.
class Store::VariantGuard {
public:
    VariantGuard(Store& store, std::shared_ptr<Entry> entry, Coding coding)
        : store_(&store), entry_(std::move(entry)), coding_(coding) {
        variant().being_made = std::make_shared<route::Waiting>();
        if (!variant().sibling) encoding_.emplace(store.encoder_);
    }
    VariantGuard(const VariantGuard&) = delete;
    VariantGuard& operator=(const VariantGuard&) = delete;
    ~VariantGuard() { route::wake_all_later(*store_->core_, std::exchange(variant().being_made, nullptr)); }

private:
    [[nodiscard]] Entry::Variant& variant() { return entry_->variant(coding_); }

    Store* store_;
    std::shared_ptr<Entry> entry_;
    Coding coding_;
    std::optional<route::Encoder::UnderWay> encoding_;  // not if it opens a precompressed file
};

std::shared_ptr<Store::Load> Store::load_under_way(const std::string& key) {
    const auto found = loading_.find(key);
    return found == loading_.end() ? nullptr : found->second;
}

Task<std::shared_ptr<Entry>> Store::obtain(std::string path) {
    for (;;) {
        const std::shared_ptr<Entry>* const found = find(path);
        if (found != nullptr) co_return *found;
        const std::shared_ptr<Load> load = load_under_way(path);
        if (!load) break;
        const bool woken = co_await load->waiting.wait(*core_);
        if (!woken) co_return nullptr;
        if (load->entry) co_return load->entry;
    }
    LoadGuard guard(*this, path);
    std::shared_ptr<Entry> entry = co_await look_up(path);
    guard.found(entry);
    co_return entry;
}

Task<std::shared_ptr<Entry>> Store::look_up(const std::string& path) {
    // An entry that is too old to be checked on this thread may still be right: then its variants need not be made
    // again.
    std::shared_ptr<Entry> old;
    const std::shared_ptr<Entry>* kept = cache_.find(path);
    if (kept != nullptr && !(*kept)->made_too_soon) old = *kept;
    const std::vector<Probe> probes = old ? old->probes : std::vector<Probe>{};
    const bool is_old = old != nullptr;

    for (int attempt = 0;; ++attempt) {
        const auto looked_at = core_->wall_clock();
        auto work = [&path, &probes, is_old, large = large_files(), raw = folder_.get()] {
            return is_old ? load_if_changed(*raw, path, probes, large) : load(*raw, path, large);
        };
        std::optional<Loaded> loaded = co_await io::offload(*core_, work);
        if (!loaded) co_return nullptr;
        if (loaded->kind == Loaded::Kind::unchanged) {
            old->checked_at = core_->now();
            co_return old;
        }
        // Out of descriptors: close some of those that are only cached.
        const bool shed = loaded->kind == Loaded::Kind::refused &&
                          loaded->refusal.status == Status::service_unavailable && cache_.descriptors() != 0;
        if (shed && attempt == 0) {
            cache_.shrink_descriptors(cache_.descriptors() / 2);
            continue;
        }
        const Hash hash = co_await hash_large(loaded->file);
        if (hash) loaded->hash = *hash;
        std::shared_ptr<Entry> entry = make_entry(path, std::move(*loaded), looked_at);
        if (!hash && hash.error() == NotHashed::interrupted) entry->made_too_soon = true;
        keep(entry);
        co_return entry;
    }
}

// The content hash of a large file. Files are hashed one after the other, and only a few may wait for it: a client can
// ask for thousands of them, and each that waits holds a descriptor which the cache does not count yet.
Task<Store::Hash> Store::hash_large(const LoadedFile& loaded) {
    const FolderOptions& options = folder_->options();
    if (loaded.hash) co_return *loaded.hash;
    if (!is_hashed(loaded, *folder_)) co_return std::unexpected(NotHashed::on_purpose);
    Permit permit(hashing_, options.long_reads_at_once_max, options.hashes_waiting_max);
    if (permit.is_refused()) co_return std::unexpected(NotHashed::on_purpose);
    while (!permit.is_taken()) {
        const bool woken = co_await permit.wait();
        if (!woken) co_return std::unexpected(NotHashed::interrupted);
    }
    auto work = [&loaded, raw = folder_.get()] { return content_hash(raw->files(), *loaded.file, loaded.status); };
    const std::optional<std::optional<std::uint64_t>> hash = co_await io::offload(*core_, work);
    if (!hash || !*hash) co_return std::unexpected(NotHashed::interrupted);
    co_return **hash;
}

std::shared_ptr<Entry> Store::make_entry(const std::string& path, Loaded loaded,
                                         std::chrono::system_clock::time_point looked_at) {
    auto entry = std::make_shared<Entry>();
    entry->path = path;
    entry->refusal = loaded.refusal;
    entry->checked_at = core_->now();
    std::size_t octets = entry_octets + path.capacity();
    for (const Probe& probe : loaded.probes) {
        octets += sizeof(Probe) + probe.path.capacity();
        if (!probe.found) continue;
        const std::chrono::milliseconds tick = folder_->options().clock_tick_max;
        if (probe.found->kind == io::FileKind::regular && tick.count() > 0 &&
            written_at(*probe.found) + tick > looked_at) {
            entry->made_too_soon = true;
        }
    }
    if (loaded.file.size_is_wrong) entry->made_too_soon = true;
    entry->charge = Charge(core_->ledger(), octets);
    switch (loaded.kind) {
        case Loaded::Kind::unchanged: assert(false); break;
        case Loaded::Kind::file: set_up_file(*entry, loaded); break;
        case Loaded::Kind::folder_without_slash: entry->kind = Entry::Kind::folder_without_slash; break;
        case Loaded::Kind::folder: entry->kind = Entry::Kind::folder; break;
        case Loaded::Kind::refused: entry->kind = Entry::Kind::refused; break;
    }
    entry->probes = std::move(loaded.probes);
    return entry;
}

void Store::set_up_file(Entry& entry, Loaded& loaded) {
    entry.kind = Entry::Kind::file;
    entry.file_path = std::move(loaded.file_path);
    const http::ContentType type = http::content_type_of(entry.file_path);
    const EncodingLimits& limits = folder_->options().encoding_limits;
    const std::uint64_t size = loaded.file.status.size;
    const bool can_encode = type.compressible && size > 0 && size <= limits.octets_max;
    for (const Coding coding : {Coding::gzip, Coding::zstd, Coding::br}) {
        entry.variant(coding).sibling = loaded.siblings[static_cast<std::size_t>(coding)];
        const bool sibling = entry.variant(coding).sibling.has_value();
        if (sibling || (can_encode && size >= limits.octets_min)) entry.offered.add(coding);
        if (sibling || can_encode) entry.possible.add(coding);
    }
    if (!entry.possible.identity_only()) entry.vary = Vary::by_coding;

    Source source;
    source.octets = std::move(loaded.file.octets);
    source.file = std::move(loaded.file.file);
    source.hash = loaded.hash;
    source.status = loaded.file.status;
    source.content_type = type.value;
    source.modified = source.status.modified;
    entry.variant(Coding::identity).made =
        represent_file(folder_, core_->ledger(), std::move(source), entry.vary, date());
}

void Store::keep(const std::shared_ptr<Entry>& entry) {
    // Memory is short, and the caches can be dropped at once.
    if (core_->ledger().is_full()) return forget_kept();
    if (entry->kind != Entry::Kind::refused) {
        missing_.erase_path(entry->path);
        cache_.insert(entry);
    } else {
        cache_.erase_path(entry->path);
        if (is_cacheable(entry->refusal)) missing_.insert(entry);
    }
}

void Store::forget_kept() {
    cache_.reset(entries_budget(*folder_));
    missing_.reset(missing_budget(*folder_));
}

std::chrono::sys_seconds Store::date() const { return std::chrono::floor<std::chrono::seconds>(core_->wall_clock()); }

Task<std::shared_ptr<Entry>> Store::obtain_listing(ListingRequest wanted) {
    const std::string key = wanted.key();
    for (;;) {
        const std::shared_ptr<Entry>* const found = find(key);
        if (found != nullptr) co_return *found;
        const std::shared_ptr<Load> load = load_under_way(key);
        if (!load) break;
        const bool woken = co_await load->waiting.wait(*core_);
        if (!woken) co_return nullptr;
        if (load->entry) co_return load->entry;
    }
    LoadGuard guard(*this, key);
    std::shared_ptr<Entry> entry = co_await make_listing(wanted);
    guard.found(entry);
    co_return entry;
}

Task<std::shared_ptr<Entry>> Store::make_listing(const ListingRequest& wanted) {
    const unsigned at_once_max = folder_->options().long_reads_at_once_max;
    Permit permit(listings_, at_once_max);
    while (!permit.is_taken()) {
        const bool woken = co_await permit.wait();
        if (!woken) co_return nullptr;
    }
    // The other pages of a folder are made from one read of it.
    std::shared_ptr<Entry> folder;
    const std::shared_ptr<Entry>* const kept = find(wanted.path);
    if (kept != nullptr) folder = *kept;
    std::shared_ptr<const FoundFolder> known;
    const bool is_fresh = folder && core_->now() - folder->listed_at < folder_->options().revalidate;
    if (is_fresh) known = folder->listed;
    const io::TimePoint began = core_->now();
    auto work = [&wanted, &known, raw = folder_.get()] { return render_page(*raw, wanted, known); };
    std::optional<ListingPage> page = co_await io::offload(*core_, work);
    if (!page) co_return nullptr;
    if (folder && page->folder && page->folder != known) keep_listed(*folder, page->folder, began);
    auto entry = std::make_shared<Entry>();
    entry->path = wanted.key();
    entry->checked_at = known ? folder->listed_at : began;  // as old as its content
    entry->charge = Charge(core_->ledger(), entry_octets + entry->path.capacity());
    if (!page->octets) {
        entry->refusal = page->octets.error();
        co_return entry;
    }
    entry->kind = Entry::Kind::listing;
    const std::string_view type =
        wanted.format == ListingFormat::html ? "text/html; charset=utf-8" : "application/json";
    const std::string_view policy = listing_policy(upload_form(*folder_), live_script(*folder_));
    entry->variant(Coding::identity).made =
        represent_page(folder_, core_->ledger(), std::move(*page->octets), type, policy, page->coding);
    keep(entry);
    co_return entry;
}

void Store::keep_listed(Entry& folder, std::shared_ptr<const FoundFolder> found, io::TimePoint at) {
    std::size_t octets = sizeof(FoundFolder);
    for (const ListedEntry& entry : found->entries) octets += sizeof(ListedEntry) + entry.name.capacity();
    folder.listed = std::move(found);
    folder.listed_at = at;
    folder.listed_charge = Charge(core_->ledger(), octets);
    cache_.recount(folder);
}

Task<Store::Making> Store::make_variant(std::shared_ptr<Entry> entry, Coding coding) {
    Entry::Variant& variant = entry->variant(coding);
    if (variant.being_made) {
        const std::shared_ptr<route::Waiting> line = variant.being_made;
        const bool woken = co_await line->wait(*core_);
        co_return woken ? Making::made : Making::failed;
    }
    const bool sibling = variant.sibling.has_value();
    if (!sibling && encoder_.is_busy()) co_return Making::failed;
    const VariantGuard guard(*this, entry, coding);
    Making making = Making::failed;
    if (sibling) {
        making = co_await open_sibling(entry, coding);
    } else {
        making = co_await encode_content(entry, coding);
    }
    if (making == Making::made) cache_.recount(*entry);
    co_return making;
}

Task<Store::Making> Store::open_sibling(const std::shared_ptr<Entry>& entry, Coding coding) {
    Entry::Variant& variant = entry->variant(coding);
    const std::string path = sibling_path(entry->file_path, coding);
    auto work = [&path, large = large_files(), raw = folder_.get()] { return load_file(*raw, path, large); };
    auto loaded = co_await io::offload(*core_, work);
    if (!loaded) co_return Making::failed;
    if (!*loaded) co_return (*loaded).error().status == Status::service_unavailable ? Making::failed : Making::stale;
    LoadedFile& file = **loaded;
    if (file.status != *variant.sibling || file.size_is_wrong) co_return Making::stale;
    const Hash hash = co_await hash_large(file);
    if (!hash && hash.error() == NotHashed::interrupted) co_return Making::failed;
    const Representation& whole = *entry->variant(Coding::identity).made;
    Source source;
    source.octets = std::move(file.octets);
    source.file = std::move(file.file);
    if (hash) source.hash = *hash;
    source.status = file.status;
    source.content_type = whole.content_type;
    source.coding = coding;
    source.etag_suffix = http::spelling(coding);
    source.modified = std::max(file.status.modified, whole.status.modified);
    variant.made = represent_file(folder_, core_->ledger(), std::move(source), entry->vary, date());
    co_return Making::made;
}

Task<Store::Making> Store::encode_content(const std::shared_ptr<Entry>& entry, Coding coding) {
    const std::shared_ptr<const Representation> whole = entry->variant(Coding::identity).made;
    bool stale = false;
    auto work = [&stale, coding, raw = folder_.get(), content = whole.get()] {
        return encode_representation(*raw, *content, coding, stale);
    };
    auto encoded = co_await io::offload(*core_, work);
    if (stale) co_return Making::stale;
    if (!encoded || !*encoded) co_return Making::failed;
    std::string& octets = **encoded;
    if (!is_worthwhile(octets.size(), whole->size)) entry->offered = precompressed_only(*entry);
    Source source;
    source.octets = std::move(octets);
    source.status = whole->status;
    source.content_type = whole->content_type;
    source.coding = coding;
    source.etag_suffix = suffix_of_made(coding);
    source.modified = whole->status.modified;
    entry->variant(coding).made = represent_file(folder_, core_->ledger(), std::move(source), entry->vary, date());
    co_return Making::made;
}

}  // namespace portico::files
