// portico/io/freed_memory.h — memory that was freed, and that the allocator keeps.
//
// Room io: see error.h.
// Threads:   any; an allocation of another thread may wait meanwhile, for a few milliseconds.
#pragma once

namespace portico::io {

// Gives the kernel the pages back that hold nothing but freed memory (malloc_trim(3)). By itself the allocator gives
// back only what lies above the last octet that is in use. Returns whether there were any.
bool give_back_freed_memory();

}  // namespace portico::io
