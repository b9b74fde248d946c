// portico/site/site.cc — see site.h.
#include "portico/site/site.h"

#include <utility>

namespace portico::site {
namespace {

std::string make_cache_control(const SiteOptions& options) {
    if (!options.cache) return "no-cache";
    // "public" would allow a shared cache to give out what a password protects (RFC 9111 §3.5, §5.2.2.9).
    const std::string_view scope = options.passwords.users.empty() ? "public, max-age=" : "private, max-age=";
    return std::string(scope) + std::to_string(options.cache->count());
}

}  // namespace

io::Result<std::shared_ptr<const Site>> Site::open(io::FileSystem& files, SiteOptions options) {
    auto root = files.open_directory(options.root);
    if (!root) return std::unexpected(root.error());
    // Without openat2, a kernel or a container could not open anything later: it is better to learn that at the start.
    const auto status = files.status_beneath(*root, "");
    if (!status) return std::unexpected(status.error());
    return std::shared_ptr<const Site>(new Site(files, std::move(*root), *status, std::move(options)));
}

Site::Site(io::FileSystem& files, Fd root, const io::FileStatus& status, SiteOptions options)
    : files_(&files),
      root_(std::move(root)),
      device_(status.device),
      inode_(status.inode),
      options_(std::move(options)),
      cache_control_(make_cache_control(options_)) {}

bool Site::is_same_as(const Site& other) const {
    return files_ == other.files_ && device_ == other.device_ && inode_ == other.inode_ && options_ == other.options_;
}

}  // namespace portico::site
