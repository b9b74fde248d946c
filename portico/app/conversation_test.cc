// portico/app/conversation_test.cc — LF becomes CRLF, however the octets are cut into pieces.
//
// Room app: see command.h.
#include "portico/app/conversation.h"

#include <gtest/gtest.h>

#include "portico/base/row_name_for_test.h"

namespace portico::app {
namespace {

struct CrlfRow {
    const char* name;
    std::string_view octets;
    std::string_view sent;
};
class WithCrlf : public testing::TestWithParam<CrlfRow> {};

TEST_P(WithCrlf, IsTheSameHoweverOctetsArrive) {
    const std::string_view octets = GetParam().octets;
    for (std::size_t piece = 1; piece <= octets.size() + 1; ++piece) {
        std::string sent;
        bool after_cr = false;
        for (std::size_t at = 0; at < octets.size(); at += piece) {
            sent += with_crlf(octets.substr(at, piece), after_cr);
        }
        EXPECT_EQ(sent, GetParam().sent) << piece;
    }
}
INSTANTIATE_TEST_SUITE_P(All, WithCrlf,
                         testing::Values(CrlfRow{"Nothing", "", ""}, CrlfRow{"NoEnd", "abc", "abc"},
                                         CrlfRow{"Lf", "a\nb\n", "a\r\nb\r\n"}, CrlfRow{"CrLf", "a\r\nb", "a\r\nb"},
                                         CrlfRow{"Mixed", "a\r\n\nb", "a\r\n\r\nb"},
                                         CrlfRow{"CrAlone", "a\rb\r\r\n", "a\rb\r\r\n"}),
                         row_name);

}  // namespace
}  // namespace portico::app
