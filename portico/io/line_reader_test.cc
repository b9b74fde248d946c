// Lines of a stream, in whatever pieces its octets arrive.
#include "portico/io/line_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/stream_pair_for_test.h"

namespace portico::io {
namespace {

using Lines = std::vector<std::string>;

// Returns all lines as text, with a mark for each end: '$' LF, '%' CRLF, '.' the stream's; an error is "!" and its
// number.
Task<Lines> read_lines(Stream& stream, std::size_t octets_max) {
    LineReader reader(stream, octets_max);
    Lines lines;
    for (;;) {
        const auto line = co_await reader.read_line(never);
        if (!line) {
            lines.push_back("!" + std::to_string(line.error().number));
            co_return lines;
        }
        if (!*line) co_return lines;
        constexpr std::string_view marks = "$%.";
        lines.push_back(std::string((*line)->text) + marks[static_cast<std::size_t>((*line)->end)]);
    }
}

Task<void> send_in_pieces(Stream stream, std::string_view octets, std::size_t piece) {
    while (!octets.empty()) {
        const std::string_view next = octets.substr(0, piece);
        const Result<void> sent = co_await stream.write_all(next, never);
        if (!sent) co_return;
        octets.remove_prefix(next.size());
        // Lets the reader see only this piece.
        const bool slept = co_await sleep_for(stream.core(), Duration::zero());
        if (!slept) co_return;
    }
}

Task<Lines> exchange(Core& core, std::string_view octets, std::size_t piece, std::size_t octets_max) {
    auto pair = co_await make_stream_pair(core);
    Scope scope;
    scope.start(send_in_pieces(std::move(pair.first), octets, piece));
    Lines lines = co_await read_lines(pair.second, octets_max);
    scope.request_stop();
    co_await scope.join();
    co_return lines;
}

struct LinesRow {
    const char* name;
    std::string_view octets;
    Lines lines;
};
class LineReading : public testing::TestWithParam<LinesRow> {};

TEST_P(LineReading, IsTheSameHoweverOctetsArrive) {
    const auto kernel = make_epoll_kernel();
    ASSERT_TRUE(kernel);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{1000}}) {
        Core core(**kernel);
        EXPECT_EQ(run_task(core, exchange(core, GetParam().octets, piece, 4)), GetParam().lines) << piece;
    }
}
INSTANTIATE_TEST_SUITE_P(
    OfFourOctetsAtMost, LineReading,
    testing::Values(LinesRow{"Nothing", "", {}}, LinesRow{"Lf", "a\nb\n", {"a$", "b$"}},
                    LinesRow{"CrLf", "a\r\nb\r\n", {"a%", "b%"}}, LinesRow{"Empty", "\n\r\n\n", {"$", "%", "$"}},
                    LinesRow{"NoEnd", "a\nb", {"a$", "b."}}, LinesRow{"CrAlone", "a\rb\n", {"a\rb$"}},
                    LinesRow{"CrAtEnd", "a\r", {"a\r."}}, LinesRow{"TwoCrs", "a\r\r\n", {"a\r%"}},
                    LinesRow{"Longest", "abcd\nabcd\r\nabcd", {"abcd$", "abcd%", "abcd."}},
                    LinesRow{"TooLong", "ab\nabcde\n", {"ab$", "!90"}}, LinesRow{"TooLongCrLf", "abcde\r\n", {"!90"}},
                    LinesRow{"TooLongAtEnd", "abcde", {"!90"}}, LinesRow{"TooLongByCrAtEnd", "abcd\r", {"!90"}},
                    LinesRow{"TooLongByCr", "abcd\rx\n", {"!90"}}),
    row_name);

Task<Lines> read_line_and_rest(Core& core) {
    auto pair = co_await make_stream_pair(core);
    const Result<void> sent = co_await pair.first.write_all("head\r\ncontent that follows", never);
    EXPECT_TRUE(sent);
    EXPECT_TRUE(pair.first.finish_sending());
    LineReader reader(pair.second, 16);
    const auto line = co_await reader.read_line(never);
    Lines all{std::string((*line)->text)};
    std::string rest;
    for (;;) {
        char room[7];
        const Result<std::size_t> octets = co_await reader.read(room, never);
        if (!octets || *octets == 0) break;
        rest.append(room, *octets);
    }
    all.push_back(rest);
    co_return all;
}

TEST(LineReading, LeavesReadableWhatFollows) {
    const auto kernel = make_epoll_kernel();
    Core core(**kernel);
    EXPECT_EQ(run_task(core, read_line_and_rest(core)), (Lines{"head", "content that follows"}));
}

Task<Lines> read_too_long(Core& core) {
    auto pair = co_await make_stream_pair(core);
    const Result<void> sent = co_await pair.first.write_all("abcdef\ng", never);
    EXPECT_TRUE(sent);
    LineReader reader(pair.second, 4);
    const auto first = co_await reader.read_line(never);
    EXPECT_FALSE(first);
    const auto second = co_await reader.read_line(never);
    EXPECT_FALSE(second);
    Lines all;
    for (int i = 0; i < 2; ++i) {
        char room[4];
        const Result<std::size_t> octets = co_await reader.read(room, never);
        all.emplace_back(room, octets.value_or(0));
        const auto rest = co_await reader.read_line(never);
        EXPECT_FALSE(rest) << "the end of a line that was too long is no line";
    }
    co_return all;
}

TEST(LineReading, StopsAtALineThatIsTooLongAndKeepsItsOctets) {
    const auto kernel = make_epoll_kernel();
    Core core(**kernel);
    EXPECT_EQ(run_task(core, read_too_long(core)), (Lines{"abcd", "ef"}));
}

Task<int> read_late(Core& core) {
    auto pair = co_await make_stream_pair(core);
    LineReader reader(pair.second, 4);
    const auto none = co_await reader.read_line(core.now() + std::chrono::milliseconds(5));
    EXPECT_EQ(none.error().number, ETIMEDOUT);
    const Result<void> sent = co_await pair.first.write_all("a\n", never);
    EXPECT_TRUE(sent);
    const auto line = co_await reader.read_line(never);
    EXPECT_EQ((*line)->text, "a");
    co_return 0;
}

TEST(LineReading, GoesOnAfterADeadline) {
    const auto kernel = make_epoll_kernel();
    Core core(**kernel);
    EXPECT_EQ(run_task(core, read_late(core)), 0);
}

}  // namespace
}  // namespace portico::io
