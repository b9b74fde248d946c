// portico/app/serve_plan_test.cc — how `portico serve` reads its command line, and its messages when it cannot start.
//
// Room app: see command.h.
#include "portico/app/serve_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "portico/app/password_file.h"
#include "portico/app/retype.h"
#include "portico/app/serve_trouble.h"
#include "portico/base/row_name_for_test.h"
#include "portico/base/scratch_folder_for_test.h"

namespace portico::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using Words = std::vector<std::string_view>;

const Command& table_of_serve() {
    static const Command command = serve_table();
    return command;
}

Arguments typed(const Words& words) {
    const Parsed parsed = parse_arguments(table_of_serve(), words);
    EXPECT_TRUE(parsed && *parsed) << (parsed ? "help" : parsed.error().message);
    return **parsed;
}

ServePlan plan_of(const Words& words) {
    const auto plan = plan_from(typed(words));
    EXPECT_TRUE(plan.has_value()) << plan.error().message;
    return *plan;
}

struct ListenRow {
    const char* name;
    Words words;
    std::vector<std::string> listens;
    PortChoice choice;
};
class Listening : public testing::TestWithParam<ListenRow> {};

TEST_P(Listening, IsWhereItWasAskedTo) {
    const ServePlan plan = plan_of(GetParam().words);
    std::vector<std::string> listens;
    for (const io::Endpoint& endpoint : plan.listen) listens.push_back(endpoint.text());
    EXPECT_EQ(listens, GetParam().listens);
    EXPECT_EQ(plan.port_choice, GetParam().choice);
}
INSTANTIATE_TEST_SUITE_P(
    ServePlan, Listening,
    testing::Values(
        ListenRow{"Alone", {}, {"tcp://127.0.0.1:8080"}, PortChoice::ours},
        ListenRow{"APort", {"-p", "3000"}, {"tcp://127.0.0.1:3000"}, PortChoice::asked},
        ListenRow{"Lan", {"--lan"}, {"tcp://:8080"}, PortChoice::ours},
        ListenRow{"LanAndPort", {"--lan", "-p0"}, {"tcp://:0"}, PortChoice::asked},
        ListenRow{"Acme", {"--acme", "example.org"}, {"tcp://:443"}, PortChoice::asked},
        ListenRow{"AcmeAndPort", {"--acme", "example.org", "-p", "8443"}, {"tcp://127.0.0.1:8443"}, PortChoice::asked},
        ListenRow{"AcmeAndEndpoint", {"--acme", "example.org", "-l", ":8443"}, {"tcp://:8443"}, PortChoice::asked},
        ListenRow{"Endpoint", {"-l", "10.0.0.1:80"}, {"tcp://10.0.0.1:80"}, PortChoice::asked},
        ListenRow{"Endpoints", {"-l", ":81", "-l", "unix:/x"}, {"tcp://:81", "unix:/x"}, PortChoice::asked},
        ListenRow{"EndpointAndPort", {"-l", "unix:/x", "-p80"}, {"tcp://127.0.0.1:80", "unix:/x"}, PortChoice::asked}),
    row_name);

TEST(ServePlan, WithoutOptionsIsCautious) {
    const ServePlan plan = plan_of({});
    EXPECT_EQ(plan.folder.root, ".");
    EXPECT_EQ(plan.folder.dotfiles, files::Dotfiles::hidden);
    EXPECT_EQ(plan.folder.listing, files::Listing::on);
    EXPECT_EQ(plan.folder.missing_path, files::MissingPath::not_found);
    EXPECT_EQ(plan.folder.clean_names, files::CleanNames::on);
    EXPECT_EQ(plan.folder.cross_origin, files::CrossOrigin::same_site);
    EXPECT_EQ(plan.folder.cache, std::nullopt);
    EXPECT_EQ(plan.folder.revalidate, std::chrono::seconds(1));
    EXPECT_EQ(plan.log.format, server::LogFormat::text);
    EXPECT_EQ(plan.threads, 0U);
}

