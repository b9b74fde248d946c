// portico/site/router.cc — see router.h.
#include "portico/site/router.h"

#include <utility>

#include "portico/http/basic_auth.h"
#include "portico/site/password.h"
#include "portico/site/translate.h"

namespace portico::site {

http::Result<route::Route> SiteRouter::translate(link::Exchange& exchange) {
    http::Result<void> allowed = check_method(exchange.request());
    if (allowed) allowed = exchange.decode_path();
    if (!allowed) return std::unexpected(allowed.error());
    // What the handler refuses with 404 needs the password too: the page that it is answered with may be the site's
    // own, which is a file like any other.
    return route::Route{this, &handler_};
}

void SiteRouter::refuse(const http::Refusal& refusal, link::Exchange& exchange) {
    note_user(exchange);
    handler_.refuse(exchange.request(), refusal, exchange.response());
}

std::optional<http::Result<void>> SiteRouter::admit_at_once(link::Exchange& exchange) {
    note_user(exchange);
    return handler_.authorize(exchange.request());
}

// The user who is let in or, with a 401, who tried. Nobody if two were sent.
void SiteRouter::note_user(link::Exchange& exchange) const {
    if (!handler_.asks_for_password()) return;
    std::optional<http::Credentials> sent = http::basic_credentials(exchange.request().fields);
    if (!sent) return;
    exchange.notes().user = sent->user;
    wipe(sent->password);
}

route::MakeRouter routers_for(std::shared_ptr<const Site> site) {
    return [site = std::move(site)](io::Core& core) { return std::make_unique<SiteRouter>(core, site); };
}

}  // namespace portico::site
