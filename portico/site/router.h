// portico/site/router.h — one folder of files as everything that a server has.
//
// Room site: see options.h.
// Threads:   one core's.
#pragma once

#include <memory>
#include <optional>

#include "portico/route/router.h"
#include "portico/site/handler.h"
#include "portico/site/site.h"

namespace portico::site {

// Every path leads to the folder, and only the site's users are admitted. Refusals of translate(): those of
// check_method(); 400 a path that can't be decoded (see http::decode_path).
class SiteRouter final : public route::Router, private route::Guard {
public:
    // `core` outlives the router.
    SiteRouter(io::Core& core, std::shared_ptr<const Site> site) : handler_(core, std::move(site)) {}

    [[nodiscard]] http::Result<route::Route> translate(link::Exchange& exchange) override;
    void refuse(const http::Refusal& refusal, link::Exchange& exchange) override;
    void forget_kept() override { handler_.forget_kept(); }

private:
    [[nodiscard]] std::optional<http::Result<void>> admit_at_once(link::Exchange& exchange) override;
    [[nodiscard]] Task<http::Result<void>> admit(link::Exchange& exchange) override {
        return handler_.authorize_slowly(exchange.request(), exchange.peer());
    }

    void note_user(link::Exchange& exchange) const;

    Handler handler_;
};

// Makes a router for each core. All of them serve `site`.
[[nodiscard]] route::MakeRouter routers_for(std::shared_ptr<const Site> site);

}  // namespace portico::site
