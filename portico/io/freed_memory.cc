// portico/io/freed_memory.cc — see freed_memory.h.
#include "portico/io/freed_memory.h"

#include <malloc.h>

namespace portico::io {

bool give_back_freed_memory() { return ::malloc_trim(0) != 0; }

}  // namespace portico::io
