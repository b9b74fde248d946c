// Where frames end, and that their memory is reused.
#include "portico/base/frame_pool.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace portico {
namespace {

TEST(FramePool, TellsWhereTheNewestFrameEnds) {
    for (const std::size_t octets : {8U, 64U, 100U, 2048U, 5000U}) {
        auto* const frame = static_cast<char*>(allocate_frame(octets));
        const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(frame) + octets;
        EXPECT_EQ(end_of_newest_frame(frame), end);
        EXPECT_EQ(end_of_newest_frame(frame + octets - 1), end);
        EXPECT_EQ(end_of_newest_frame(frame + octets), 0U);
        EXPECT_EQ(end_of_newest_frame(frame - 1), 0U);
        auto* const newer = allocate_frame(octets);
        EXPECT_EQ(end_of_newest_frame(frame), 0U);
        free_frame(newer, octets);
        free_frame(frame, octets);
    }
}

#if !defined(PORTICO_SANITIZED)
TEST(FramePool, UsesFreeFramesAgain) {
    std::array<void*, 200> frames{};
    for (void*& frame : frames) frame = allocate_frame(200);
    std::set<void*> freed;
    for (void* frame : frames) {
        free_frame(frame, 200);
        freed.insert(frame);
    }
    for (void*& frame : frames) frame = allocate_frame(193);  // the same step
    for (void* frame : frames) EXPECT_EQ(freed.count(frame), 1U);
    for (void* frame : frames) free_frame(frame, 193);
}
#endif

}  // namespace
}  // namespace portico
