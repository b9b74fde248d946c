// What authorities answer: the valid, the invalid, and what is too much.
#include "portico/acme/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "portico/acme/names.h"
#include "portico/base/row_name_for_test.h"

namespace portico::acme {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// An example of RFC 8555 §7.1.1.
constexpr std::string_view directory_text = R"({
  "newNonce": "https://example.com/acme/new-nonce", "newAccount": "https://example.com/acme/new-account",
  "newOrder": "https://example.com/acme/new-order", "newAuthz": "https://example.com/acme/new-authz",
  "revokeCert": "https://example.com/acme/revoke-cert", "keyChange": "https://example.com/acme/key-change",
  "renewalInfo": "https://example.com/acme/renewal-info",
  "meta": {"termsOfService": "https://example.com/acme/terms/2017-5-30", "website": "https://www.example.com/",
           "caaIdentities": ["example.com"], "externalAccountRequired": true}})";

TEST(Directories, SayWhereWhatIs) {
    const auto directory = read_directory(directory_text);
    ASSERT_TRUE(directory) << directory.error();
    EXPECT_EQ(directory->new_nonce, "https://example.com/acme/new-nonce");
    EXPECT_EQ(directory->new_account, "https://example.com/acme/new-account");
    EXPECT_EQ(directory->new_order, "https://example.com/acme/new-order");
    EXPECT_EQ(directory->revoke_certificate, "https://example.com/acme/revoke-cert");
    EXPECT_EQ(directory->renewal_info, "https://example.com/acme/renewal-info");
    EXPECT_EQ(directory->terms_of_service, "https://example.com/acme/terms/2017-5-30");
    EXPECT_TRUE(directory->needs_external_account);
}

// An example of §7.1.3.
constexpr std::string_view order_text = R"({
  "status": "valid", "expires": "2016-01-20T14:09:07.99Z",
  "identifiers": [{"type": "dns", "value": "www.example.org"}, {"type": "dns", "value": "example.org"}],
  "authorizations": ["https://example.com/acme/authz/PAniVnsZcis", "https://example.com/acme/authz/r4HqLzrSrpI"],
  "finalize": "https://example.com/acme/order/TOlocE8rfgo/finalize",
  "certificate": "https://example.com/acme/cert/mAt3xBGaobw"})";

TEST(Orders, SayWhatIsToBeDone) {
    const auto order = read_order(order_text);
    ASSERT_TRUE(order) << order.error();
    EXPECT_EQ(order->status, OrderStatus::valid);
    EXPECT_THAT(order->authorizations, ElementsAre("https://example.com/acme/authz/PAniVnsZcis",
                                                   "https://example.com/acme/authz/r4HqLzrSrpI"));
    EXPECT_EQ(order->finalize, "https://example.com/acme/order/TOlocE8rfgo/finalize");
    EXPECT_EQ(order->certificate, "https://example.com/acme/cert/mAt3xBGaobw");
    EXPECT_FALSE(order->error);
}

// An example of §7.1.4, with an error.
constexpr std::string_view authorization_text = R"({
  "status": "invalid", "expires": "2015-03-01T14:09:07.99Z", "identifier": {"type": "dns", "value": "www.example.org"},
  "challenges": [{"url": "https://example.com/acme/chall/prV_B7yEyA4", "type": "http-01", "status": "invalid",
                  "token": "DGyRejmCefe7v4NfDGDKfA",
                  "error": {"type": "urn:ietf:params:acme:error:unauthorized", "detail": "no\u001b[2J"}},
                 {"url": "https://example.com/acme/chall/x", "type": "device-attest-01", "status": "pending"}],
  "wildcard": false})";

