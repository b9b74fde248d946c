// portico/app/notation_test.cc — endpoints and limits on a command line: what is refused, and what to type instead.
//
// Room app: see command.h.
#include "portico/app/notation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "portico/app/command.h"
#include "portico/app/serve_plan.h"
#include "portico/base/row_name_for_test.h"

namespace portico::app {
namespace {

using testing::HasSubstr;

struct NotationRow {
    const char* name;
    std::vector<std::string_view> words;
    const char* message;
    const char* advice;
};
class RefusedNotation : public testing::TestWithParam<NotationRow> {};

TEST_P(RefusedNotation, SaysWhatToTypeInstead) {
    static const Command serve = serve_table();
    const Parsed parsed = cli::parse_arguments(serve, GetParam().words);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().message));
    EXPECT_EQ(parsed.error().advice, GetParam().advice);
}
INSTANTIATE_TEST_SUITE_P(
    CommandLine, RefusedNotation,
    testing::Values(
        NotationRow{"Limit", {"--set", "head_tme_max=3s"}, "did you mean 'head_time_max'?", "portico help limits"},
        NotationRow{"LimitWithoutAValue", {"--set=head_time_max"}, "--set", "portico help limits"},
        NotationRow{"Endpoint", {"-l", "host:99999"}, "'host:99999' is not an endpoint", "portico serve --help"},
        NotationRow{"EndpointWithoutAPort",
                    {"cup", "-l", "localhost", "-q"},
                    "'localhost' is not an endpoint",
                    "portico serve cup -l localhost:8080 -q"},
        NotationRow{"EndpointAsAUrl",
                    {"--listen=http://[::1]:90/x"},
                    "is not an endpoint",
                    "portico serve --listen '[::1]:90'"}),
    row_name);

TEST(Notation, CompletesTheNamesOfLimits) {
    EXPECT_THAT(limit_notation.beginnings(), testing::Contains("head_time_max="));
}

}  // namespace
}  // namespace portico::app
