// portico/site/translate.cc — see translate.h.
#include "portico/site/translate.h"

#include "portico/http/target.h"

namespace portico::site {

http::Result<Resource> translate(std::string_view path, std::string_view prefix, const Site& site) {
    const Resource resource{path.substr(prefix.size()), prefix};
    if (site.options().dotfiles == Dotfiles::hidden && http::is_hidden(resource.path)) {
        return http::refuse(http::Status::not_found, "a hidden path");
    }
    return resource;
}

}  // namespace portico::site
