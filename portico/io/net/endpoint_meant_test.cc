// portico/io/net/endpoint_meant_test.cc — helpful guesses are made, and unhelpful ones are not.
#include "portico/io/net/endpoint_meant.h"
#include "portico/base/row_name_for_test.h"

#include <gtest/gtest.h>

namespace portico::io {
namespace {

struct MeantRow {
    const char* name;
    std::string_view written;
    std::optional<std::string> meant;
};
class EndpointMeant : public testing::TestWithParam<MeantRow> {};

TEST_P(EndpointMeant, IsTheTextWithoutItsMistake) {
    const auto meant = endpoint_meant_by(GetParam().written, 8080);
    EXPECT_EQ(meant, GetParam().meant);
    if (meant) {
        EXPECT_TRUE(parse_endpoint(*meant)) << *meant;
    }
}
INSTANTIATE_TEST_SUITE_P(
    All, EndpointMeant,
    testing::Values(MeantRow{"HostAlone", "localhost", "localhost:8080"},
                    MeantRow{"NoPort", "localhost:", "localhost:8080"},
                    MeantRow{"AddressAlone", "0.0.0.0", "0.0.0.0:8080"}, MeantRow{"BareV6", "::1", "[::1]:8080"},
                    MeantRow{"EveryV6", "::", "[::]:8080"}, MeantRow{"BracketsAlone", "[::1]", "[::1]:8080"},
                    MeantRow{"Url", "http://localhost:3000/x?y", "localhost:3000"},
                    MeantRow{"UrlWithoutAPort", "http://localhost/", "localhost:80"},
                    MeantRow{"HttpsUrl", "https://example.org/a", "example.org:443"},
                    MeantRow{"Slash", "localhost:80/", "localhost:80"}, MeantRow{"Star", "*:80", ":80"},
                    MeantRow{"StarAlone", "*", ":8080"}, MeantRow{"Path", "/run/x.sock", "unix:/run/x.sock"},
                    MeantRow{"RelativePath", "web.sock", "unix:web.sock"},
                    MeantRow{"UnixWithAHost", "unix://run/x", "unix:/run/x"},
                    MeantRow{"Blank", "localhost 80", "localhost:80"},
                    MeantRow{"BlankAndServiceMistyped", "localhost htpt", "localhost:http"},
                    MeantRow{"BlankAround", " localhost:80 ", "localhost:80"},
                    MeantRow{"SchemeMistyped", "tpc://localhost:80", "tcp://localhost:80"},
                    MeantRow{"SchemeWithoutAPort", "udp://localhost", "udp://localhost:8080"},
                    MeantRow{"ServiceMistyped", "localhost:htpt", "localhost:http"},
                    MeantRow{"PortTooLarge", "localhost:99999", std::nullopt}, MeantRow{"Empty", "", std::nullopt},
                    MeantRow{"Nonsense", "a b c:d e", std::nullopt}),
    row_name);

TEST(EndpointMeantBy, KeepsTheTransport) {
    EXPECT_EQ(endpoint_meant_by("localhost:domian", 53, EndpointScheme::udp), "localhost:domain");
}

}  // namespace
}  // namespace portico::io
