// When certificates are renewed, and orders tried again.
#include "portico/acme/schedule.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "portico/acme/store.h"

namespace portico::acme {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_seconds;

const sys_seconds noon = std::chrono::sys_days(std::chrono::year(2025) / 1 / 2) + hours(12);

TEST(Renewal, IsDueAfterTwoThirdsOfTheLifetime) {
    EXPECT_EQ(two_thirds(noon, noon + hours(90 * 24)), noon + hours(60 * 24));
    EXPECT_EQ(two_thirds(noon, noon + seconds(15)), noon + seconds(10));
}

TEST(Renewal, IsWithinTheAuthoritysWindow) {
    const RenewalWindow window{noon, noon + hours(2)};
    EXPECT_EQ(time_in(window, 0), noon);
    EXPECT_EQ(time_in(window, 0.5), noon + hours(1));
    EXPECT_EQ(time_in(window, 1), noon + hours(2));
    EXPECT_EQ(time_in(window, 7), noon + hours(2));
}

TEST(Staples, AreRenewedAfterHalfTheirValidity) {
    EXPECT_EQ(staple_due(noon, noon + hours(10), noon, 0), noon + hours(5));
    EXPECT_EQ(staple_due(noon, noon + hours(10), noon + hours(1), 1), noon + hours(6));
    EXPECT_EQ(staple_due(noon - hours(9), noon + hours(1), noon, 0), noon + seconds(1800)) << "it was old when it came";
    EXPECT_EQ(staple_due(noon - hours(900), noon + hours(100), noon, 0), noon + hours(1));
    EXPECT_EQ(staple_due(noon - hours(1), noon + seconds(10), noon, 0), noon + seconds(60));
}

TEST(BackOff, DoublesUpToHalfADay) {
    EXPECT_EQ(back_off(1, 1), seconds(10));
    EXPECT_EQ(back_off(1, 0), seconds(5));
    EXPECT_EQ(back_off(2, 1), seconds(20));
    EXPECT_EQ(back_off(5, 0.5), seconds(120));
    EXPECT_EQ(back_off(100, 1), hours(12));
    EXPECT_EQ(back_off(4'000'000'000U, 0), hours(6));
}

TEST(RetryAfter, IsANumberOrADate) {
    EXPECT_EQ(read_retry_after("120", noon), seconds(120));
    EXPECT_EQ(read_retry_after("0", noon), seconds(0));
    EXPECT_EQ(read_retry_after("Thu, 02 Jan 2025 12:01:00 GMT", noon), seconds(60));
    EXPECT_EQ(read_retry_after("Thu, 02 Jan 2025 11:59:00 GMT", noon), seconds(0)) << "it has passed";
    EXPECT_EQ(read_retry_after("4294967295", noon), hours(7 * 24)) << "the most that is heeded";
    EXPECT_EQ(read_retry_after("Fri, 02 Jan 2026 12:01:00 GMT", noon), hours(7 * 24));
    for (const std::string_view text : {"", "soon", "-1", "1.5", "99999999999999", "120 s"}) {
        EXPECT_FALSE(read_retry_after(text, noon)) << text;
    }
}

TEST(AttemptsAsText, AreReadBack) {
    const Attempts attempts{7, noon};
    EXPECT_EQ(read_attempts(text_of(attempts)), attempts);
    EXPECT_EQ(read_attempts(text_of(Attempts{})), Attempts{});
    for (const std::string_view text : {"", "7", "7 ", "x", "7 1735819200", "7 1735819200\n\n", "-7 1735819200\n"}) {
        EXPECT_EQ(read_attempts(text), Attempts{}) << text;
    }
}

TEST(Paths, AreBelowOneFolderForEachName) {
    EXPECT_EQ(certificate_path("example.org"), "names/example.org/certificate.pem");
    EXPECT_EQ(name_folder("*.example.org"), "names/_.example.org");
    const std::string account = account_folder("https://acme.example.org:14000/directory");
    EXPECT_TRUE(account.starts_with("accounts/acme.example.org-")) << account;
    EXPECT_NE(account, account_folder("https://acme.example.org:14000/other"));
    EXPECT_EQ(account_folder("https://../../x").find("../"), std::string::npos) << "it stays below the folder";
}

TEST(StoredCertificates, AreReadBack) {
    const StoredCertificate stored{"https://ca.example/", "-----BEGIN CERTIFICATE-----\nx\n",
                                   "-----BEGIN PRIVATE KEY-----\ny\n"};
    const auto read = read_certificate(text_of(stored));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->directory, stored.directory);
    EXPECT_EQ(read->chain, stored.chain);
    EXPECT_EQ(read->key, stored.key);
    for (const std::string& text :
         {std::string(), std::string("# Authority: https://a.example/"), stored.chain,
          text_of({"http://ca.example/", stored.chain, stored.key}), text_of({"https://ca.example/", "", stored.key}),
          text_of({"https://ca.example/", stored.chain, ""})}) {
        EXPECT_FALSE(read_certificate(text)) << text;
    }
}

}  // namespace
}  // namespace portico::acme
