// portico/io/core_handle.h — a name for a core that may be kept longer than the core lives.
//
// Room io: see error.h.
// Threads:   any, but the constructor and close() belong to the core's thread.
#pragma once

#include <functional>
#include <memory>

namespace portico::io {

class Core;

// For threads that are not a core's: a callback of a library, a thread of the program. Copies name the same core.
class CoreHandle {
public:
    // Call it on the core's thread.
    explicit CoreHandle(Core& core);

    // Calls `message` on the core's thread, after those that were posted before. False if the core has ended: then it
    // is not called. A message that was accepted is called, unless the loop of a core without a server is not run
    // again.
    bool post(std::move_only_function<void(Core&)> message) const;
    // Whether messages are refused.
    [[nodiscard]] bool has_ended() const;

    // For the code that runs a core's loop, before the loop ends for good: refuses all further messages, and calls
    // those that were accepted.
    static void close(Core& core);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace portico::io
