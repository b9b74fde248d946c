// portico/embed/files.cc — see files.h.
#include "portico/embed/files.h"

#include <algorithm>

#include "portico/embed/tell.h"
#include "portico/http/target.h"
#include "portico/io/file_system.h"
#include "portico/site/handler.h"
#include "portico/site/site.h"
#include "portico/site/translate.h"

namespace portico {
namespace {

http::Result<site::Resource> resource_of(const http::Request& message, const site::Site& site, std::string& scratch) {
    const http::Result<std::string_view> path = http::decode_path(message.path, scratch);
    if (!path) return std::unexpected(path.error());
    return site::translate(message, *path, site);
}

}  // namespace

Files::Files(std::string prefix, std::shared_ptr<const site::Site> site)
    : prefix_(std::move(prefix)), site_(std::move(site)) {
    http::append_encoded_path(encoded_prefix_, prefix_);
}
Files::~Files() = default;

io::Result<std::shared_ptr<Files>> Files::open(std::string prefix, const std::string& folder) {
    site::SiteOptions options;
    options.root = folder;
    options.listing = site::Listing::off;
    auto site = site::Site::open(io::real_file_system(), std::move(options));
    if (!site) return std::unexpected(site.error());
    return std::shared_ptr<Files>(new Files(std::move(prefix), *std::move(site)));
}

std::string Files::location(const Request& request) const {
    std::string location = encoded_prefix_ + "/";
    if (request.message().has_query) location.append("?").append(request.message().query);
    return location;
}

std::vector<Files::Entry>::iterator Files::entry_of(const io::Core& core) {
    return std::ranges::find(handlers_, &core, [](const Entry& entry) { return entry.first; });
}

void Files::add_core(io::Core& core) {
    auto own = entry_of(core);
    if (own == handlers_.end()) own = handlers_.emplace(handlers_.end(), &core, nullptr);
    own->second = std::make_shared<site::Handler>(core, site_);
}

// The entry stays: other cores may be looking for their own at the same time.
void Files::remove_core(const io::Core& core) { entry_of(core)->second.reset(); }

void Files::forget_kept(const io::Core& core) {
    if (const auto handler = handler_of(core)) handler->forget_kept();
}

std::shared_ptr<site::Handler> Files::handler_of(const io::Core& core) {
    const auto own = entry_of(core);
    return own == handlers_.end() ? nullptr : own->second;
}

// Null, with a sentence on standard error, if the routes of this folder have been replaced.
Task<std::unique_ptr<http::Response>> Files::answer(Request& request, const http::Request& message) {
    const std::shared_ptr<site::Handler> handler = handler_of(request.core());
    if (handler == nullptr) {
        tell_of_error("a handler uses the folder " + site_->options().root +
                      ", which belongs to routes that have been replaced; answered with 500");
        co_return nullptr;
    }
    std::string scratch;
    auto answer = std::make_unique<http::Response>();
    const http::Result<site::Resource> resource = resource_of(message, *site_, scratch);
    if (!resource) {
        co_await handler->respond_refusal(message, resource.error(), *answer);
    } else if (!handler->respond_at_once(message, *resource, *answer)) {
        co_await handler->respond(message, *resource, *answer);
    }
    co_return std::move(answer);
}

Task<Response> Files::respond(Request& request) {
    http::Request below = request.message();
    std::string path_below;
    if (!prefix_.empty()) {
        http::append_encoded_path(path_below, request.path().substr(prefix_.size()));
        below.path = path_below;
    }
    std::unique_ptr<http::Response> message = co_await answer(request, below);
    if (message == nullptr) co_return Response(Status::internal_server_error);
    const auto location = message->fields.find(http::FieldName::location);
    if (location && !prefix_.empty()) {
        std::string moved = encoded_prefix_ + std::string(*location);
        message->fields.remove(http::FieldName::location);
        message->add_made(http::FieldName::location, std::move(moved));
    }
    co_return Response::of_message(std::move(message));
}

Task<Response> Files::respond_with(Request& request, std::string path) {
    // A folder would be answered with its index file, or with a redirect to it.
    if (path.empty() || path.ends_with('/')) co_return Response(Status::not_found);
    std::string encoded = "/";
    http::append_encoded_path(encoded, path.starts_with('/') ? std::string_view(path).substr(1) : path);
    http::Request at_path = request.message();
    at_path.path = encoded;
    std::unique_ptr<http::Response> message = co_await answer(request, at_path);
    if (message == nullptr) co_return Response(Status::internal_server_error);
    if (message->fields.has(http::FieldName::location)) co_return Response(Status::not_found);
    co_return Response::of_message(std::move(message));
}

Task<Response> Folder::respond(Request& request, std::string path) const {
    if (files_ == nullptr) co_return Response(Status::internal_server_error);
    Response response = co_await files_->respond_with(request, std::move(path));
    co_return std::move(response);
}

}  // namespace portico
