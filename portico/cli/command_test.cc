// portico/cli/command_test.cc — checks command lines against a table.
//
// Room cli: see command.h.
#include "portico/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>

#include "portico/base/quantity.h"
#include "portico/base/row_name_for_test.h"
#include "portico/cli/help_text.h"
#include "portico/cli/retype.h"

namespace portico::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string_view>;

// A notation like that of endpoints: HOST:PORT or unix:PATH.
std::optional<std::string> why_no_endpoint(std::string_view value) {
    const std::size_t colon = value.rfind(':');
    const auto port = colon == std::string_view::npos ? std::nullopt : parse_count(value.substr(colon + 1));
    if (value.starts_with("unix:") || (port && *port <= 65'535)) return std::nullopt;
    return "'" + std::string(value) + "' is not an endpoint";
}

std::optional<std::string> endpoint_near(std::string_view value) {
    if (!why_no_endpoint(value)) return "a-guess-at-a-valid-value";
    if (value == "http://[::1]:90/") return "[::1]:90";
    if (value.find(':') != std::string_view::npos) return std::nullopt;
    return std::string(value) + ":8080";
}

std::optional<std::string> why_no_limit(std::string_view value) {
    if (value.starts_with("head_time_max=")) return std::nullopt;
    return "did you mean 'head_time_max'?";
}

constexpr Notation endpoint_notation{.why_refused = why_no_endpoint, .meant_by = endpoint_near};
constexpr Notation limit_notation{.why_refused = why_no_limit, .explained_by = "portico help limits"};

const Command& table() {
    static const Command command{
        .name = "pour",
        .summary = "pour something",
        .arguments = {{.name = "CUP", .meaning = "where to", .kind = ValueKind::directory},
                      {.name = "MORE", .meaning = "further ones", .repeat = Repeat::collected}},
        .options = {{.name = "port",
                     .letter = 'p',
                     .value = "PORT",
                     .meaning = "a port",
                     .kind = ValueKind::number,
                     .most = 65'535},
                    {.name = "quiet", .letter = 'q', .meaning = "say nothing"},
                    {.name = "list", .meaning = "list", .negation = Negation::with_no},
                    {.name = "listen",
                     .letter = 'l',
                     .value = "ENDPOINT",
                     .meaning = "where",
                     .kind = ValueKind::notation,
                     .notation = &endpoint_notation,
                     .repeat = Repeat::collected},
                    {.name = "wait",
                     .letter = 'w',
                     .value = "TIME",
                     .meaning = "how long",
                     .kind = ValueKind::duration,
                     .fallback = "3s"},
                    {.name = "log",
                     .value = "FORMAT",
                     .meaning = "format",
                     .kind = ValueKind::choice,
                     .choices = {"text", "json", "off"}},
                    {.name = "set",
                     .value = "NAME=VALUE",
                     .meaning = "limit",
                     .kind = ValueKind::notation,
                     .notation = &limit_notation,
                     .repeat = Repeat::collected},
                    {.name = "strict",
                     .value = "TIME",
                     .meaning = "for how long",
                     .kind = ValueKind::duration,
                     .if_alone = "1h"},
                    {.name = "file", .value = "FILE", .meaning = "a file", .kind = ValueKind::file},
                    {.name = "key", .value = "KEY", .meaning = "a secret", .secrecy = Secrecy::secret}},
        .other_names = {{"--bind", "listen"},
                        {"-b", "listen"},
                        {"--at", "listen", "127.0.0.1:"},
                        {"--silent", "quiet"},
                        {"--password", "key"},
                        {"-d", ""}},
    };
    return command;
}

Arguments arguments_of(const Words& words) {
    const Parsed parsed = parse_arguments(table(), words);
    EXPECT_TRUE(parsed && *parsed) << (parsed ? "help" : parsed.error().message);
    return **parsed;
}

struct PortRow {
    const char* name;
    Words words;
};
class PortWritten : public testing::TestWithParam<PortRow> {};

TEST_P(PortWritten, InThisWayIsTaken) { EXPECT_EQ(arguments_of(GetParam().words).number("port"), 80U); }
INSTANTIATE_TEST_SUITE_P(CommandLine, PortWritten,
                         testing::Values(PortRow{"LongEquals", {"--port=80"}}, PortRow{"LongSpace", {"--port", "80"}},
                                         PortRow{"ShortSpace", {"-p", "80"}}, PortRow{"ShortJoined", {"-p80"}},
                                         PortRow{"BehindASwitch", {"-qp80"}},
                                         PortRow{"BehindAnArgument", {"cup", "-p", "80"}},
                                         PortRow{"LastOfTwo", {"-p", "79", "--port=80"}}),
                         row_name);

TEST(CommandLine, ValueMayBeLeftOut) {
    EXPECT_EQ(arguments_of({"--strict", "cup"}).duration("strict"), std::chrono::hours(1));
    EXPECT_EQ(arguments_of({"--strict", "cup"}).positional(0), "cup");
    EXPECT_EQ(arguments_of({"--strict=5s", "cup"}).duration("strict"), std::chrono::seconds(5));
    EXPECT_FALSE(arguments_of({"cup"}).has("strict"));
    EXPECT_EQ(retyped(arguments_of({"--strict=5s", "cup"}), {}, "-q"), "portico pour cup --strict=5s -q");
    EXPECT_THAT(help_of(table()), HasSubstr("--strict[=TIME]"));
}

struct MisuseRow {
    const char* name;
    Words words;
    const char* said;
};
class Refused : public testing::TestWithParam<MisuseRow> {};

TEST_P(Refused, SaysWhatIsWrong) {
    const Parsed parsed = parse_arguments(table(), GetParam().words);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().said));
    EXPECT_EQ(parsed.error().advice, "portico pour --help");
}
INSTANTIATE_TEST_SUITE_P(
    CommandLine, Refused,
    testing::Values(
        MisuseRow{"SlipOfTheFinger", {"--prot", "80"}, "pour has no option '--prot'; did you mean '--port'?"},
        MisuseRow{"SlipInANegation", {"--no-lst"}, "did you mean '--no-list'?"},
        MisuseRow{"UnknownLetter", {"-x"}, "pour has no option '-x'"}, MisuseRow{"UnknownInACluster", {"-qx"}, "'-x'"},
        MisuseRow{"NoTimeAfterEquals", {"--strict="}, "--strict: '' is not a time"},
        MisuseRow{"ValueMissing", {"--port"}, "--port needs a value"},
        MisuseRow{"ShortValueMissing", {"-p"}, "-p needs a value"},
        MisuseRow{"NoNumber", {"--port", "http"}, "--port: 'http' is not a number from 0 to 65535"},
        MisuseRow{"NumberTooLarge", {"-p", "70000"}, "from 0 to 65535"},
        MisuseRow{"NumberSigned", {"-p", "-1"}, "'-1' is not a number"},
        MisuseRow{"NoTime", {"-w", "soon"}, "'soon' is not a time such as 500ms"},
        MisuseRow{"NoEndpoint", {"-l", "host:99999"}, "'host:99999' is not an endpoint"},
        MisuseRow{"NoChoice", {"--log", "jsn"}, "'jsn' is not text, json or off; did you mean 'json'?"},
        MisuseRow{"ValueForASwitch", {"--quiet=yes"}, "--quiet takes no value"},
        MisuseRow{"ValueForANegation", {"--no-list=1"}, "--no-list takes no value"},
        MisuseRow{"NegationOfWhatHasNone", {"--no-quiet"}, "has no option '--no-quiet'"}),
    row_name);

struct AdviceRow {
    const char* name;
    Words words;
    const char* message;
    const char* advice;
};
class Advised : public testing::TestWithParam<AdviceRow> {};

TEST_P(Advised, SaysWhatToTypeInstead) {
    const Parsed parsed = parse_arguments(table(), GetParam().words);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().message));
    EXPECT_EQ(parsed.error().advice, GetParam().advice);
    EXPECT_THAT(parsed.error().message + parsed.error().advice, testing::Not(HasSubstr("hunter2")));
}
INSTANTIATE_TEST_SUITE_P(
    CommandLine, Advised,
    testing::Values(
        AdviceRow{"Limit", {"--set", "head_tme_max=3s"}, "did you mean 'head_time_max'?", "portico help limits"},
        AdviceRow{"LimitWithoutAValue", {"--set=head_time_max"}, "--set", "portico help limits"},
        AdviceRow{"Endpoint",
                  {"cup", "-l", "localhost", "-q"},
                  "'localhost' is not an endpoint",
                  "portico pour cup -l localhost:8080 -q"},
        AdviceRow{"EndpointBehindEquals",
                  {"--listen=http://[::1]:90/"},
                  "is not an endpoint",
                  "portico pour --listen '[::1]:90'"},
        AdviceRow{"EndpointJoined", {"-llocalhost"}, "is not an endpoint", "portico pour -l localhost:8080"},
        AdviceRow{"OtherName",
                  {"cup", "--bind", "0.0.0.0", "more"},
                  "pour has no option '--bind'; use '--listen'",
                  "portico pour cup --listen 0.0.0.0:8080 more"},
        AdviceRow{"OtherNameBehindEquals", {"--bind=:90"}, "use '--listen'", "portico pour --listen :90"},
        AdviceRow{"OtherLetter", {"-b", ":90"}, "pour has no option '-b'; use '--listen'", "portico pour --listen :90"},
        AdviceRow{"OtherNameWithoutAValue", {"--bind"}, "use '--listen'", "portico pour --listen ENDPOINT"},
        AdviceRow{"OtherNameBeforeAnOption", {"--bind", "-q"}, "use '--listen'", "portico pour --listen ENDPOINT -q"},
        AdviceRow{"OtherNameWithAPrefix", {"--at", "90"}, "use '--listen'", "portico pour --listen 127.0.0.1:90"},
        AdviceRow{"OtherNameOfASwitch", {"--silent", "cup"}, "use '--quiet'", "portico pour --quiet cup"},
        AdviceRow{"OtherNameOfAnArgument",
                  {"-d", "my cup", "-q"},
                  "pour has no option '-d'; CUP is an argument",
                  "portico pour 'my cup' -q"},
        AdviceRow{"Version", {"--version"}, "pour has no option '--version'", "portico --version"},
        AdviceRow{"EmptyFolder", {""}, "the argument CUP is empty", "portico pour ."},
        AdviceRow{"EmptyArgument", {"cup", ""}, "the argument MORE is empty", "portico pour --help"},
        AdviceRow{"EmptyFile", {"--file", ""}, "--file: the value is empty", "portico pour --help"},
        AdviceRow{"SecretBefore",
                  {"--key", "hunter2", "-l", "localhost"},
                  "is not an endpoint",
                  "portico pour --key KEY -l localhost:8080"},
        AdviceRow{"SecretBehindEquals",
                  {"-l", "localhost", "--key=hunter2"},
                  "is not an endpoint",
                  "portico pour -l localhost:8080 --key KEY"},
        AdviceRow{"SecretOfAnotherName",
                  {"cup", "--password", "hunter2", "-q"},
                  "pour has no option '--password'; use '--key'",
                  "portico pour cup --key KEY -q"},
        AdviceRow{"SecretOfAnotherNameBehindEquals",
                  {"--password=hunter2"},
                  "pour has no option '--password'; use '--key'",
                  "portico pour --key KEY"}),
    row_name);

