// portico/embed/folder.h — a folder whose files a program's own handlers send.
//
// Room embed: see response.h.
// Threads:   any core may use it; each has its own cache.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "portico/embed/request.h"
#include "portico/embed/response.h"

namespace portico::files {
class Folder;
}

namespace portico {

// See Router::folder(). Copies refer to the same folder. What it has read is cached as long as the routes with which it
// was opened answer requests.
class Folder {
public:
    // For Router::folder(). Null: the folder could not be opened, and the server does not start.
    explicit Folder(std::shared_ptr<const files::Folder> folder) : folder_(std::move(folder)) {}

    // The file at `path`, decoded and relative to the folder, as `portico serve` sends it: with ranges, validators and
    // precompressed siblings. 404 if there is no such file, or if the path leads out of the folder.
    [[nodiscard]] Task<Response> respond(Request& request, std::string path) const;

private:
    std::shared_ptr<const files::Folder> folder_;
};

}  // namespace portico