TEST(ServePlan, TakesEveryOption) {
    const ServePlan plan = plan_of({"/srv",       "--spa",   "--no-list",    "--hidden",
                                    "--cors",     "--cache", "1h",           "--no-clean-urls",
                                    "--header",   "A: b",    "--revalidate", "0",
                                    "--threads",  "3",       "--access-log", "json",
                                    "--log-file", "/l",      "--set",        "head_time_max=3s",
                                    "--qr",       "--open",  "--color",      "never"});
    EXPECT_EQ(plan.folder.root, "/srv");
    EXPECT_EQ(plan.folder.dotfiles, files::Dotfiles::served);
    EXPECT_EQ(plan.folder.listing, files::Listing::off);
    EXPECT_EQ(plan.folder.missing_path, files::MissingPath::root_index);
    EXPECT_EQ(plan.folder.cross_origin, files::CrossOrigin::everyone);
    EXPECT_EQ(plan.folder.clean_names, files::CleanNames::off);
    EXPECT_THAT(plan.folder.extra_fields, ElementsAre(route::ExtraField("A", "b")));
    EXPECT_EQ(plan.folder.cache, std::chrono::seconds(3600));
    EXPECT_EQ(plan.folder.revalidate, std::chrono::seconds(0));
    EXPECT_EQ(plan.threads, 3U);
    EXPECT_EQ(plan.log.format, server::LogFormat::json);
    EXPECT_EQ(plan.log.path, "/l");
    EXPECT_EQ(plan.limits.head_time_max, std::chrono::seconds(3));
    EXPECT_EQ(plan.qr, ShowQr::yes);
    EXPECT_EQ(plan.browser, OpenBrowser::yes);
}

TEST(ServePlan, KeepsStandardOutputForTheLog) {
    EXPECT_EQ(plan_of({}).banner_to, BannerTo::standard_error);
    EXPECT_EQ(plan_of({"--log-file", "-"}).banner_to, BannerTo::standard_error);
    EXPECT_EQ(plan_of({"--log-file", "-"}).log.path, "");
    EXPECT_EQ(plan_of({"--log-file", "/l"}).banner_to, BannerTo::standard_output);
    EXPECT_EQ(plan_of({"--access-log", "off"}).banner_to, BannerTo::standard_output);
}

TEST(ServePlan, QuietSilencesTheTerminalAndNotAFile) {
    EXPECT_EQ(plan_of({"-q", "--log-file", "-"}).log.format, server::LogFormat::text);
    EXPECT_EQ(plan_of({"-q"}).log.format, server::LogFormat::off);
    EXPECT_EQ(plan_of({"-q", "--log-file", "/l"}).log.format, server::LogFormat::text);
    EXPECT_EQ(plan_of({"-q", "--access-log", "json"}).log.format, server::LogFormat::json);
}

TEST(ServePlan, ColoursATerminalAndNoFile) {
    EXPECT_EQ(plan_of({"--color", "always"}).log.colour, server::Colour::always);
    EXPECT_EQ(plan_of({"--color", "always", "--log-file", "/l"}).log.colour, server::Colour::never);
    EXPECT_EQ(plan_of({"--color", "never"}).log.colour, server::Colour::never);
}

TEST(ServePlan, DividesEndpointsByWhatIsSpoken) {
    const ServePlan plain = plan_of({"-l", "http://:80", "-l", ":81"});
    EXPECT_EQ(plain.listen.size(), 2U);
    EXPECT_TRUE(plain.redirect.empty());
    const ServePlan secure = plan_of({"--tls", "-l", "http://:80", "-l", "https://:443", "-l", ":8443"});
    ASSERT_EQ(secure.listen.size(), 2U);
    EXPECT_EQ(secure.listen.front().text(), "tcp://:443");
    ASSERT_EQ(secure.redirect.size(), 1U);
    EXPECT_EQ(secure.redirect.front().text(), "tcp://:80");
}

TEST(ServePlan, TakesThePolicyOfTls) {
    const ServePlan plan = plan_of({"--cert", "c", "--key", "k", "--sni-strict", "--ticket-keys", "t", "--client-ca",
                                    "a", "--client-cert", "optional", "--hsts=1h"});
    EXPECT_EQ(plan.tls.certificates.unknown_names, tls::UnknownNames::refused);
    EXPECT_EQ(plan.tls.ticket_keys, "t");
    EXPECT_EQ(plan.tls.strict_transport_security, std::chrono::hours(1));
    ASSERT_EQ(plan.tls.certificates.files.size(), 1U);
    EXPECT_EQ(plan.tls.certificates.files.front().client_authorities, "a");
    EXPECT_EQ(plan.tls.certificates.files.front().clients, server::ClientCertificates::optional);
}

