// The words of the base room: descriptors, buffers and the ledger.
#include <gtest/gtest.h>

#include <vector>

#include "portico/base/buffer.h"
#include "portico/base/fd.h"

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
