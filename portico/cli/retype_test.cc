// portico/cli/retype_test.cc — how words are quoted for a shell.
//
// Room cli: see command.h.
#include "portico/cli/retype.h"

#include <gtest/gtest.h>

#include <string_view>

#include "portico/base/row_name_for_test.h"

namespace portico::cli {
namespace {

struct QuotedRow {
    const char* name;
    std::string_view word;
    std::string_view quoted;
};
class ShellQuoted : public testing::TestWithParam<QuotedRow> {};

TEST_P(ShellQuoted, IsTakenUnchanged) { EXPECT_EQ(shell_quoted(GetParam().word), GetParam().quoted); }
INSTANTIATE_TEST_SUITE_P(Retype, ShellQuoted,
                         testing::Values(QuotedRow{"Plain", "/srv/a-b_c.d", "/srv/a-b_c.d"},
                                         QuotedRow{"Empty", "", "''"}, QuotedRow{"Space", "a b", "'a b'"},
                                         QuotedRow{"Quote", "it's", "'it'\\''s'"},
                                         QuotedRow{"Dollar", "$HOME", "'$HOME'"}, QuotedRow{"Tilde", "~x", "'~x'"}),
                         row_name);

}  // namespace
}  // namespace portico::cli
