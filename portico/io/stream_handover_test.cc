// A stream moves from one core to another: across threads, and after both of its ends have waited.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/stream_pair_for_test.h"

namespace portico::io {
namespace {

Task<std::string> read_some(Stream& stream) {
    std::array<char, 64> room{};
    const Result<std::size_t> octets = co_await stream.read(room, never);
    co_return octets ? std::string(room.data(), *octets) : describe(octets.error());
}

Task<std::string> answer(Stream stream) {
    const std::string heard = co_await read_some(stream);
    const Result<void> said = co_await stream.write_all("heard " + heard, never);
    co_return said ? heard : describe(said.error());
}

Task<bool> say(Stream& stream, std::string_view octets) {
    const Result<void> said = co_await stream.write_all(octets, never);
    co_return said.has_value();
}

std::string answer_on_a_core_of_its_own(Fd detached) {
    const auto kernel = make_epoll_kernel();
    Core core(**kernel);
    return run_task(core, answer(Stream::attach(core, std::move(detached))));
}

class Handover : public testing::Test {
protected:
    Handover() : kernel_(*make_epoll_kernel()), core_(*kernel_) {}
    std::unique_ptr<Kernel> kernel_;
    Core core_;
};

TEST_F(Handover, AnotherThreadsCoreGoesOnWithIt) {
    StreamPair pair = run_task(core_, make_stream_pair(core_));
    // Both ends have waited on the first core, so the core has registered them.
    Scope scope;
    std::optional<std::string> first;
    scope.start(keep_result(core_, read_some(pair.second), first));
    EXPECT_TRUE(run_task(core_, say(pair.first, "one")));
    while (scope.size() > 0) core_.run_once(never);
    EXPECT_EQ(first, "one");

    std::string second;
    std::thread other([&second, fd = std::move(pair.second).detach()]() mutable {
        second = answer_on_a_core_of_its_own(std::move(fd));
    });
    EXPECT_TRUE(run_task(core_, say(pair.first, "two")));
    EXPECT_EQ(run_task(core_, read_some(pair.first)), "heard two");
    EXPECT_EQ(run_task(core_, read_some(pair.first)), "");  // the other core has closed it
    other.join();
    EXPECT_EQ(second, "two");
}

TEST_F(Handover, ItComesBackToItsFirstCore) {
    StreamPair pair = run_task(core_, make_stream_pair(core_));
    Stream back = Stream::attach(core_, std::move(pair.second).detach());
    EXPECT_TRUE(run_task(core_, say(pair.first, "hello")));
    EXPECT_EQ(run_task(core_, read_some(back)), "hello");
}

TEST_F(Handover, DestroyingWhatNoCoreHasCloses) {
    StreamPair pair = run_task(core_, make_stream_pair(core_));
    std::thread([fd = std::move(pair.second).detach()] {}).join();
    EXPECT_EQ(run_task(core_, read_some(pair.first)), "");
}

}  // namespace
}  // namespace portico::io
