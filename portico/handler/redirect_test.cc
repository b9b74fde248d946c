// portico/handler/redirect_test.cc — where clients are led, and how.
#include "portico/handler/redirect.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "portico/io/sim/sim_kernel.h"
#include "portico/link/exchange_for_test.h"

namespace portico::handler {
namespace {

struct RedirectRow {
    const char* name;
    std::string_view method;
    std::string_view authority;
    std::string_view target;
    std::uint16_t port;
    http::Status status;
    std::string_view location;
};

class Redirects : public testing::TestWithParam<RedirectRow> {};

TEST_P(Redirects, LeadToTheSameTargetWithHttps) {
    io::SimKernel kernel(1, {});
    io::Core core(kernel);
    const link::InboundLimits limits;
    link::InboundContext context(core, limits);
    const io::SocketAddress peer;
    http::Request request;
    request.method_token = GetParam().method;
    request.method = http::recognise_method(request.method_token);
    request.authority = GetParam().authority;
    request.target = GetParam().target;
    const std::size_t question = request.target.find('?');
    request.path = request.target.substr(0, question);
    request.has_query = question != std::string_view::npos;
    if (request.has_query) request.query = request.target.substr(question + 1);
    link::ExchangeForTest exchange(context, peer, std::move(request));
    ToHttps handler(GetParam().port);
    EXPECT_TRUE(handler.answer_at_once(exchange));
    EXPECT_EQ(exchange.response().status, GetParam().status);
    EXPECT_EQ(exchange.response().fields.find(http::FieldName::location).value_or(""), GetParam().location);
    exchange.release();
}

constexpr auto moved = http::Status::moved_permanently;
constexpr auto repeated = http::Status::permanent_redirect;

INSTANTIATE_TEST_SUITE_P(
    Rfc9110, Redirects,
    testing::Values(RedirectRow{"UsualPorts", "GET", "example.org", "/a", 443, moved, "https://example.org/a"},
                    RedirectRow{"OwnPorts", "GET", "example.org:8080", "/", 8443, moved, "https://example.org:8443/"},
                    RedirectRow{"Query", "HEAD", "a:80", "/b%20c?d=e&f", 443, moved, "https://a/b%20c?d=e&f"},
                    RedirectRow{"EmptyQuery", "GET", "a", "/b?", 443, moved, "https://a/b?"},
                    RedirectRow{"Address", "GET", "192.0.2.1:80", "/", 443, moved, "https://192.0.2.1/"},
                    RedirectRow{"AddressInBrackets", "GET", "[2001:db8::1]", "/", 8443, moved,
                                "https://[2001:db8::1]:8443/"},
                    RedirectRow{"AddressInBracketsWithPort", "GET", "[::1]:8080", "/", 443, moved, "https://[::1]/"},
                    RedirectRow{"Post", "POST", "a", "/", 443, repeated, "https://a/"},
                    RedirectRow{"UnknownMethod", "BREW", "a", "/", 443, repeated, "https://a/"},
                    RedirectRow{"DoubleSlash", "GET", "a", "//evil.example/", 443, moved, "https://a//evil.example/"},
                    RedirectRow{"NoHost", "GET", "", "/", 443, http::Status::bad_request, ""},
                    RedirectRow{"OnlyAPort", "GET", ":80", "/", 443, http::Status::bad_request, ""}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace portico::handler
