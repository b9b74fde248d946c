// portico/app/terminal_test.cc — notices, colours and QR codes.
//
// Room app: see command.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "portico/app/command.h"
#include "portico/app/notice.h"
#include "portico/app/qr.h"
#include "portico/base/row_name_for_test.h"
#include "portico/cli/columns.h"
#include "portico/io/pipe_for_test.h"

namespace portico::app {
namespace {

TEST(Notice, NamesWhatFailedAndWhatToType) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(complain("it broke", "this\nthat"), exit_failure);
    EXPECT_EQ(complain_of_misuse("typo"), exit_misuse);
    note("by the way");
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "portico: error: it broke\n  try: this\n  try: that\nportico: error: typo\nportico: note: by the way\n");
}

// Sets or removes an environment variable until the end of the block.
class Variable {
public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* const before = std::getenv(name)) before_ = before;
        set(value);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable() { set(before_ ? before_->c_str() : nullptr); }

private:
    void set(const char* value) const {
        if (value == nullptr)
            ::unsetenv(name_);
        else
            ::setenv(name_, value, 1);
    }
    const char* name_;
    std::optional<std::string> before_;
};

struct ColourRow {
    const char* name;
    Colouring colouring;
    const char* no_color;
    const char* forced;
    bool coloured;
};
class Colours : public testing::TestWithParam<ColourRow> {};

// Standard input of a test is not a terminal. A pipe stands for an output that is not a terminal either.
TEST_P(Colours, AreWrittenWhereTheyAreWanted) {
    const io::TestPipe pipe = io::make_test_pipe();
    const Variable no_color("NO_COLOR", GetParam().no_color);
    const Variable forced("CLICOLOR_FORCE", GetParam().forced);
    EXPECT_EQ(wants_colour(GetParam().colouring, pipe.write_end->number()), GetParam().coloured);
}
INSTANTIATE_TEST_SUITE_P(Notice, Colours,
                         testing::Values(ColourRow{"Pipe", Colouring::automatic, nullptr, nullptr, false},
                                         ColourRow{"Forced", Colouring::automatic, nullptr, "1", true},
                                         ColourRow{"ForcedByZero", Colouring::automatic, nullptr, "0", false},
                                         ColourRow{"NoColorIsStronger", Colouring::automatic, "1", "1", false},
                                         ColourRow{"EmptyNoColor", Colouring::automatic, "", "1", true},
                                         ColourRow{"AskedFor", Colouring::always, "1", nullptr, true},
                                         ColourRow{"Refused", Colouring::never, nullptr, "1", false}),
                         row_name);

TEST(QrCode, IsASquareOfHalfBlocks) {
    const auto code = qr_code("http://192.168.1.7:8080/", QrColours::the_terminals);
    ASSERT_TRUE(code.has_value());
    // Version 2 has 25 modules, and 4 quiet ones on each side: 33 columns and half as many lines.
    EXPECT_EQ(std::ranges::count(*code, '\n'), 17);
    EXPECT_EQ(cli::columns_of(std::string_view(*code).substr(0, code->find('\n'))), 33U);
    EXPECT_EQ(code->find('\x1b'), std::string::npos);
    EXPECT_NE(qr_code("x", QrColours::black_on_white)->find("\x1b[97;40m"), std::string::npos);
    EXPECT_EQ(qr_code(std::string(4000, 'x'), QrColours::the_terminals), std::nullopt);
}

}  // namespace
}  // namespace portico::app
