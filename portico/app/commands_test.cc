// portico/app/commands_test.cc — properties of every command: its help, its completion, its part of the manual page.
//
// Room app: see command.h.
#include "portico/app/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>

#include "portico/app/manual.h"
#include "portico/cli/columns.h"
#include "portico/cli/completion_script.h"
#include "portico/cli/help_text.h"
#include "portico/cli/man_page.h"

namespace portico::app {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::ptrdiff_t lines_max = 40;
constexpr std::ptrdiff_t limits_lines_max = 44;  // a table of all of them
constexpr std::size_t line_columns_max = 100;

class EachCommand : public testing::TestWithParam<const Command*> {};

void expect_to_fit_a_screen(const std::string& text, std::ptrdiff_t most = lines_max) {
    EXPECT_LE(std::ranges::count(text, '\n'), most) << text;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        EXPECT_LE(cli::columns_of(line), line_columns_max) << line;
        EXPECT_FALSE(line.ends_with(' ')) << '"' << line << '"';
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
}

TEST_P(EachCommand, HasHelpThatFitsAScreenExamplesFirst) {
    const Command& command = *GetParam();
    const std::string help = cli::help_of(command);
    expect_to_fit_a_screen(help);
    ASSERT_FALSE(command.examples.empty());
    EXPECT_LT(help.find(command.examples.front().line), help.find("usage:"));
    bool is_complete = true;
    for (const Option& option : command.options) {
        const std::string before = option.negation == Negation::with_no ? "--[no-]" : "--";
        const std::string after = option.if_alone.empty() ? " " : "[=";
        const bool is_there = help.find(before + std::string(option.name) + after) != std::string::npos;
        EXPECT_EQ(is_there, option.explained == Explained::in_help) << option.name;
        is_complete = is_complete && is_there;
    }
    EXPECT_EQ(help.find("portico man has all options") == std::string::npos, is_complete);
}

TEST_P(EachCommand, HasATableWithoutSlips) {
    const Command& command = *GetParam();
    EXPECT_NE(command.run, nullptr);
    EXPECT_LE(command.summary.size(), 70U);
    std::set<std::string_view> names{"help"};
    std::set<char> letters{'h'};
    for (const Option& option : command.options) {
        EXPECT_TRUE(names.insert(option.name).second) << option.name;
        if (option.letter != '\0') {
            EXPECT_TRUE(letters.insert(option.letter).second) << option.letter;
        }
        EXPECT_LE(option.meaning.size(), 60U) << option.meaning;
        EXPECT_FALSE(option.meaning.ends_with('.')) << option.meaning;
        EXPECT_EQ(option.kind == ValueKind::choice, !option.choices.empty()) << option.name;
        EXPECT_EQ(option.kind == ValueKind::notation, option.notation != nullptr) << option.name;
        EXPECT_FALSE(option.value.empty() && option.kind != ValueKind::text) << option.name;
    }
}

// Parses "portico serve ~/site --lan" as the shell would pass it. Examples that need a shell are left out.
TEST_P(EachCommand, HasExamplesThatItUnderstands) {
    const Command& command = *GetParam();
    for (const Example& example : command.examples) {
        std::string_view line = example.line;
        if (!line.starts_with("portico ") || line.find_first_of("|<>\"'$&;") != std::string_view::npos) continue;
        std::vector<std::string_view> words;
        while (!line.empty()) {
            words.push_back(line.substr(0, line.find(' ')));
            line.remove_prefix(std::min(line.size(), words.back().size() + 1));
        }
        ASSERT_EQ(words[1], command.name) << example.line;
        const Parsed parsed = cli::parse_arguments(command, std::span(words).subspan(2));
        EXPECT_TRUE(parsed.has_value()) << example.line << ": " << parsed.error().message;
    }
}

TEST_P(EachCommand, IsInEveryCompletionAndInTheManual) {
    const std::string name(GetParam()->name);
    EXPECT_THAT(cli::bash_completion(program()), HasSubstr("\n    " + name + ")\n"));
    EXPECT_THAT(cli::zsh_completion(program()), HasSubstr("(" + name + ")\n"));
    EXPECT_THAT(cli::fish_completion(program()), HasSubstr(" -a " + name + " "));
    EXPECT_THAT(cli::manual_page(program()), HasSubstr(".SS \"portico "));
}

std::vector<const Command*> all_commands() {
    std::vector<const Command*> all;
    for (const Command& command : commands()) all.push_back(&command);
    return all;
}
INSTANTIATE_TEST_SUITE_P(App, EachCommand, testing::ValuesIn(all_commands()), [](const auto& row) {
    std::string name(row.param->name);
    std::ranges::replace(name, '-', '_');
    return name;
});

TEST(Commands, AreFoundByTheirNamesAlone) {
    ASSERT_NE(command_named("serve"), nullptr);
    EXPECT_EQ(command_named("serve")->name, "serve");
    EXPECT_EQ(command_named("serv"), nullptr);
    EXPECT_EQ(command_named(""), nullptr);
}

TEST(Help, OverviewAndLimitsFitAScreen) {
    expect_to_fit_a_screen(cli::overview(program()));
    expect_to_fit_a_screen(limits_help(), limits_lines_max);
    EXPECT_THAT(limits_help(), HasSubstr("head_time_max"));
}

TEST(ManualPage, BeginsSentencesWithACapitalButNotSchemesAndNames) {
    const std::string page = cli::manual_page(program());
    EXPECT_THAT(page, Not(HasSubstr("Tcp://")));
    EXPECT_THAT(page, Not(HasSubstr("Unix:")));
}

}  // namespace
}  // namespace portico::app
