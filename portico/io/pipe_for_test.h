// portico/io/pipe_for_test.h — a pipe of the system's, for tests.
//
// Room io: see error.h. Included by tests alone.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <optional>

#include "portico/io/descriptors.h"

namespace portico::io {

// Both ends are open until a test closes one with reset().
struct TestPipe {
    std::optional<Fd> read_end;
    std::optional<Fd> write_end;
};

inline TestPipe make_test_pipe() {
    std::array<int, 2> ends{};
    const int failure = ::pipe2(ends.data(), O_CLOEXEC);
    assert(failure == 0);
    return {.read_end = owned(ends[0]), .write_end = owned(ends[1])};
}

}  // namespace portico::io
