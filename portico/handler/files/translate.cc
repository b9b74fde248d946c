// portico/handler/files/translate.cc — see translate.h.
#include "portico/handler/files/translate.h"

#include "portico/http/target.h"

namespace portico::files {

http::Result<Resource> translate(std::string_view path, std::string_view prefix, const Folder& folder) {
    Resource resource{path.substr(prefix.size()), prefix};
    if (!folder.only_path().empty()) {
        // Its owner has named it, so it may begin with a dot.
        const bool is_meant = resource.path == "/" || resource.path == folder.only_path();
        if (!is_meant) return http::refuse(http::Status::not_found, "not the file that is served");
        resource.path = folder.only_path();
        return resource;
    }
    if (folder.options().dotfiles == Dotfiles::hidden && http::is_hidden(resource.path)) {
        return http::refuse(http::Status::not_found, "a hidden path");
    }
    return resource;
}

}  // namespace portico::files
