// portico/handler/files/folder.cc — see folder.h.
#include "portico/handler/files/folder.h"

#include <utility>

namespace portico::files {
namespace {

std::string make_cache_control(const FolderOptions& options) {
    if (!options.cache) return "no-cache";
    // "public" would allow a shared cache to give out what a password protects (RFC 9111 §3.5, §5.2.2.9).
    const std::string_view scope = options.passwords.users.empty() ? "public, max-age=" : "private, max-age=";
    return std::string(scope) + std::to_string(options.cache->count());
}

}  // namespace

io::Result<std::shared_ptr<const Folder>> Folder::open(io::FileSystem& files, FolderOptions options) {
    auto root = files.open_directory(options.root);
    if (!root) return std::unexpected(root.error());
    // Without openat2, a kernel or a container could not open anything later: it is better to learn that at the start.
    const auto status = files.status_beneath(*root, "");
    if (!status) return std::unexpected(status.error());
    return std::shared_ptr<const Folder>(new Folder(files, std::move(*root), *status, std::move(options)));
}

Folder::Folder(io::FileSystem& files, Fd root, const io::FileStatus& status, FolderOptions options)
    : files_(&files),
      root_(std::move(root)),
      device_(status.device),
      inode_(status.inode),
      options_(std::move(options)),
      only_path_(options_.only_file.empty() ? std::string() : "/" + options_.only_file),
      cache_control_(make_cache_control(options_)) {}

bool Folder::is_same_as(const Folder& other) const {
    return files_ == other.files_ && device_ == other.device_ && inode_ == other.inode_ && options_ == other.options_;
}

}  // namespace portico::files
