// portico/base/frame_pool.h — memory for coroutine frames, so that awaiting a task allocates nothing in the steady
// state.
//
// Room base: see fd.h.
// Threads:   a free list per thread. A frame may be freed on another thread than the one that made it: it then joins
//            that thread's list.
#pragma once

#include <cstddef>

namespace portico {

// Frames of up to 2 KiB come from free lists in steps of 64 octets; larger ones from operator new. Under
// AddressSanitizer every frame comes from operator new, so that a use after the end is found.
[[nodiscard]] void* allocate_frame(std::size_t octets);
// Takes back what allocate_frame() gave, with the same number of octets, on any thread.
void free_frame(void* frame, std::size_t octets) noexcept;

}  // namespace portico
