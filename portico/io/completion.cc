// portico/io/completion.cc — see completion.h.
#include "portico/io/completion.h"

namespace portico::io {

// If the core has ended, no task waits.
void detail::CompletionState::end() {
    is_over_ = true;
    static_cast<void>(handle_.post([state = shared_from_this()](Core&) { state->gate_.open(); }));
}

}  // namespace portico::io
