// portico/base/frame_pool.h — memory for coroutine frames, so that awaiting a task allocates nothing in the steady
// state.
//
// Room base: see fd.h.
// Threads:   one free list for each thread. A frame may be freed on another thread than the one that allocated it: it
//            then joins that thread's list.
#pragma once

#include <cstddef>
#include <cstdint>

namespace portico {

// Frames of up to 2 KiB come from free lists in steps of 64 octets; larger ones come from operator new. In a program
// that AddressSanitizer checks, every frame comes from operator new, so that a use after its end is found. This is also
// true if only the program, and not this library, was compiled for it.
[[nodiscard]] void* allocate_frame(std::size_t octets);
// Takes back what allocate_frame() returned, with the same number of octets, on any thread.
void free_frame(void* frame, std::size_t octets) noexcept;

// Returns the end of the frame that this thread allocated last if `object` is inside it, else zero. A promise learns
// from this where its frame ends. A compiler may put a frame into the frame that awaits it: then the result is zero.
[[nodiscard]] std::uintptr_t end_of_newest_frame(const void* object) noexcept;

}  // namespace portico
