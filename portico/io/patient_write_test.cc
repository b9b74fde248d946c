// Writing to a descriptor that perhaps nothing reads.
#include "portico/io/patient_write.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <utility>

namespace portico::io {
namespace {

class APipe : public testing::Test {
protected:
    APipe() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
    ~APipe() override {
        ::close(ends_[0]);
        if (ends_[1] >= 0) ::close(ends_[1]);
    }
    void fill() {
        ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
        const std::string some(4096, 'x');
        while (::write(ends_[1], some.data(), some.size()) > 0) continue;
        ::fcntl(ends_[1], F_SETFL, 0);
    }
    std::string read_all() {
        std::string all;
        std::array<char, 10'000> room;
        for (ssize_t got = 0; (got = ::read(ends_[0], room.data(), room.size())) > 0;) {
            all.append(room.data(), static_cast<std::size_t>(got));
        }
        return all;
    }
    std::array<int, 2> ends_{};
};

TEST_F(APipe, ThatIsReadGetsAllOfIt) {
    const std::string text(1'000'000, 'y');
    std::string received;
    std::thread reader([&] { received = read_all(); });
    EXPECT_TRUE(write_patiently(ends_[1], text));
    ::close(std::exchange(ends_[1], -1));
    reader.join();
    EXPECT_EQ(received, text);
}

TEST_F(APipe, ThatIsFullIsGivenUp) {
    fill();
    EXPECT_FALSE(write_patiently(ends_[1], "text", std::chrono::milliseconds(1)));
}

TEST_F(APipe, ThatHasNoReaderIsGivenUp) {
    ::signal(SIGPIPE, SIG_IGN);
    ::close(std::exchange(ends_[0], -1));
    EXPECT_FALSE(write_patiently(ends_[1], "text"));
    EXPECT_FALSE(write_patiently(-1, "text", std::chrono::milliseconds(1)));
    ::signal(SIGPIPE, SIG_DFL);
}

}  // namespace
}  // namespace portico::io
