// portico/handler/files/folders.cc — see folders.h.
#include "portico/handler/files/folders.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "portico/handler/files/live.h"
#include "portico/handler/files/translate.h"
#include "portico/handler/files/upload.h"
#include "portico/route/authorizer.h"
#include "portico/route/cors.h"
#include "portico/route/extra_fields.h"

namespace portico::files {

Folders& Folders::of(io::Core& core) {
    static const char key = 0;  // its address stands for the folders among what the core keeps
    std::shared_ptr<void>& own = core.local(&key);
    if (own == nullptr) own = std::make_shared<Folders>(core);
    return *static_cast<Folders*>(own.get());
}

std::shared_ptr<Responder> Folders::open(const std::shared_ptr<const Folder>& folder) {
    std::erase_if(responders_, [](const auto& responder) { return responder.expired(); });
    for (const auto& known : responders_) {
        std::shared_ptr<Responder> responder = known.lock();
        if (responder->store().folder()->is_same_as(*folder)) return responder;
    }
    const auto responder = std::make_shared<Responder>(*core_, folder);
    responders_.push_back(responder);
    return responder;
}

bool FolderHandler::answer_at_once(link::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const http::Result<Resource> resource = translate(exchange.path(), prefix_, *files_->store().folder());
    if (resource) return files_->respond_at_once(request, *resource, exchange.response());
    exchange.notes().reason = resource.error().reason;
    return files_->refuse_at_once(request, resource.error(), exchange.response());
}

Task<void> FolderHandler::answer(link::Exchange& exchange) {
    const http::Request& request = exchange.request();
    const http::Result<Resource> resource = translate(exchange.path(), prefix_, *files_->store().folder());
    if (resource) {
        const bool filled = files_->respond_at_once(request, *resource, exchange.response());
        if (!filled) co_await files_->respond(request, *resource, exchange.response());
    } else {
        exchange.notes().reason = resource.error().reason;
        co_await files_->respond_refusal(request, resource.error(), exchange.response());
    }
}

void FolderHandler::retire() {
    if (!std::exchange(is_retired_, true)) files_->remove_user();
}

namespace {

// The guard of each core: all routes of a folder ask the same one, so that its limits and what it trusts are theirs
// together.
class GuardsOfCores {
public:
    std::shared_ptr<route::Guard> of(io::Core& core, const route::Passwords& passwords) {
        const std::lock_guard guard(lock_);
        std::erase_if(guards_, [](const auto& one) { return one.second.expired(); });
        for (const auto& [owner, known] : guards_) {
            if (owner == &core) return known.lock();
        }
        auto made = std::make_shared<route::Authorizer>(core, passwords);
        guards_.emplace_back(&core, made);
        return made;
    }

private:
    std::mutex lock_;
    std::vector<std::pair<io::Core*, std::weak_ptr<route::Guard>>> guards_;  // guarded by lock_
};

}  // namespace

route::ForCore<route::Handler> folder_handler(std::shared_ptr<const Folder> folder, std::string prefix) {
    return [folder = std::move(folder), prefix = std::move(prefix)](io::Core& core) {
        return std::make_shared<FolderHandler>(Folders::of(core).open(folder), prefix);
    };
}

std::shared_ptr<const route::Routes> routes_for(const std::shared_ptr<const Folder>& folder, route::HostOptions hosts,
                                                route::Precedence precedence, route::ForCore<route::Handler> live) {
    auto routes = std::make_shared<route::Routes>();
    routes->precedence = std::move(precedence);
    routes->hosts = std::move(hosts);
    routes->foreign_host_advice =
        "The server does not answer for the host name in the address. If the name is right, the person who runs the "
        "server can add it with --host NAME. With --lan, the server's IP address works without that.";
    route::Definition files;
    files.method = "GET";
    files.pattern = "/{path...}";
    files.handler = folder_handler(folder);
    const FolderOptions& options = folder->options();
    // What the handler refuses with 404 needs the password too: the page that it is answered with may be the site's
    // own, which is a file like any other.
    if (!options.passwords.users.empty()) {
        files.guard = [passwords = options.passwords, guards = std::make_shared<GuardsOfCores>()](io::Core& core) {
            return guards->of(core, passwords);
        };
    }
    if (!options.extra_fields.empty()) {
        files.way.push_back(std::make_shared<const route::ForCore<route::Middleware>>(
            [fields = options.extra_fields](io::Core&) { return std::make_shared<route::ExtraFields>(fields); }));
    }
    if (options.cross_origin == CrossOrigin::everyone) {
        route::CorsOptions cors;
        cors.methods = "GET, HEAD, OPTIONS";
        cors.request_fields = "*, Authorization";  // the star stands for all fields except Authorization
        cors.exposed_fields = "Accept-Ranges, Content-Encoding, Content-Range, ETag";
        files.way.push_back(std::make_shared<const route::ForCore<route::Middleware>>(
            [cors](io::Core&) { return std::make_shared<route::Cors>(cors); }));
    }
    routes->set_way_below({}, {}, files.way);
    if (options.uploads != Uploads::off) {
        for (const char* const method : {"PUT", "POST"}) {
            route::Definition uploads = files;
            uploads.method = method;
            uploads.handler = [folder](io::Core&) { return std::make_shared<UploadHandler>(folder); };
            routes->add(std::move(uploads));
        }
    }
    if (live) {
        route::Definition changes = files;
        changes.pattern = std::string(live_prefix) + "/{path...}";
        changes.handler = std::move(live);
        routes->add(std::move(changes));
    }
    routes->add(std::move(files));
    return routes;
}

}  // namespace portico::files
