// portico/server/web_endpoint_test.cc — endpoints with and without a scheme.
#include "portico/server/web_endpoint.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace portico::server {
namespace {

struct EndpointRow {
    const char* name;
    std::string_view written;
    std::string_view endpoint;  // empty: it is refused
    Speech speech = Speech::unsaid;
};

class WebEndpoints : public testing::TestWithParam<EndpointRow> {};

TEST_P(WebEndpoints, SayWhatIsSpoken) {
    const auto parsed = parse_web_endpoint(GetParam().written);
    ASSERT_EQ(parsed.has_value(), !GetParam().endpoint.empty());
    if (!parsed) return;
    EXPECT_EQ(parsed->endpoint.text(), GetParam().endpoint);
    EXPECT_EQ(parsed->speech, GetParam().speech);
}

INSTANTIATE_TEST_SUITE_P(
    Written, WebEndpoints,
    testing::Values(EndpointRow{"Nothing", ":8080", "tcp://:8080"},
                    EndpointRow{"Tcp", "tcp://127.0.0.1:8080", "tcp://127.0.0.1:8080"},
                    EndpointRow{"Http", "http://:8080", "tcp://:8080", Speech::plain},
                    EndpointRow{"HttpWithASlash", "http://localhost:80/", "tcp://localhost:80", Speech::plain},
                    EndpointRow{"Https", "https://[::1]:8443", "tcp://[::1]:8443", Speech::tls},
                    EndpointRow{"Tls", "tls://:7443", "tcp://:7443", Speech::tls},
                    EndpointRow{"SocketWithTls", "https://unix:/run/x.sock", "unix:/run/x.sock", Speech::tls},
                    EndpointRow{"WithAPath", "http://localhost:80/a", ""}, EndpointRow{"OnlyAScheme", "https://", ""},
                    EndpointRow{"Empty", "", ""}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace portico::server
