// Plays the scripts of the fuzz targets for whole connections (test/fuzz) without libFuzzer: the corpus, and several
// hundred variations of it.
#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "test/fuzz/player.h"

#include "portico/base/row_name_for_test.h"

namespace portico::fuzz {
namespace {

std::vector<std::string> corpus(const std::string& target) {
    std::vector<std::string> texts;
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(PORTICO_CORPUS "/" + target)) {
        paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        texts.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return texts;
}

TEST(AScript, IsReadAsItIsWritten) {
    for (const char* const target : {"site_connections_fuzz", "program_connections_fuzz"}) {
        const auto texts = corpus(target);
        EXPECT_GE(texts.size(), 5U);
        for (const std::string& text : texts) EXPECT_EQ(write_script(read_script(text)), text);
    }
}

TEST(AScript, IsReadFromAnyOctets) {
    EXPECT_EQ(write_script(read_script("")), "seed 0\n");
    EXPECT_EQ(write_script(read_script("x\n9 get\n0 fly 3\n\n0 read\nseed 12")), "seed 12\n1 get 1 0 \n0 read 1\n");
    EXPECT_EQ(write_script(read_script("0 send a\\x00\\xfg\\\\\\n")), "seed 0\n0 send a\\x00\\\\xfg\\\\\\n\n");
    EXPECT_EQ(write_script(read_script("0 get 999999999 99999999 /")), "seed 0\n0 get 200 20000 /\n");
}

TEST(ARequest, IsWrittenInFull) {
    EXPECT_EQ(requests_of(Action{0, Verb::head, 2, 3, "/a|Range: bytes=0-"}).octets,
              "HEAD /a?aaa HTTP/1.1\r\nHost: example.org\r\nRange: bytes=0-\r\n\r\n"
              "HEAD /a?aaa HTTP/1.1\r\nHost: example.org\r\nRange: bytes=0-\r\n\r\n");
    EXPECT_EQ(requests_of(Action{0, Verb::chunks, 1, 3, "/a"}).octets,
              "POST /a HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nccc\r\n0\r\n\r\n");
}

struct PlayedServer {
    const char* name;
    const char* target;
    const Played& played;
};

// The script that is being played. If an assertion fails, the program ends, and this script is the cause.
std::string playing;

void tell_script(int signal) {
    const auto written = ::write(STDERR_FILENO, playing.data(), playing.size());
    static_cast<void>(written);
    ::signal(signal, SIG_DFL);
}

class WholeConnections : public testing::TestWithParam<PlayedServer> {
protected:
    WholeConnections() { ::signal(SIGABRT, tell_script); }
    ~WholeConnections() override { ::signal(SIGABRT, SIG_DFL); }

    static void play_script(const Script& script) {
        playing = write_script(script);
        play(script, GetParam().played);
    }
};

TEST_P(WholeConnections, LeaveNothingBehindAndAreAnsweredWithHttp) {
    const auto texts = corpus(GetParam().target);
    std::minstd_rand chance(1);
    for (const std::string& text : texts) {
        Script script = read_script(text);
        play_script(script);
        for (int i = 0; i < 20; ++i) {
            mutate(script, GetParam().played.words(), chance);
            play_script(script);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Servers, WholeConnections,
                         testing::Values(PlayedServer{"Site", "site_connections_fuzz", played_site},
                                         PlayedServer{"Program", "program_connections_fuzz", played_program}),
                         row_name);

}  // namespace
}  // namespace portico::fuzz
