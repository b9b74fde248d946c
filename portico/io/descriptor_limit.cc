// portico/io/descriptor_limit.cc — see descriptor_limit.h.
#include "portico/io/descriptor_limit.h"

#include <sys/resource.h>

namespace portico::io {

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return before;
    return limit.rlim_cur;
}

}  // namespace portico::io
