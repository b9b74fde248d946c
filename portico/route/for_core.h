// portico/route/for_core.h — what each core makes for itself.
//
// Room route: see handler.h.
// Threads:   every core calls the functions, on its own thread or before it runs.
#pragma once

#include <functional>
#include <memory>

namespace portico::io {
class Core;
}

namespace portico::route {

// Makes a core's own T, on the core's thread or before it runs. Several routes, and several sets of them, may get the
// same object.
template <class T>
using ForCore = std::function<std::shared_ptr<T>(io::Core& core)>;

}  // namespace portico::route
