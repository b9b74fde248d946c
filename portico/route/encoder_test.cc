// Compressed contents are kept, within limits.
#include "portico/route/encoder.h"

#include <gtest/gtest.h>

#include "portico/io/run_task.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/route/encode.h"

namespace portico::route {
namespace {

using http::Coding;

// A text that hardly gets shorter, so that its encoded form has about this size.
std::string text_of(std::size_t octets, unsigned number) {
    std::string text;
    std::uint32_t state = number;
    while (text.size() < octets) {
        state = state * 1664525U + 1013904223U;
        text += static_cast<char>('!' + (state >> 24) % 90);
    }
    return text;
}

class Encoded : public testing::Test {
protected:
    ~Encoded() override {
        contents.reset();
        EXPECT_EQ(core.ledger().used(), 0U);
    }
    SharedText obtain(const std::string& text, Coding coding = Coding::gzip) {
        return io::run_task(core, contents->obtain(coding, text));
    }
    Task<void> obtain_into(const std::string& text, SharedText& into) {
        into = co_await contents->obtain(Coding::gzip, text);
    }
    void open(std::size_t octets_max, unsigned at_once_max = 2) {
        contents = std::make_unique<EncodedContents>(core, octets_max, at_once_max);
    }

    io::SimKernel kernel{1};
    io::Core core{kernel};
    std::unique_ptr<EncodedContents> contents;
};

TEST_F(Encoded, IsMadeOnceForEachContentAndCoding) {
    open(1'000'000);
    const std::string text(5000, 'x');
    const SharedText first = obtain(text);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(*first, *encode(Coding::gzip, text));
    EXPECT_EQ(obtain(text), first);
    const SharedText other_coding = obtain(text, Coding::br);
    EXPECT_EQ(*other_coding, *encode(Coding::br, text));
    EXPECT_NE(obtain(text + "y"), first);
    EXPECT_EQ(contents->octets(), core.ledger().used());
    EXPECT_GT(core.ledger().used(), 0U);
}

TEST_F(Encoded, DropsWhatWasNotUsedForTheLongestTime) {
    open(100'000);
    const std::string first = text_of(20'000, 1);
    const SharedText kept = obtain(first);
    const SharedText dropped = obtain(text_of(20'000, 2));
    for (unsigned i = 3; i < 20; ++i) {
        EXPECT_NE(obtain(text_of(20'000, i)), nullptr);
        EXPECT_LE(contents->octets(), 100'000U);
        EXPECT_EQ(obtain(first), kept) << "it is used again and again";
    }
    EXPECT_NE(obtain(text_of(20'000, 2)), dropped);
}

TEST_F(Encoded, IsNotKeptIfItIsLarge) {
    open(100'000);
    const std::string text = text_of(60'000, 1);
    const SharedText first = obtain(text);
    EXPECT_NE(first, nullptr);
    EXPECT_NE(obtain(text), first);
    EXPECT_EQ(contents->octets(), 0U);
}

TEST_F(Encoded, IsDroppedWhenMemoryIsShort) {
    open(100'000);
    const std::string text(5000, 'x');
    const SharedText first = obtain(text);
    contents->forget();
    EXPECT_EQ(core.ledger().used(), 0U);
    EXPECT_NE(obtain(text), first);
}

TEST_F(Encoded, IsNotWaitedForIfTooManyAreUnderWay) {
    open(1'000'000, 1);
    const std::string one(5000, 'x');
    const std::string two(5000, 'y');
    SharedText slow;
    io::Scope scope;
    scope.start(obtain_into(one, slow));
    EXPECT_EQ(obtain(two), nullptr);
    while (scope.size() > 0) core.run_once(core.now() + std::chrono::milliseconds(1));
    EXPECT_NE(slow, nullptr);
    EXPECT_NE(obtain(two), nullptr);
}

TEST_F(Encoded, IsNoLongerUnderWayOnceItsTaskHasEnded) {
    open(1'000'000, 1);
    const std::string text(5000, 'x');
    SharedText never;
    {
        io::Scope scope;
        scope.start(obtain_into(text, never), AfterStop::ends);
        scope.request_stop();
        while (scope.size() > 0) core.run_once(core.now() + std::chrono::milliseconds(1));
    }
    EXPECT_EQ(never, nullptr);
    EXPECT_NE(obtain(text), nullptr);
}

}  // namespace
}  // namespace portico::route
