// portico/handler/files/load.cc — see load.h.
#include "portico/handler/files/load.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "portico/handler/files/live.h"
#include "portico/http/content_type.h"
#include "portico/http/target.h"

namespace portico::files {
namespace {

using http::Status;

// A precompressed file that is older than its original is left over from an earlier version. The minute allows for
// copies of a whole tree, which give the files the times at which they happened to be written.
constexpr std::chrono::minutes sibling_age_max{1};

constexpr std::array precompressed = {http::Coding::br, http::Coding::zstd, http::Coding::gzip};

http::Refusal refusal_of(int failure) {
    switch (failure) {
        case ENOENT:
        case ENOTDIR:
        case ENAMETOOLONG: return {Status::not_found, "no such file"};
        case ELOOP:
        case EXDEV: return {Status::not_found, "a link that leads out of the root, or a loop of links"};
        case ENXIO:
        case ENODEV: return {Status::not_found, "neither a file nor a folder"};
        case EACCES:
        case EPERM: return {Status::forbidden, "no permission to read it"};
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case EAGAIN: return {Status::service_unavailable, "out of descriptors or memory"};
        default: return {Status::internal_server_error, "the file can't be read"};
    }
}

// The path below the root, in the file system's form.
std::string relative_path(std::string_view path) {
    path.remove_prefix(1);
    if (path.ends_with('/')) path.remove_suffix(1);
    return std::string(path);
}

std::string join(const std::string& folder, std::string_view name) {
    std::string path = folder;
    if (!path.empty()) path += '/';
    path += name;
    return path;
}

class Loading {
public:
    Loading(const Folder& folder, std::string_view path, LargeFiles large)
        : folder_(&folder), path_(path), large_(large) {}

    Loaded run() && {
        std::string path = relative_path(path_);
        const bool wants_folder = path_.ends_with('/');
        const auto status = look_at(path);
        if (!status) {
            const bool may_be_clean = status.error() == ENOENT && !wants_folder;
            if (may_be_clean && find_page(path)) return std::move(loaded_);
            refuse(refusal_of(status.error()));
        } else if (status->kind == io::FileKind::directory) {
            wants_folder ? find_index(path) : found(Loaded::Kind::folder_without_slash);
        } else if (status->kind == io::FileKind::regular && !wants_folder) {
            open_file(std::move(path));
        } else {
            refuse({Status::not_found, "neither a file nor a folder"});
        }
        return std::move(loaded_);
    }

private:
    void found(Loaded::Kind kind) { loaded_.kind = kind; }
    void refuse(http::Refusal refusal) {
        loaded_.kind = Loaded::Kind::refused;
        loaded_.refusal = refusal;
    }

    std::expected<io::FileStatus, int> look_at(const std::string& path) {
        const auto status = folder_->files().status_beneath(folder_->root(), path);
        std::expected<io::FileStatus, int> result = std::unexpected(0);
        if (status) {
            result = *status;
        } else {
            result = std::unexpected(status.error().number);
        }
        loaded_.probes.push_back(Probe{path, result});
        return result;
    }

    void find_index(const std::string& folder) {
        for (const std::string& name : folder_->options().index) {
            std::string path = join(folder, name);
            const auto status = look_at(path);
            if (status && status->kind == io::FileKind::regular) return open_file(std::move(path));
        }
        found(Loaded::Kind::folder);
    }

    // "about" leads to "about.html" if there is nothing else. False: there is no such file either.
    bool find_page(const std::string& path) {
        if (folder_->options().clean_names == CleanNames::off) return false;
        std::string page = path + ".html";
        const auto status = look_at(page);
        if (!status || status->kind != io::FileKind::regular) return false;
        open_file(std::move(page));
        return true;
    }

    // The last probe is the one for the file.
    void open_file(std::string path) {
        auto file = load_file(*folder_, path, large_);
        if (!file) return refuse(file.error());
        found(Loaded::Kind::file);
        loaded_.probes.back().found = file->status;
        loaded_.file = std::move(*file);
        loaded_.file_path = std::move(path);
        if (!make_live()) find_siblings();
    }

