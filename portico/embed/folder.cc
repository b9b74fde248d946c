// portico/embed/folder.cc — see folder.h.
#include "portico/embed/folder.h"

#include <string_view>

#include "portico/handler/files/folders.h"
#include "portico/http/target.h"
#include "portico/link/exchange.h"

namespace portico {
namespace {

Task<Response> respond_with(std::shared_ptr<files::Responder> files, Request& request, std::string path) {
    std::string encoded = "/";
    http::append_encoded_path(encoded, path.starts_with('/') ? std::string_view(path).substr(1) : path);
    std::string scratch;
    const http::Result<std::string_view> decoded = http::decode_path(encoded, scratch);
    if (!decoded) co_return Response(Status::not_found);  // it leads out of the folder
    const http::Request& message = request.message();
    const http::Result<files::Resource> resource = files::translate(*decoded, {}, *files->store().folder());
    http::Response answer;
    if (!resource) {
        co_await files->respond_refusal(message, resource.error(), answer);
    } else if (!files->respond_at_once(message, *resource, answer)) {
        co_await files->respond(message, *resource, answer);
    }
    // A folder would be answered with a redirect to its index file.
    if (answer.fields.has(http::FieldName::location)) co_return Response(Status::not_found);
    co_return Response::of_message(std::move(answer));
}

}  // namespace

Task<Response> Folder::respond(Request& request, std::string path) const {
    if (folder_ == nullptr) co_return Response(Status::internal_server_error);
    // A folder would be answered with its index file.
    if (path.empty() || path.ends_with('/')) co_return Response(Status::not_found);
    auto files = files::Folders::of(request.core()).open(folder_);
    Response response = co_await respond_with(std::move(files), request, std::move(path));
    co_return std::move(response);
}

}  // namespace portico
