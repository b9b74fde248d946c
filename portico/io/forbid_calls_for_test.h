// portico/io/forbid_calls_for_test.h — makes system calls fail as they do on another machine.
//
// Room io: see error.h. Included by tests alone.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <span>

namespace portico::io {

// Applies a filter (seccomp(2)) to the calling thread while that thread lives. False: the machine allows none.
inline bool forbid_calls(std::span<sock_filter> filter) {
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

}  // namespace portico::io