TEST(CommandLine, CollectsWhatMayBeRepeated) {
    const Arguments arguments = arguments_of({"-l", ":80", "--listen=unix:/x", "a", "b", "c"});
    EXPECT_THAT(arguments.values("listen"), ElementsAre(":80", "unix:/x"));
    EXPECT_THAT(arguments.positionals(), ElementsAre("a", "b", "c"));
    EXPECT_EQ(arguments.positional(1), "b");
    EXPECT_EQ(arguments.positional(3), std::nullopt);
}

TEST(CommandLine, FallsBackWhereNothingIsGiven) {
    const Arguments arguments = arguments_of({});
    EXPECT_EQ(arguments.duration("wait"), std::chrono::seconds(3));
    EXPECT_FALSE(arguments.has("wait"));
    EXPECT_EQ(arguments.number("port"), std::nullopt);
    EXPECT_THAT(arguments.values("listen"), IsEmpty());
    EXPECT_THAT(arguments.values("wait"), ElementsAre("3s"));
}

TEST(CommandLine, TheLastOfANegatedPairCounts) {
    const Arguments off = arguments_of({"--list", "--no-list"});
    EXPECT_FALSE(off.has("list"));
    EXPECT_TRUE(off.has("no-list"));
    const Arguments on = arguments_of({"--no-list", "--list"});
    EXPECT_TRUE(on.has("list"));
    EXPECT_FALSE(on.has("no-list"));
}

