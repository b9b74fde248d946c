// portico/link/beginning_test.cc — what a connection's first octets begin.
#include "portico/link/beginning.h"

#include <gtest/gtest.h>

#include <string>

#include "portico/base/row_name_for_test.h"

namespace portico::link {
namespace {

struct BeginningRow {
    std::string name;
    std::string octets;
    Beginning beginning;
};

class FirstOctets : public testing::TestWithParam<BeginningRow> {};

TEST_P(FirstOctets, BeginHttp2OrNot) { EXPECT_EQ(beginning_of(GetParam().octets), GetParam().beginning); }

INSTANTIATE_TEST_SUITE_P(
    Table, FirstOctets,
    testing::Values(BeginningRow{"None", "", Beginning::unclear},
                    BeginningRow{"PartOfThePreface", "PRI * HTTP/2.0\r\n", Beginning::unclear},
                    BeginningRow{"ThePreface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Beginning::h2},
                    BeginningRow{"ThePrefaceAndMore", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n123", Beginning::h2},
                    BeginningRow{"ARequest", "GET / HTTP/1.1\r\n", Beginning::other},
                    BeginningRow{"ARequestThatBeginsLikeIt", "PRI / HTTP/1.1\r\n", Beginning::other}),
    row_name);

}  // namespace
}  // namespace portico::link
