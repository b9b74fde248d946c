// portico/site/translate.cc — see translate.h.
#include "portico/site/translate.h"

#include "portico/http/target.h"

namespace portico::site {

http::Result<void> check_method(const http::Request& request) {
    switch (request.method) {
        case http::Method::get:
        case http::Method::head:
        case http::Method::options: break;
        case http::Method::other: return http::refuse(http::Status::not_implemented, "unknown method");
        case http::Method::post:
        case http::Method::put:
        case http::Method::delete_:
        case http::Method::connect:
        case http::Method::trace:
        case http::Method::patch:
            return http::refuse(http::Status::method_not_allowed, "a method that files don't support");
    }
    if (request.form == http::TargetForm::asterisk && request.method != http::Method::options) {
        return http::refuse(http::Status::bad_request, "the target * is for OPTIONS");  // RFC 9112 §3.2.4
    }
    return {};
}

http::Result<Resource> translate(const http::Request& request, std::string_view path, const Site& site) {
    const http::Result<void> allowed = check_method(request);
    if (!allowed) return std::unexpected(allowed.error());
    if (site.options().dotfiles == Dotfiles::hidden && http::is_hidden(path)) {
        return http::refuse(http::Status::not_found, "a hidden path");
    }
    return Resource{path};
}

}  // namespace portico::site