TEST(ServePlan, OrdersCertificates) {
    const ServePlan plan = plan_of({"--acme", "Example.org", "--acme", "example.org.", "--acme", "www.example.org",
                                    "--acme-email", "me@example.org", "--acme-directory", "https://a.example/",
                                    "--acme-directory", "https://b.example/", "--acme-eab", "my-id:Zm9v"});
    EXPECT_EQ(plan.tls.certificates.use, TlsUse::acme);
    EXPECT_THAT(plan.tls.certificates.acme.names, ElementsAre("example.org", "www.example.org"));
    EXPECT_THAT(plan.tls.certificates.acme.types, ElementsAre("http-01", "tls-alpn-01"));
    ASSERT_EQ(plan.tls.certificates.acme.authorities.size(), 2U);
    EXPECT_EQ(plan.tls.certificates.acme.authorities.back().directory, "https://b.example/");
    EXPECT_EQ(plan.tls.certificates.acme.authorities.back().email, "me@example.org");
    EXPECT_EQ(plan.tls.certificates.acme.authorities.back().external->id, "my-id");
    EXPECT_EQ(plan.tls.certificates.acme.authorities.back().external->mac_key, "foo");
    ASSERT_EQ(plan.redirect.size(), 1U) << "HTTP leads to HTTPS";
    EXPECT_EQ(plan.redirect.front().text(), "tcp://:80");
}

TEST(ServePlan, OrdersFromTheUsualAuthority) {
    const ServePlan plan = plan_of({"--acme", "example.org", "-l", ":8443", "--acme-challenge", "tls-alpn-01"});
    ASSERT_EQ(plan.tls.certificates.acme.authorities.size(), 1U);
    EXPECT_THAT(plan.tls.certificates.acme.authorities.front().directory, HasSubstr("letsencrypt.org"));
    EXPECT_THAT(plan.tls.certificates.acme.types, ElementsAre("tls-alpn-01"));
    EXPECT_TRUE(plan.redirect.empty());
}

constexpr std::string_view some_hash =
    "$6$saltstring$AIsRs/Ee56G/tC8MEHhvReZTfx8u3rXXMl6eYrjCG9ibix19DxoMBLogdTET5Ukw9Sf7eZTITsuk0Ry5qulYz.";

TEST(ServePlan, TakesUsersWithTheirHashes) {
    const std::string user = "ann:" + std::string(some_hash);
    const ServePlan plan = plan_of({"--auth", user});
    ASSERT_EQ(plan.folder.passwords.users.size(), 1U);
    EXPECT_EQ(plan.folder.passwords.users.front().user, "ann");
    EXPECT_EQ(plan.folder.passwords.users.front().hash, some_hash);
}

TEST(ServePlan, LetsClientsUpload) {
    const ServePlan plan = plan_of({"--upload", "--upload-max", "2k", "-l", "[::1]:80", "-l", "unix:/x"});
    EXPECT_EQ(plan.folder.uploads, files::Uploads::new_files);
    EXPECT_EQ(plan.folder.upload_limits.file_octets_max, 2048U);
    EXPECT_EQ(plan.limits.content_octets_max, 2048U + (1U << 20));
    EXPECT_EQ(plan.folder.revalidate, std::chrono::seconds(0));
    const std::string user = "ann:" + std::string(some_hash);
    EXPECT_EQ(plan_of({"--upload", "--lan", "--auth", user}).folder.uploads, files::Uploads::new_files);
    const ServePlan open = plan_of({"--upload", "--upload-overwrite", "--lan", "--open-upload", "--revalidate", "5s",
                                    "--set", "content_octets_max=7"});
    EXPECT_EQ(open.folder.uploads, files::Uploads::overwriting);
    EXPECT_EQ(open.limits.content_octets_max, 7U);
    EXPECT_EQ(open.folder.revalidate, std::chrono::seconds(5));
    EXPECT_EQ(plan_of({}).folder.uploads, files::Uploads::off);
    const ServePlan live = plan_of({"--live"});
    EXPECT_EQ(live.folder.live, files::Live::on);
    EXPECT_EQ(live.folder.revalidate.count(), 0);
}

