// portico/server/core_work.h — what a program does on a server's cores besides answering requests.
//
// Room server: see limits.h.
// Threads:   each function is called on the thread of the core that it is given.
#pragma once

#include <expected>
#include <string>

#include "portico/base/task.h"
#include "portico/io/core.h"

namespace portico::server {

class CoreWork {
public:
    virtual ~CoreWork() = default;

    // Before the core accepts connections: on the first core, and when that is done on the others, all at once.
    // `number` is the core's, from 0. Error: a sentence; then no core serves, and end() is awaited where this was.
    virtual Task<std::expected<void, std::string>> begin(io::Core& core, unsigned number) = 0;
    // All cores have begun, `cores` of them, and this one accepts connections from now on.
    virtual void serving(io::Core& core, unsigned number, unsigned cores) = 0;
    // The core's last connection has ended, and the core ends when this has.
    virtual Task<void> end(io::Core& core, unsigned number) = 0;
};

}  // namespace portico::server
