// portico/site/router.cc — see router.h.
#include "portico/site/router.h"

#include <utility>

#include "portico/http/basic_auth.h"

namespace portico::site {

http::Result<route::Route> SiteRouter::translate(link::Exchange& exchange) {
    // The authority form has no path. No file is answered to its method, CONNECT.
    if (exchange.request().form != http::TargetForm::authority) {
        const http::Result<void> decoded = exchange.decode_path();
        if (!decoded) return std::unexpected(decoded.error());
    }
    return route::Route{this, &handler_};
}

std::optional<http::Result<void>> SiteRouter::admit_at_once(link::Exchange& exchange) {
    if (handler_.asks_for_password()) {
        // The user who is let in or, with a 401, who tried. Nobody if two were sent.
        std::optional<http::Credentials> sent = http::basic_credentials(exchange.request().fields);
        if (sent) exchange.notes().user = std::move(sent->user);
    }
    return handler_.authorize(exchange.request());
}

route::MakeRouter routers_for(std::shared_ptr<const Site> site) {
    return [site = std::move(site)](io::Core& core) { return std::make_unique<SiteRouter>(core, site); };
}

}  // namespace portico::site