TEST(ServePlan, TakesUsersOfAFile) {
    const std::string hash(some_hash);
    const auto users = parse_password_file("# a comment\n\nann:" + hash + "\r\nbob:" + hash);
    ASSERT_TRUE(users.has_value()) << users.error();
    ASSERT_EQ(users->size(), 2U);
    EXPECT_EQ(users->front().hash, hash);
    EXPECT_EQ(users->back().user, "bob");
    for (const std::string& wrong :
         {std::string("ann"), ":" + hash, std::string("ann:secret"), "a:" + hash + "\na:" + hash}) {
        const auto refused = parse_password_file("#\n" + wrong);
        ASSERT_FALSE(refused.has_value()) << wrong;
        EXPECT_THAT(refused.error(), HasSubstr("line "));
        EXPECT_EQ(refused.error().find("secret"), std::string::npos) << "it may be a password";
    }
    const ScratchFolder scratch;
    const std::string path = scratch.path() + "/users";
    std::ofstream(path) << "ann:" << hash << '\n';
    EXPECT_EQ(plan_of({"--auth-file", path}).folder.passwords.users.size(), 1U);
    const std::string again = "ann:" + hash;
    EXPECT_FALSE(plan_from(typed({"--auth-file", path, "--auth", again})).has_value()) << "named twice";
    std::ofstream(path) << std::string((1 << 20) + 1, '\n');
    const auto refused = plan_from(typed({"--auth-file", path}));
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().message, HasSubstr("more than 1 MiB"));
}

struct RefusedPlanRow {
    const char* name;
    Words words;
    const char* said;
};
class RefusedPlan : public testing::TestWithParam<RefusedPlanRow> {};

TEST_P(RefusedPlan, SaysWhy) {
    const auto plan = plan_from(typed(GetParam().words));
    ASSERT_FALSE(plan.has_value());
    EXPECT_THAT(plan.error().message, HasSubstr(GetParam().said));
    EXPECT_FALSE(plan.error().advice.empty());
}
INSTANTIATE_TEST_SUITE_P(
    ServePlan, RefusedPlan,
    testing::Values(RefusedPlanRow{"HostIsAnAddress", {"--host", "0.0.0.0"}, "use '--listen'"},
                    RefusedPlanRow{"HostIsNoName", {"--host", "a/b"}, "--host: 'a/b': a host is a name"},
                    RefusedPlanRow{"HostHasAPort", {"--host", "localhost:80"}, "use '--listen'"},
                    RefusedPlanRow{"UserWithoutHash", {"--auth", "ann"}, "is not USER:HASH"},
                    RefusedPlanRow{"HashWithoutUser", {"--auth", ":$6$x"}, "is not USER:HASH"},
                    RefusedPlanRow{"PasswordForAHash", {"--auth", "ann:secret"}, "--auth: ann's hash: "},
                    RefusedPlanRow{"LiveAndCached", {"--live", "--cache", "60"}, "--cache lets browsers keep"},
                    RefusedPlanRow{"LiveAndUpload", {"--live", "--upload"}, "pages run none"},
                    RefusedPlanRow{"UploadFromElsewhere", {"--upload", "--lan"}, "anybody there could fill the disk"},
                    RefusedPlanRow{"UploadFromEverywhere", {"--upload", "-l", "0.0.0.0:80"}, "without a password"},
                    RefusedPlanRow{"UploadFromNames", {"--upload", "-l", "example.org:80"}, "without a password"},
                    RefusedPlanRow{"SizeWithoutUpload", {"--upload-max", "1M"}, "is for --upload"},
                    RefusedPlanRow{"NoSize", {"--upload", "--upload-max", "big"}, "'big' is not a size"},
                    RefusedPlanRow{"NoPasswordFile", {"--auth-file", "/nowhere"}, "No such file"},
                    RefusedPlanRow{"FramingField", {"--header", "Content-Length: 3"}, "the server itself has to set"},
                    RefusedPlanRow{"Udp", {"-l", "udp://:80"}, "TCP or Unix sockets, not on udp://:80"},
                    RefusedPlanRow{"Stdio", {"-l", "stdio"}, "not on stdio"},
                    RefusedPlanRow{"HttpsWithoutACertificate", {"-l", "https://:443"}, "needs a certificate"},
                    RefusedPlanRow{"OnlyHttp", {"--tls", "-l", "http://:80"}, "there is no endpoint for that"},
                    RefusedPlanRow{"AcmeAndTls", {"--acme", "a.org", "--tls"}, "--acme orders certificates"},
                    RefusedPlanRow{"AcmeOptionAlone", {"--acme-email", "me@a.org"}, "for which name"},
                    RefusedPlanRow{"AcmeWithoutTls",
                                   {"--acme", "a.org", "--acme-directory", "http://a.example/"},
                                   "is not an https:// address"},
                    RefusedPlanRow{"WildcardWithoutDns", {"--acme", "*.a.org"}, "--acme-dns-hook"},
                    RefusedPlanRow{"ExternalAccountWithoutKey", {"--acme", "a.org", "--acme-eab", "id:"}, "ID:KEY"},
                    RefusedPlanRow{"HstsWithoutTls", {"--hsts"}, "--hsts is for HTTPS"},
                    RefusedPlanRow{"DemandWithoutAuthorities", {"--tls", "--client-cert", "optional"}, "--client-ca"}),
    row_name);

