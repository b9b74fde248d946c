// Port names and listening sockets: read from text like /proc's, and from the machine.
#include "portico/io/net/ports.h"
#include "portico/base/row_name_for_test.h"
#include "portico/io/descriptors.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace portico::io {
namespace {

TEST(Services, AreReadLineByLine) {
    const auto known = parse_services(
        "# comment\n"
        "http\t\t80/tcp\t\twww web\t# WorldWideWeb HTTP\n"
        "\n"
        "domain 53/udp\r\n"
        "broken\n"
        "large 70000/tcp\n"
        "bare 80\n"
        "other 80/sctp\n"
        "last 1/tcp");
    ASSERT_EQ(known.size(), 3U);
    EXPECT_EQ(known[0],
              (KnownPort{.name = "http", .number = 80, .transport = EndpointScheme::tcp, .aliases = {"www", "web"}}));
    EXPECT_EQ(known[1], (KnownPort{.name = "domain", .number = 53, .transport = EndpointScheme::udp, .aliases = {}}));
    EXPECT_EQ(known[2], (KnownPort{.name = "last", .number = 1, .transport = EndpointScheme::tcp, .aliases = {}}));
}

TEST(Services, AreFoundByNameAliasAndNumber) {
    EXPECT_EQ(port_named("http", EndpointScheme::tcp), 80);
    EXPECT_EQ(port_named("www", EndpointScheme::tcp), 80);
    EXPECT_EQ(port_named("ntp", EndpointScheme::udp), 123);
    EXPECT_EQ(port_named("htpt", EndpointScheme::tcp), std::nullopt);
    EXPECT_EQ(name_of_port(443, EndpointScheme::tcp), "https");
    EXPECT_EQ(name_of_port(1, EndpointScheme::udp), std::nullopt);
}

TEST(Services, AreFoundInAnyCase) {
    EXPECT_EQ(port_named("HTTP", EndpointScheme::tcp), 80);
    EXPECT_EQ(port_named("Www", EndpointScheme::tcp), 80);
}

// They are known even if this machine's /etc/services lacks them.
TEST(Services, ThatPeopleAskForAreThere) {
    const std::pair<const char*, std::uint16_t> asked[] = {
        {"irc", 194},         {"dns", 53},        {"rdp", 3389},     {"minecraft", 25565}, {"mongodb", 27017},
        {"redis", 6379},      {"postgres", 5432}, {"mqtt", 1883},    {"mysql", 3306},      {"smb", 445},
        {"kubernetes", 6443}, {"vnc", 5900},      {"rabbitmq", 5672}};
    for (const auto& [name, number] : asked) EXPECT_EQ(port_named(name, EndpointScheme::tcp), number) << name;
    EXPECT_EQ(port_named("wireguard", EndpointScheme::udp), 51820);
    EXPECT_EQ(port_named("dhcp", EndpointScheme::udp), 67);
    EXPECT_EQ(name_of_port(194, EndpointScheme::tcp), "irc");
}

TEST(Services, OfTheMachineWinOverTheTable) {
    const auto known =
        merge_services(parse_services("www 80/tcp web\nirc 6667/tcp\n"),
                       parse_services("http 80/tcp www WEB hyper\nhttp 80/udp\nirc 194/tcp chat\nirc 194/udp\n"
                                      "web 81/tcp\n"));
    ASSERT_EQ(known.size(), 5U);
    EXPECT_EQ(known[0],
              (KnownPort{
                  .name = "www", .number = 80, .transport = EndpointScheme::tcp, .aliases = {"web", "http", "hyper"}}));
    EXPECT_EQ(known[1], (KnownPort{.name = "irc", .number = 6667, .transport = EndpointScheme::tcp, .aliases = {}}));
    EXPECT_EQ(known[2], (KnownPort{.name = "http", .number = 80, .transport = EndpointScheme::udp, .aliases = {}}));
    EXPECT_EQ(known[3], (KnownPort{.name = "chat", .number = 194, .transport = EndpointScheme::tcp, .aliases = {}}));
    EXPECT_EQ(known[4], (KnownPort{.name = "irc", .number = 194, .transport = EndpointScheme::udp, .aliases = {}}));
}

// A folder like /proc with one process.
class FakeProc : public testing::Test {
protected:
    void SetUp() override {
        folder_ = testing::TempDir() + "portico-proc-" + std::to_string(::getpid());
        std::filesystem::create_directories(folder_ + "/net");
        std::filesystem::create_directories(folder_ + "/812/fd");
        std::filesystem::create_directories(folder_ + "/900/fd");
        write("/812/comm", "nginx\n");
        write("/900/comm", "evil\x1b[2J\n");
        std::filesystem::create_symlink("/dev/null", folder_ + "/812/fd/0");
        std::filesystem::create_symlink("socket:[1001]", folder_ + "/812/fd/3");
        std::filesystem::create_symlink("socket:[1001]", folder_ + "/900/fd/4");
        std::filesystem::create_symlink("socket:[1003]", folder_ + "/900/fd/5");
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    void write(const std::string& path, std::string_view text) { std::ofstream(folder_ + path) << text; }

    std::string folder_;
};

TEST_F(FakeProc, TellsWhoListens) {
    const std::string head =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    write("/net/tcp", head +
                          "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
                          "1001 1 0000000000000000 100 0 0 10 0\n"
                          "   1: 0100007F:1F90 0100007F:A000 01 00000000:00000000 00:00000000 00000000     0        0 "
                          "1002 1 0000000000000000 100 0 0 10 0\n"
                          "   2: broken\n");
    write("/net/tcp6",
          head +
              "   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A "
              "00000000:00000000 00:00000000 00000000     0        0 1003 1 0000000000000000 100 0 0 10 0\n");
    write("/net/udp", head +
                          "  10: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 "
                          "1004 2 0000000000000000 0\n");
    write("/net/unix",
          "Num       RefCount Protocol Flags    Type St Inode Path\n"
          "0000000000000000: 00000002 00000000 00010000 0001 01 1005 /run/a b.sock\n"
          "0000000000000000: 00000003 00000000 00000000 0001 03 1006 /run/connected\n"
          "0000000000000000: 00000002 00000000 00010000 0001 01 1007 @abstract\n");
    const auto sockets = list_listening(folder_);
    ASSERT_TRUE(sockets);
    ASSERT_EQ(sockets->size(), 5U);
    EXPECT_EQ((*sockets)[0].local.text(), "[::1]:80");
    EXPECT_EQ(describe_holders((*sockets)[0]), "evil\\x1b[2J (pid 900)");
    EXPECT_EQ((*sockets)[1].local.text(), "127.0.0.1:8080");
    EXPECT_EQ(describe_holders((*sockets)[1]), "nginx (pid 812 and 1 more)");
    EXPECT_EQ((*sockets)[2].local.text(), "0.0.0.0:53");
    EXPECT_EQ((*sockets)[2].transport, EndpointScheme::udp);
    EXPECT_EQ(describe_holders((*sockets)[2]), "a process of another user");
    EXPECT_EQ((*sockets)[3].local.text(), "unix:@abstract");
    EXPECT_EQ((*sockets)[4].local.text(), "unix:/run/a b.sock");
}

TEST_F(FakeProc, HasNoTcpTable) {
    const auto sockets = list_listening(folder_);
    ASSERT_FALSE(sockets);
    EXPECT_EQ(sockets.error().number, ENOENT);
}

struct HolderRow {
    const char* name;
    std::string_view held;
    std::string_view wanted;
    bool is_held;
};
class Holder : public testing::TestWithParam<HolderRow> {};

SocketAddress address_of(std::string_view text) {
    const auto endpoint = parse_endpoint(text);
    return SocketAddress::of(*IpAddress::parse(endpoint->host), endpoint->port);
}

TEST_P(Holder, SharesThePortAndTheAddress) {
    const std::vector<ListeningSocket> sockets = {
        {.transport = EndpointScheme::tcp, .local = address_of(GetParam().held), .inode = 1, .held_by = {}}};
    EXPECT_EQ(find_holder(sockets, address_of(GetParam().wanted), EndpointScheme::tcp) != nullptr, GetParam().is_held);
    EXPECT_EQ(find_holder(sockets, address_of(GetParam().wanted), EndpointScheme::udp), nullptr);
}
INSTANTIATE_TEST_SUITE_P(All, Holder,
                         testing::Values(HolderRow{"Same", "127.0.0.1:80", "127.0.0.1:80", true},
                                         HolderRow{"OtherPort", "127.0.0.1:80", "127.0.0.1:81", false},
                                         HolderRow{"OtherAddress", "127.0.0.1:80", "127.0.0.2:80", false},
                                         HolderRow{"EveryHeld", "0.0.0.0:80", "127.0.0.1:80", true},
                                         HolderRow{"EveryWanted", "127.0.0.1:80", "0.0.0.0:80", true},
                                         HolderRow{"DualStackHeld", "[::]:80", "127.0.0.1:80", true},
                                         HolderRow{"Mapped", "[::ffff:127.0.0.1]:80", "127.0.0.1:80", true}),
                         row_name);

TEST(Holder, OfAPortOfOursIsThisProcess) {
    const std::optional<Fd> listener = owned(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_TRUE(listener);
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(listener->number(), reinterpret_cast<const sockaddr*>(&local), sizeof local), 0);
    ASSERT_EQ(::listen(listener->number(), 1), 0);
    socklen_t length = sizeof local;
    ASSERT_EQ(::getsockname(listener->number(), reinterpret_cast<sockaddr*>(&local), &length), 0);

    const auto holder = who_holds(from_sockaddr(reinterpret_cast<const sockaddr*>(&local), length));
    ASSERT_TRUE(holder);
    ASSERT_EQ(holder->held_by.size(), 1U);
    EXPECT_EQ(holder->held_by.front().pid, ::getpid());
}

}  // namespace
}  // namespace portico::io
