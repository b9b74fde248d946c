// portico/handler/files/translate.cc — see translate.h.
#include "portico/handler/files/translate.h"

#include "portico/http/target.h"

namespace portico::files {

http::Result<Resource> translate(std::string_view path, std::string_view prefix, const Folder& folder) {
    const Resource resource{path.substr(prefix.size()), prefix};
    if (folder.options().dotfiles == Dotfiles::hidden && http::is_hidden(resource.path)) {
        return http::refuse(http::Status::not_found, "a hidden path");
    }
    return resource;
}

}  // namespace portico::files