TEST(Authorizations, OfferChallenges) {
    const auto authorization = read_authorization(authorization_text);
    ASSERT_TRUE(authorization) << authorization.error();
    EXPECT_EQ(authorization->status, AuthorizationStatus::invalid);
    EXPECT_EQ(authorization->name, "www.example.org");
    ASSERT_EQ(authorization->challenges.size(), 2U);
    const Challenge& challenge = authorization->challenges.front();
    EXPECT_EQ(challenge.type, "http-01");
    EXPECT_EQ(challenge.token, "DGyRejmCefe7v4NfDGDKfA");
    EXPECT_EQ(challenge.status, ChallengeStatus::invalid);
    ASSERT_TRUE(challenge.error);
    EXPECT_EQ(challenge.error->type, "unauthorized");
    EXPECT_EQ(challenge.error->detail, "no\\x1b[2J") << "a terminal is not at the authority's command";
}

TEST(Problems, MayLackEverything) {
    const auto problem = read_problem("{}");
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->type + problem->detail, "");
    EXPECT_EQ(read_problem(R"({"type":"about:blank","detail":5})")->type, "about:blank");
    EXPECT_FALSE(read_problem("<html>"));
    const std::string long_detail = R"({"detail":")" + std::string(5000, 'x') + R"("})";
    EXPECT_EQ(read_problem(long_detail)->detail.size(), detail_octets_max);
}

std::string changed(std::string_view text, std::string_view from, std::string_view to) {
    std::string whole(text);
    const std::size_t at = whole.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return whole.replace(at, from.size(), to);
}

struct WrongRow {
    const char* name;
    std::string_view text;
    std::string_view from;
    std::string to;
    std::string_view why;
};
class WrongDocuments : public testing::TestWithParam<WrongRow> {};

