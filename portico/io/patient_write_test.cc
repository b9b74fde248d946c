// Writing to a descriptor that perhaps nothing reads.
#include "portico/io/patient_write.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>
#include <thread>

#include "portico/io/pipe_for_test.h"

namespace portico::io {
namespace {

class APipe : public testing::Test {
protected:
    void fill() {
        ::fcntl(pipe_.write_end->number(), F_SETFL, O_NONBLOCK);
        const std::string some(4096, 'x');
        while (::write(pipe_.write_end->number(), some.data(), some.size()) > 0) continue;
        ::fcntl(pipe_.write_end->number(), F_SETFL, 0);
    }
    std::string read_all() {
        std::string all;
        std::array<char, 10'000> room;
        for (ssize_t got = 0; (got = ::read(pipe_.read_end->number(), room.data(), room.size())) > 0;) {
            all.append(room.data(), static_cast<std::size_t>(got));
        }
        return all;
    }
    TestPipe pipe_ = make_test_pipe();
};

TEST_F(APipe, ThatIsReadGetsAllOfIt) {
    const std::string text(1'000'000, 'y');
    std::string received;
    std::thread reader([&] { received = read_all(); });
    EXPECT_TRUE(write_patiently(pipe_.write_end->number(), text));
    pipe_.write_end.reset();
    reader.join();
    EXPECT_EQ(received, text);
}

TEST_F(APipe, ThatIsFullIsGivenUp) {
    fill();
    EXPECT_FALSE(write_patiently(pipe_.write_end->number(), "text", std::chrono::milliseconds(1)));
}

TEST_F(APipe, ThatHasNoReaderIsGivenUp) {
    ::signal(SIGPIPE, SIG_IGN);
    pipe_.read_end.reset();
    EXPECT_FALSE(write_patiently(pipe_.write_end->number(), "text"));
    EXPECT_FALSE(write_patiently(-1, "text", std::chrono::milliseconds(1)));
    ::signal(SIGPIPE, SIG_DFL);
}

}  // namespace
}  // namespace portico::io
