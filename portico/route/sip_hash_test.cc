// Compares SipHash with its authors' values (appendix A of the paper, and vectors.h of their code).
#include "portico/route/sip_hash.h"
#include "portico/base/row_name_for_test.h"

#include <gtest/gtest.h>

#include <string>

namespace portico::route {
namespace {

constexpr HashKey reference_key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

std::string first_octets(int count) {
    std::string octets;
    for (int i = 0; i < count; ++i) octets += static_cast<char>(i);
    return octets;
}

struct VectorRow {
    const char* name;
    int octets;
    std::uint64_t hash;
};
class Vectors : public testing::TestWithParam<VectorRow> {};
TEST_P(Vectors, AreThoseOfTheAuthors) {
    EXPECT_EQ((sip_hash<2, 4>(reference_key, first_octets(GetParam().octets))), GetParam().hash);
}
INSTANTIATE_TEST_SUITE_P(SipHash24, Vectors,
                         testing::Values(VectorRow{"Empty", 0, 0x726fdb47dd0e0e31U},
                                         VectorRow{"One", 1, 0x74f839c593dc67fdU},
                                         VectorRow{"Seven", 7, 0xab0200f58b01d137U},
                                         VectorRow{"Eight", 8, 0x93f5f5799a932462U},
                                         VectorRow{"Fifteen", 15, 0xa129ca6149be45e5U}),
                         row_name);

TEST(SipHash, DependsOnTheKey) {
    const HashKey other{reference_key[0] ^ 1, reference_key[1]};
    EXPECT_NE((sip_hash<1, 3>(reference_key, "/index.html")), (sip_hash<1, 3>(other, "/index.html")));
}

}  // namespace
}  // namespace portico::route
