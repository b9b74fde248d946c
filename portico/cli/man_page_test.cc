// portico/cli/man_page_test.cc — odd tables as manual pages.
//
// Room cli: see command.h.
#include "portico/cli/man_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>

namespace portico::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string page_of(const Command& command) {
    return manual_page({.version = "1.0",
                        .version_date = "2026-01-01",
                        .summary = "a program",
                        .purpose = "do something",
                        .about = "It does something.",
                        .examples = {},
                        .commands = std::span(&command, 1),
                        .topics = {},
                        .manual = {{.title = "FILES", .text = "A section of the program — with a dash.\n"}}});
}

TEST(ManualPage, BeginsSentencesWithACapitalButNotSchemesAndNames) {
    static const Command odd{.name = "odd",
                             .summary = "s",
                             .options = {{.name = "a", .meaning = "tcp://, udp:// or stdio"},
                                         {.name = "b", .meaning = "unix:PATH"},
                                         {.name = "c", .meaning = "index.html answers"},
                                         {.name = "d", .meaning = "where to listen: tcp://"}}};
    const std::string odd_page = page_of(odd);
    EXPECT_THAT(odd_page, HasSubstr("\ntcp://, udp:// or stdio.\n"));
    EXPECT_THAT(odd_page, HasSubstr("\nunix:PATH.\n"));
    EXPECT_THAT(odd_page, HasSubstr("\nindex.html answers.\n"));
    EXPECT_THAT(odd_page, HasSubstr("\nWhere to listen: tcp://.\n"));
}

TEST(ManualPage, IsAsciiWithoutARequestByAccident) {
    static const Command odd{.name = "odd",
                             .summary = ".starts with a stop",
                             .about = "'quoted\n\n.line\\with — …",
                             .examples = {{"portico odd \"x\"", "it's ~odd^"}},
                             .options = {{.name = "x", .meaning = "m"}}};
    const std::string page = page_of(odd);
    EXPECT_TRUE(std::ranges::all_of(page, [](char octet) { return octet == '\n' || (octet >= ' ' && octet <= '~'); }));
    EXPECT_THAT(page, HasSubstr("\n\\&.line\\ewith \\(em ...\n"));
    EXPECT_THAT(page, HasSubstr(".B \"portico odd \\(dqx\\(dq\"\n"));
    EXPECT_THAT(page, HasSubstr("It\\(aqs \\(tiodd\\(ha"));
    EXPECT_THAT(page, Not(HasSubstr("\n.line")));
}

TEST(ManualPage, EndsWithTheSectionsOfTheProgram) {
    static const Command plain{.name = "plain", .summary = "s"};
    EXPECT_THAT(page_of(plain), testing::EndsWith("\n.SH FILES\nA section of the program \\(em with a dash.\n"));
}

}  // namespace
}  // namespace portico::cli