    // Adds the script to a page that is to reload itself. False: the file stays as it is.
    bool make_live() {
        const FolderOptions& options = folder_->options();
        LoadedFile& file = loaded_.file;
        const bool is_page = http::content_type_of(loaded_.file_path).value.starts_with("text/html");
        if (options.live == Live::off || !is_page) return false;
        if (file.status.size > options.live_limits.page_octets_max) return false;
        if (file.octets.empty() && file.file) {
            auto octets = read_unchanged(folder_->files(), *file.file, file.status);
            if (!octets) {
                refuse({Status::service_unavailable, "the page is being written"});
                return true;
            }
            file.octets = std::move(*octets);
        }
        file.file.reset();
        file.hash.reset();
        add_live_script(file.octets);
        return true;
    }

    void find_siblings() {
        if (!folder_->only_path().empty()) return;               // they are not what was to be served
        if (folder_->options().uploads != Uploads::off) return;  // strangers may have put them there
        for (const http::Coding coding : precompressed) {
            const auto status = look_at(sibling_path(loaded_.file_path, coding));
            if (!status || status->kind != io::FileKind::regular) continue;
            if (status->modified + sibling_age_max < loaded_.file.status.modified) continue;
            loaded_.siblings[static_cast<std::size_t>(coding)] = *status;
        }
    }

    const Folder* folder_;
    std::string_view path_;
    LargeFiles large_;
    Loaded loaded_;
};

// What an entry of a folder leads to: a link may lead to anything beneath the root.
io::Result<io::FileStatus> follow(const Folder& folder, const std::string& below, const io::DirectoryEntry& entry) {
    if (entry.status.kind != io::FileKind::symlink) return entry.status;
    return folder.files().status_beneath(folder.root(), join(below, entry.name));
}

// A folder remains the same folder, whatever is put into it.
bool is_same(const std::expected<io::FileStatus, int>& before, const io::FileStatus& now) {
    if (!before) return false;
    if (now.kind == io::FileKind::directory) return before->kind == io::FileKind::directory;
    return *before == now;
}

bool says_nothing(int failure) {
    const Status status = refusal_of(failure).status;
    return status == Status::service_unavailable || failure == EINTR;
}

}  // namespace

Loaded load(const Folder& folder, std::string_view path, LargeFiles large) {
    return Loading(folder, path, large).run();
}

Loaded load_if_changed(const Folder& folder, std::string_view path, const std::vector<Probe>& probes,
                       LargeFiles large) {
    if (!still_holds(folder, probes)) return load(folder, path, large);
    Loaded unchanged;
    unchanged.kind = Loaded::Kind::unchanged;
    return unchanged;
}

bool still_holds(const Folder& folder, const std::vector<Probe>& probes) {
    return std::all_of(probes.begin(), probes.end(), [&folder](const Probe& probe) {
        const auto status = folder.files().status_beneath(folder.root(), probe.path);
        if (status) return is_same(probe.found, *status);
        if (says_nothing(status.error().number)) return true;
        return !probe.found && probe.found.error() == status.error().number;
    });
}

namespace {

http::Result<LoadedFile> load_without_size(io::FileSystem& files, const Fd& file, LoadedFile loaded,
                                           std::uint64_t octets_max) {
    loaded.octets.resize(octets_max + 1);
    const auto read = files.read_at(file, 0, loaded.octets);
    if (!read) return std::unexpected(refusal_of(read.error().number));
    if (*read > octets_max) return http::refuse(Status::forbidden, "a file whose size is not known, and too long");
    loaded.octets.resize(*read);
    loaded.size_is_wrong = true;
    return loaded;
}

}  // namespace

http::Result<LoadedFile> load_file(const Folder& folder, const std::string& file_path, LargeFiles large) {
    const CacheLimits& limits = folder.options().cache_limits;
    io::FileSystem& files = folder.files();
    auto file = files.open_beneath(folder.root(), file_path);
    if (!file) return std::unexpected(refusal_of(file.error().number));
    // A file that is written to during four reads in a row will probably be written to during the fifth.
    constexpr int attempts_max = 4;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        const auto status = files.status(*file);
        if (!status) return std::unexpected(refusal_of(status.error().number));
        if (status->kind != io::FileKind::regular)
            return http::refuse(Status::not_found, "not a regular file any more");
        LoadedFile loaded;
        loaded.status = *status;
        const bool is_small = status->size <= limits.small_file_octets_max;
        const std::uint64_t read_max = std::min(limits.read_file_octets_max, limits.hashed_file_octets_max);
        const bool is_read = is_small || (large == LargeFiles::read && status->size <= read_max);
        if (!is_read) {
            loaded.file = std::move(*file);
            return loaded;
        }
        loaded.octets.resize(status->size + 1);
        const auto read = files.read_at(*file, 0, loaded.octets);
        if (!read) return std::unexpected(refusal_of(read.error().number));
        const auto after = files.status(*file);
        if (!after) return std::unexpected(refusal_of(after.error().number));
        if (*after != *status) large = LargeFiles::opened;  // a log, perhaps: it need not be read whole
        if (*after != *status) continue;
        if (*read != status->size) {
            return load_without_size(files, *file, std::move(loaded), limits.small_file_octets_max);
        }
        loaded.octets.resize(*read);
        if (is_small) return loaded;
        loaded.octets.shrink_to_fit();  // here, and not on a core's thread
        loaded.hash = content_hash(loaded.octets);
        if (*read > sent_from_memory_octets_max) loaded.file = std::move(*file);
        return loaded;
    }
    return http::refuse(Status::service_unavailable, "the file is being written all the time");
}

