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

class Files {
public:
    // `prefix`: what the paths of requests begin with, without a slash at its end; empty for all.
    static io::Result<std::shared_ptr<Files>> open(std::string prefix, const std::string& folder);
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    ~Files();

    // Requests of this core will come, until it is removed, which is before it goes.
    void add_core(io::Core& core);
    void remove_core(const io::Core& core);
    [[nodiscard]] Task<Response> respond(Request& request);

private:
    Files(std::string prefix, std::shared_ptr<const site::Site> site);

    std::string prefix_;
    std::shared_ptr<const site::Site> site_;
    std::vector<std::pair<io::Core*, std::unique_ptr<site::Handler>>> handlers_;
};

}  // namespace portico