TEST(CommandLine, TakesWordsBehindTwoDashesAsTheyAre) {
    EXPECT_THAT(arguments_of({"--", "--port", "-q"}).positionals(), ElementsAre("--port", "-q"));
    EXPECT_THAT(arguments_of({"-"}).positionals(), ElementsAre("-"));
}

TEST(CommandLine, HelpIsHelpWhateverElseIsThere) {
    for (const Words& words : {Words{"--help"}, Words{"-h"}, Words{"-qh"}, Words{"cup", "--help", "--nonsense"}}) {
        const Parsed parsed = parse_arguments(table(), words);
        ASSERT_TRUE(parsed.has_value());
        EXPECT_FALSE(parsed->has_value());
    }
}

TEST(CommandLine, CountsItsArguments) {
    static const Command one{.name = "one",
                             .summary = "",
                             .arguments = {{.name = "SHELL",
                                            .meaning = "the shell",
                                            .kind = ValueKind::choice,
                                            .presence = Presence::required,
                                            .choices = {"bash", "zsh"}}}};
    static const Command none{.name = "none", .summary = ""};
    EXPECT_THAT(parse_arguments(one, Words{}).error().message,
                HasSubstr("one needs the argument SHELL: the shell (bash or zsh)"));
    EXPECT_THAT(parse_arguments(one, Words{"bash", "zsh"}).error().message,
                HasSubstr("one takes 1 argument, but 'zsh' was given too"));
    EXPECT_THAT(parse_arguments(one, Words{"bsh"}).error().message, HasSubstr("did you mean 'bash'?"));
    EXPECT_THAT(parse_arguments(none, Words{"x"}).error().message, HasSubstr("takes no arguments"));
}

}  // namespace
}  // namespace portico::cli