std::optional<std::string> read_unchanged(io::FileSystem& files, const Fd& file, const io::FileStatus& status) {
    std::string octets(status.size, '\0');
    const auto read = files.read_at(file, 0, octets);
    const auto after = files.status(file);
    if (!read || *read != status.size || !after || !io::has_same_content(status, *after)) return std::nullopt;
    return octets;
}

std::string sibling_path(std::string_view file_path, http::Coding coding) {
    std::string path(file_path);
    switch (coding) {
        case http::Coding::identity: break;
        case http::Coding::gzip: path += ".gz"; break;
        case http::Coding::zstd: path += ".zst"; break;
        case http::Coding::br: path += ".br"; break;
    }
    return path;
}

http::Result<FoundFolder> read_folder(const Folder& folder, std::string_view path, std::size_t entries_max) {
    io::FileSystem& files = folder.files();
    const std::string relative = relative_path(path);
    const auto opened = files.open_beneath(folder.root(), relative);
    if (!opened) return std::unexpected(refusal_of(opened.error().number));
    auto found = files.list(*opened, entries_max + 1);
    if (!found) return std::unexpected(refusal_of(found.error().number));

    FoundFolder listed{{}, found->size() > entries_max};
    if (listed.truncated) found->pop_back();
    for (io::DirectoryEntry& entry : *found) {
        if (folder.options().dotfiles == Dotfiles::hidden && http::is_hidden("/" + entry.name)) continue;
        const auto status = follow(folder, relative, entry);
        if (!status) continue;  // a link that leads out, or nowhere
        const bool is_folder = status->kind == io::FileKind::directory;
        if (!is_folder && status->kind != io::FileKind::regular) continue;  // would be a 404
        const auto kind = is_folder ? ListedEntry::Kind::folder : ListedEntry::Kind::file;
        const bool is_link = entry.status.kind == io::FileKind::symlink;
        const auto reached = is_link ? ListedEntry::Reached::by_link : ListedEntry::Reached::directly;
        listed.entries.push_back(ListedEntry{std::move(entry.name), kind, status->size, status->modified, reached});
    }
    return listed;
}

}  // namespace portico::files
