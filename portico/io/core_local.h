// portico/io/core_local.h — one object of a type for each core.
//
// Room io: see error.h.
// Threads:   the core's own.
#pragma once

#include <memory>

#include "portico/io/core.h"

namespace portico::io {

// The core's own T, for what its tasks share and other cores don't see. The first call makes it, with the core as its
// argument. It must not be used by the functions that it calls while it is made.
template <class T>
[[nodiscard]] T& core_local(Core& core) {
    static char key = 0;  // its address is T's
    std::shared_ptr<void>& own = core.local(&key);
    if (own == nullptr) own = std::make_shared<T>(core);
    return *static_cast<T*>(own.get());
}

}  // namespace portico::io
