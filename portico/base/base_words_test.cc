// Tests of the base room's vocabulary: descriptors, buffers and the ledger.
#include <gtest/gtest.h>
#include <malloc.h>

#include <vector>

#include "portico/base/buffer.h"
#include "portico/base/fd.h"
#include "portico/base/frame_pool.h"

namespace portico {
namespace {

class CountingTable final : public FdTable {
public:
    void close(int number) noexcept override { closed.push_back(number); }
    std::vector<int> closed;
};

TEST(Fd, ClosesOnceWhereverItWasMoved) {
    CountingTable table;
    {
        Fd first(table, 7);
        Fd second(std::move(first));
        EXPECT_EQ(second.number(), 7);
        Fd third(table, 8);
        third = std::move(second);
        EXPECT_EQ(table.closed, std::vector<int>{8});
    }
    EXPECT_EQ(table.closed, (std::vector<int>{8, 7}));
}

TEST(BufferPool, ChargesWhatItLendsAndReleasesWhatComesBack) {
    Ledger ledger(1 << 20);
    BufferPool pool(ledger);
    {
        Buffer usual = pool.borrow();
        Buffer large = pool.borrow(100'000);
        EXPECT_EQ(ledger.used(), BufferPool::usual_octets + 100'000);
        const Buffer moved = std::move(large);
        EXPECT_FALSE(large.has_block());
        EXPECT_EQ(moved.capacity(), 100'000U);
    }
    EXPECT_EQ(ledger.used(), 0U);
    EXPECT_EQ(ledger.peak(), BufferPool::usual_octets + 100'000);
}

TEST(Ledger, IsFullAtSevenEighthsAndKeepsItsPeak) {
    Ledger ledger(100);
    ledger.charge(87);
    EXPECT_FALSE(ledger.is_full());
    ledger.charge(1);
    EXPECT_TRUE(ledger.is_full());
    ledger.release(60);
    ledger.charge(10);
    EXPECT_FALSE(ledger.is_full());
    EXPECT_EQ(ledger.used(), 38U);
    EXPECT_EQ(ledger.peak(), 88U);
}

TEST(Ledger, HasTidesAndOnePeak) {
    Ledger ledger(100);
    ledger.charge(50);
    ledger.release(40);
    EXPECT_EQ(ledger.tide(), 50U);
    ledger.ebb();
    EXPECT_EQ(ledger.tide(), 10U);
    ledger.charge(20);
    EXPECT_EQ(ledger.tide(), 30U);
    EXPECT_EQ(ledger.peak(), 50U);
}

// Counts the octets that are allocated from now on and not freed.
class Allocated {
public:
    [[nodiscard]] std::size_t octets() const { return now() > before_ ? now() - before_ : 0; }

private:
    static std::size_t now() {
        const struct mallinfo2 all = ::mallinfo2();
        return all.uordblks + all.hblkhd;
    }
    std::size_t before_ = now();
};

// A sanitizer's allocator does not keep count, and keeps freed memory.
bool has_sanitizer() {
    const Allocated allocated;
    const std::vector<char> some(100'000);
    return allocated.octets() < some.size();
}

TEST(BufferPool, KeepsSoManyBlocksOfTheUsualSize) {
    if (has_sanitizer()) GTEST_SKIP();
    Ledger ledger(1 << 20);
    const Allocated allocated;
    for (const std::size_t octets : {BufferPool::usual_octets, 5 * BufferPool::usual_octets}) {
        BufferPool pool(ledger, 2);
        std::vector<Buffer> lent;
        for (int i = 0; i < 50; ++i) lent.push_back(pool.borrow(octets));
        EXPECT_GE(allocated.octets(), 50 * octets);
        lent.clear();
        lent.shrink_to_fit();
        EXPECT_LT(allocated.octets(), 4 * BufferPool::usual_octets);
    }
}

TEST(FramePool, KeepsWhatABurstNeedsAndGivesTheRestBack) {
    if (has_sanitizer()) GTEST_SKIP();
    constexpr std::size_t octets = 2000;
    const Allocated allocated;
    std::vector<void*> frames;
    for (int i = 0; i < 2000; ++i) frames.push_back(allocate_frame(octets));
    EXPECT_GE(allocated.octets(), 2000 * octets);
    for (void* const frame : frames) free_frame(frame, octets);
    frames = {};
    EXPECT_LT(allocated.octets(), 300 * 2048U);
}

TEST(Buffer, DropFrontMovesTheRestToTheFront) {
    Ledger ledger(1 << 20);
    BufferPool pool(ledger);
    Buffer buffer = pool.borrow();
    const std::string_view text = "hello world";
    text.copy(buffer.room().data(), text.size());
    buffer.grow(text.size());
    buffer.drop_front(6);
    EXPECT_EQ(buffer.octets(), "world");
    buffer.drop_front(5);
    EXPECT_TRUE(buffer.empty());
}

}  // namespace
}  // namespace portico