TEST_P(WrongDocuments, AreRefused) {
    const WrongRow& row = GetParam();
    const std::string text = changed(row.text, row.from, row.to);
    std::string error = "none";
    if (row.text == directory_text) {
        const auto read = read_directory(text);
        if (!read) error = read.error();
    } else if (row.text == order_text) {
        const auto read = read_order(text);
        if (!read) error = read.error();
    } else {
        const auto read = read_authorization(text);
        if (!read) error = read.error();
    }
    EXPECT_THAT(error, HasSubstr(row.why));
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

INSTANTIATE_TEST_SUITE_P(
    Rfc8555, WrongDocuments,
    testing::Values(
        WrongRow{"NotJson", directory_text, "{", "(", "not JSON"},
        WrongRow{"NotAnObject", directory_text, directory_text, "[]", "not a JSON object"},
        WrongRow{"Cut", directory_text, "}}", "}", "not JSON"},
        WrongRow{"NotUtf8", directory_text, "2017", "\xff", "not JSON"},
        WrongRow{"TooLong", directory_text, "{", "{" + std::string(document_octets_max, ' '), "too long"},
        WrongRow{"TooDeep", directory_text, "true}", "true, \"x\": " + std::string(100'000, '['), "too deeply"},
        WrongRow{"LacksAnAddress", directory_text, "newNonce", "oldNonce", "newNonce is missing"},
        WrongRow{"HttpWithoutTls", directory_text, "https://example.com/acme/new-o", "http://example.com/o",
                 "newOrder is not an https:// address"},
        WrongRow{"AnAddressWithASpace", directory_text, "acme/new-order", "acme/new order", "newOrder is not"},
        WrongRow{"AnAddressThatIsTooLong", directory_text, "acme/new-order", std::string(url_octets_max, 'x'),
                 "newOrder is not"},
        WrongRow{"ANumberForAnAddress", directory_text, "\"https://example.com/acme/renewal-info\"", "5",
                 "renewalInfo is not"},
        WrongRow{"UnknownStatus", order_text, "valid", "perfect", "status 'perfect' is unknown"},
        WrongRow{"AuthorizationsThatAreNoList", order_text, "[\"https://example.com/acme/authz/PAniVnsZcis\", ",
                 "{}, \"x\": [", "authorizations is not an array"},
        WrongRow{"AuthorizationsThatAreNoAddresses", order_text, "\"https://example.com/acme/authz/PAniVnsZcis\"", "5",
                 "authorizations is not a list of"},
        WrongRow{"TooManyAuthorizations", order_text, "\"https://example.com/acme/authz/PAniVnsZcis\"",
                 repeated("\"https://a.example/\",", list_length_max) + "\"https://a.example/\"",
                 "authorizations has too many"},
        WrongRow{"ValidWithoutCertificate", order_text, "\"certificate\"", "\"x\"", "certificate is missing"},
        WrongRow{"ForAnAddress", authorization_text, "dns", "ip", "identifier is not that of a name"},
        WrongRow{"ATokenThatIsAPath", authorization_text, "DGyRejmCefe7v4NfDGDKfA", "../etc/passwd", "token is not"},
        WrongRow{"ATokenThatIsTooLong", authorization_text, "DGyRejmCefe7v4NfDGDKfA",
                 std::string(token_octets_max + 1, 'x'), "token is not"},
        WrongRow{"AChallengeWithoutAType", authorization_text, "\"http-01\"", "\"\"", "no type"},
        WrongRow{"AChallengeThatIsNoObject", authorization_text, "[{", "[5, {", "not an object"}),
    row_name);

TEST(Documents, AtTheirLimitsAreRead) {
    std::string depth = "true, \"x\": ";
    // The directory itself is at depth 1, "meta" at depth 2.
    for (int i = 2; i < document_depth_max; ++i) depth += '[';
    for (int i = 2; i < document_depth_max; ++i) depth += ']';
    EXPECT_TRUE(read_directory(changed(directory_text, "true}", depth + "}")));
    const std::string room(document_octets_max - directory_text.size(), ' ');
    EXPECT_TRUE(read_directory(std::string(directory_text) + room));
    EXPECT_FALSE(read_directory(std::string(directory_text) + room + ' '));
    const std::string longest = repeated("\"https://a.example/\",", list_length_max - 2) + "\"https://a.example/\"";
    EXPECT_TRUE(read_order(changed(order_text, "\"https://example.com/acme/authz/PAniVnsZcis\"", longest)));
    EXPECT_TRUE(
        read_authorization(changed(authorization_text, "DGyRejmCefe7v4NfDGDKfA", std::string(token_octets_max, 'x'))));
    EXPECT_TRUE(is_https("https://" + std::string(url_octets_max - 8, 'a')));
    EXPECT_FALSE(is_https("https://" + std::string(url_octets_max - 7, 'a')));
    EXPECT_FALSE(is_https("https://"));
    EXPECT_FALSE(is_https("https:///path"));
}

struct TimeRow {
    const char* name;
    std::string_view text;
    std::optional<std::int64_t> seconds;
};
class Times : public testing::TestWithParam<TimeRow> {};

TEST_P(Times, AreThoseOfRfc3339) {
    const auto time = read_time(GetParam().text);
    ASSERT_EQ(time.has_value(), GetParam().seconds.has_value());
    if (time) {
        EXPECT_EQ(time->time_since_epoch().count(), *GetParam().seconds);
    }
}

INSTANTIATE_TEST_SUITE_P(Rfc3339, Times,
                         testing::Values(TimeRow{"Utc", "2025-01-02T04:00:00Z", 1735790400},
                                         TimeRow{"LowerCase", "2025-01-02t04:00:00z", 1735790400},
                                         TimeRow{"Fraction", "2025-01-02T04:00:00.9999Z", 1735790400},
                                         TimeRow{"East", "2025-01-02T05:30:00+01:30", 1735790400},
                                         TimeRow{"West", "2025-01-01T20:00:00-08:00", 1735790400},
                                         TimeRow{"LeapDay", "2024-02-29T00:00:00Z", 1709164800},
                                         TimeRow{"LeapSecond", "2016-12-31T23:59:60Z", 1483228800},
                                         TimeRow{"NoLeapDay", "2025-02-29T00:00:00Z", std::nullopt},
                                         TimeRow{"NoZone", "2025-01-02T04:00:00", std::nullopt},
                                         TimeRow{"NoTime", "2025-01-02", std::nullopt},
                                         TimeRow{"NoFraction", "2025-01-02T04:00:00.Z", std::nullopt},
                                         TimeRow{"TooLate", "2025-01-02T24:00:00Z", std::nullopt},
                                         TimeRow{"Month13", "2025-13-02T04:00:00Z", std::nullopt},
                                         TimeRow{"MoreAfterIt", "2025-01-02T04:00:00Z ", std::nullopt},
                                         TimeRow{"MoreAfterTheOffset", "2025-01-02T04:00:00+01:000", std::nullopt},
                                         TimeRow{"OddOffset", "2025-01-02T04:00:00+24:00", std::nullopt},
                                         TimeRow{"Empty", "", std::nullopt}),
                         row_name);

// RFC 9773 §4.2.
TEST(RenewalInfo, IsAWindow) {
    const auto window = read_renewal_info(
        R"({"suggestedWindow":{"start":"2025-01-02T04:00:00Z","end":"2025-01-03T04:00:00Z"},"explanationURL":"https://a"})");
    ASSERT_TRUE(window) << window.error();
    EXPECT_EQ(window->end - window->start, std::chrono::days(1));
    EXPECT_FALSE(read_renewal_info("{}"));
    EXPECT_FALSE(
        read_renewal_info(R"({"suggestedWindow":{"start":"2025-01-03T04:00:00Z","end":"2025-01-03T04:00:00Z"}})"))
        << "the end is not after the start";
    EXPECT_FALSE(read_renewal_info(R"({"suggestedWindow":{"start":"today","end":"2025-01-03T04:00:00Z"}})"));
}

struct NameRow {
    const char* name;
    std::string text;
    std::string read;  // empty: it is refused
};
class Names : public testing::TestWithParam<NameRow> {};

TEST_P(Names, AreThoseOfHosts) {
    const auto name = read_name(GetParam().text);
    EXPECT_EQ(name.value_or(""), GetParam().read);
    if (!name) {
        EXPECT_NE(name.error(), "");
    }
}

INSTANTIATE_TEST_SUITE_P(
    Acme, Names,
    testing::Values(
        NameRow{"Usual", "example.org", "example.org"}, NameRow{"UpperCase", "Example.ORG", "example.org"},
        NameRow{"DotAtTheEnd", "example.org.", "example.org"}, NameRow{"Wildcard", "*.example.org", "*.example.org"},
        NameRow{"International", "xn--bcher-kva.example", "xn--bcher-kva.example"},
        NameRow{"OneLabel", "localhost", "localhost"},
        NameRow{"LongestLabel", std::string(63, 'a') + ".org", std::string(63, 'a') + ".org"},
        NameRow{"LabelTooLong", std::string(64, 'a') + ".org", ""},
        NameRow{"TooLong", repeated("abcdefg.", 31) + "abcdef", ""},
        NameRow{"Longest", repeated("abcdefg.", 31) + "abcde", repeated("abcdefg.", 31) + "abcde"},
        NameRow{"Empty", "", ""}, NameRow{"EmptyLabel", "a..b", ""}, NameRow{"LeadingDot", ".org", ""},
        NameRow{"Climbing", "../x", ""}, NameRow{"StarInside", "a.*.org", ""}, NameRow{"StarAlone", "*", ""},
        NameRow{"StarInALabel", "a*.org", ""}, NameRow{"Underscore", "_acme.example.org", ""},
        NameRow{"HyphenFirst", "-a.org", ""}, NameRow{"HyphenLast", "a-.org", ""}, NameRow{"Space", "a b.org", ""},
        NameRow{"Ipv4", "192.0.2.1", ""}, NameRow{"Ipv6", "2001:db8::1", ""}, NameRow{"Comma", "a.org,b.org", ""}),
    row_name);

}  // namespace
}  // namespace portico::acme