TEST(RefusedPlan, NeverRepeatsWhatMayBeAPassword) {
    const auto plan = plan_from(typed({"--auth", "ann:secret"}));
    ASSERT_FALSE(plan.has_value());
    EXPECT_EQ((plan.error().message + plan.error().advice).find("secret"), std::string::npos);
    const auto hash_alone = plan_from(typed({"--auth", some_hash}));
    ASSERT_FALSE(hash_alone.has_value());
    EXPECT_EQ((hash_alone.error().message + hash_alone.error().advice).find("AIsRs"), std::string::npos);
}

TEST(Retyped, KeepsAllButWhereToListen) {
    EXPECT_EQ(retyped(typed({"my site", "-p", "80", "--spa", "--log-file=a'b", "-l", ":1"}), "-p 8081"),
              "portico serve 'my site' --spa --log-file 'a'\\''b' -p 8081");
    EXPECT_EQ(retyped(typed({"--", "-odd"}), "--lan"), "portico serve ./-odd --lan");
}

TEST(Retyped, NeverRepeatsAHash) {
    const std::string user = "ann:" + std::string(some_hash);
    EXPECT_EQ(retyped(typed({"--auth", user, "--spa"}), "--lan"), "portico serve --auth USER:HASH --spa --lan");
}

class MissingRoot : public testing::Test {
protected:
    const ScratchFolder scratch_;
    const std::string folder_ = scratch_.path();
};

TEST_F(MissingRoot, IsGuessed) {
    std::filesystem::create_directory(folder_ + "/website");
    const Misuse near = trouble_with_root(typed({}), folder_ + "/webstie", {ENOENT, "open"});
    EXPECT_EQ(near.advice, "portico serve " + folder_ + "/website");
    const Misuse far = trouble_with_root(typed({}), folder_ + "/zzz", {ENOENT, "open"});
    EXPECT_EQ(far.advice, "mkdir -p " + folder_ + "/zzz");
    const Misuse port = trouble_with_root(typed({}), "8000", {ENOENT, "open"});
    EXPECT_EQ(port.advice, "portico serve -p 8000");
}

TEST(Trouble, WithAPrivilegedPortOffersAnotherAndTheCapability) {
    const auto address = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 80);
    const Misuse trouble = trouble_with_listening(typed({"-p", "80"}), address, {EACCES, "bind"}, 8080);
    EXPECT_THAT(trouble.message, HasSubstr("cannot listen on 127.0.0.1:80: ports below"));
    EXPECT_THAT(trouble.advice, StartsWith("portico serve -p 8080\nsudo setcap cap_net_bind_service=+ep /"));
}

TEST(Trouble, WithAnAddressOfAnotherMachineNamesTheList) {
    const auto address = io::SocketAddress::of(*io::IpAddress::parse("192.0.2.1"), 80);
    const Misuse trouble = trouble_with_listening(typed({"-l", "192.0.2.1:80"}), address, {EADDRNOTAVAIL, "bind"}, 0);
    EXPECT_THAT(trouble.message, HasSubstr("this machine has no such address"));
    EXPECT_EQ(trouble.advice, "portico interfaces");
}

TEST(Trouble, WithASocketFileNamesItsFolder) {
    const auto address = io::SocketAddress::unix_path_of("/no/such/x.sock");
    const Misuse trouble = trouble_with_listening(typed({}), address, {ENOENT, "bind"}, 0);
    EXPECT_THAT(trouble.message, HasSubstr("there is no such folder"));
    EXPECT_EQ(trouble.advice, "mkdir -p /no/such");
}

TEST(Trouble, WithWatchingNamesTheLimit) {
    for (const auto& [number, limit] :
         {std::pair(EMFILE, "max_user_instances"), std::pair(ENOSPC, "max_user_watches")}) {
        const Misuse trouble = trouble_with_watching("a b", io::Error{number, "inotify_init1"});
        EXPECT_THAT(trouble.message, StartsWith("--live cannot watch 'a b': "));
        EXPECT_THAT(trouble.advice, HasSubstr(limit));
    }
    EXPECT_THAT(trouble_with_watching("x", io::Error{EACCES, "inotify_add_watch"}).message,
                HasSubstr("ermission denied"));
}

}  // namespace
}  // namespace portico::app
