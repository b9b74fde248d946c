// portico/embed/files.h — a folder of files among the routes of a program.
//
// Room embed: see response.h.
// Threads:   one thread adds the cores, before any of them handles a request. Then each uses only its own handler.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "portico/embed/request.h"
#include "portico/embed/response.h"
#include "portico/io/core.h"
#include "portico/io/error.h"

namespace portico::site {
class Handler;
class Site;
}  // namespace portico::site

namespace portico {

// A folder that the routes of one server use; see Router::files() and Router::folder().
class Files {
public:
    // Errors: those of opening the folder (ENOENT, ENOTDIR, EACCES …). `prefix`: the beginning of the requests' paths,
    // decoded and without a slash at its end; empty: all paths.
    static io::Result<std::shared_ptr<Files>> open(std::string prefix, const std::string& folder);
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    ~Files();

    // The folder's own URL: the encoded prefix with a slash, and the request's query.
    [[nodiscard]] std::string location(const Request& request) const;
    // Adds a core that will handle requests. It must be removed, on its own thread, before it is destroyed.
    void add_core(io::Core& core);
    void remove_core(const io::Core& core);
    // The core's memory is short: drops everything that it only caches.
    void forget_kept(const io::Core& core);
    // The file that the rest of the request's path names, after the prefix.
    [[nodiscard]] Task<Response> respond(Request& request);
    // The file at `path` (decoded, relative to the folder), whatever the request's own path is.
    [[nodiscard]] Task<Response> respond_with(Request& request, std::string path);

private:
    using Entry = std::pair<const io::Core*, std::shared_ptr<site::Handler>>;

    Files(std::string prefix, std::shared_ptr<const site::Site> site);
    [[nodiscard]] std::vector<Entry>::iterator entry_of(const io::Core& core);
    // Null if the core does not use the folder any more.
    [[nodiscard]] std::shared_ptr<site::Handler> handler_of(const io::Core& core);
    [[nodiscard]] Task<std::unique_ptr<http::Response>> answer(Request& request, const http::Request& message);

    std::string prefix_;
    std::string encoded_prefix_;  // as it is sent
    std::shared_ptr<const site::Site> site_;
    std::vector<Entry> handlers_;
};

// A folder whose files a program's own handlers send. Copies refer to the same folder. It belongs to the routes with
// which it was opened: handlers of another RouteSet need a folder of their own.
class Folder {
public:
    // For Router::folder().
    explicit Folder(std::shared_ptr<Files> files) : files_(std::move(files)) {}

    // The file at `path`, decoded and relative to the folder, as `portico serve` sends it: with ranges, validators and
    // precompressed siblings. 404 if there is no such file, or if the path leads out of the folder.
    [[nodiscard]] Task<Response> respond(Request& request, std::string path) const;

private:
    std::shared_ptr<Files> files_;  // null if the folder could not be opened: the server then does not start
};

}  // namespace portico
