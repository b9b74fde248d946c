// portico/embed/files.h — a folder among the routes of a program.
//
// Room embed: see response.h.
// Threads:   cores are added before they run; then each uses what is its own.
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

// A folder as the routes of one server know it; see Router::files() and Router::folder().
class Files {
public:
    // Errors: those of opening the folder (ENOENT, ENOTDIR, EACCES …). `prefix`: what the paths of requests begin with,
    // decoded, without a slash at its end; empty for all.
    static io::Result<std::shared_ptr<Files>> open(std::string prefix, const std::string& folder);
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    ~Files();

    // Where the folder is: the prefix with its slash, encoded, and the query that the request has.
    [[nodiscard]] std::string location(const Request& request) const;
    // Requests of this core will come, until it is removed, which is before it goes.
    void add_core(io::Core& core);
    void remove_core(const io::Core& core);
    // The file that the request's path leads to, below the prefix.
    [[nodiscard]] Task<Response> respond(Request& request);
    // The file at `path` below the folder, decoded, whatever the request's own path is.
    [[nodiscard]] Task<Response> respond_with(Request& request, std::string path);

private:
    Files(std::string prefix, std::shared_ptr<const site::Site> site);
    [[nodiscard]] Task<std::unique_ptr<http::Response>> answer(Request& request, const http::Request& message);

    std::string prefix_;
    std::string encoded_prefix_;  // as it is sent
    std::shared_ptr<const site::Site> site_;
    std::vector<std::pair<io::Core*, std::unique_ptr<site::Handler>>> handlers_;
};

// A folder that a program's own handlers send files of. It is a reference: copies are the same folder's.
class Folder {
public:
    // For Router::folder().
    explicit Folder(std::shared_ptr<Files> files) : files_(std::move(files)) {}

    // The file at `path`, relative to the folder and decoded, as `portico serve` sends it: ranges, validators,
    // precompressed siblings. 404 where there is none, and for whatever leads out of the folder.
    [[nodiscard]] Task<Response> respond(Request& request, std::string path) const;

private:
    std::shared_ptr<Files> files_;  // nothing where it could not be opened: then the server doesn't start
};

}  // namespace portico
