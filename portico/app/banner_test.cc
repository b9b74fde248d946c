// portico/app/banner_test.cc — the banner says who can connect, and at which addresses.
//
// Room app: see command.h.
#include "portico/app/banner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portico::app {
namespace {

using io::IpAddress;
using io::SocketAddress;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

SocketAddress at(const char* ip, std::uint16_t port) { return SocketAddress::of(*IpAddress::parse(ip), port); }

std::vector<std::string> urls_of(const std::vector<Door>& doors) {
    std::vector<std::string> urls;
    for (const Door& door : doors) urls.push_back(door.url);
    return urls;
}

const std::vector<OwnAddress>& home() {
    static const std::vector<OwnAddress> own{{"lo", *IpAddress::parse("127.0.0.1")},
                                             {"lo", *IpAddress::parse("::1")},
                                             {"eth0", *IpAddress::parse("192.168.1.7")},
                                             {"eth0", *IpAddress::parse("fe80::1")},
                                             {"eth0", *IpAddress::parse("fd00::7")}};
    return own;
}

TEST(Doors, AreWhereTheSocketsAre) {
    EXPECT_THAT(urls_of(doors_of({at("127.0.0.1", 8080)}, home())), ElementsAre("http://127.0.0.1:8080/"));
    EXPECT_THAT(urls_of(doors_of({at("::1", 81), at("10.0.0.1", 80)}, home())),
                ElementsAre("http://[::1]:81/", "http://10.0.0.1/"));
    EXPECT_THAT(urls_of(doors_of({SocketAddress::unix_path_of("/run/x.sock")}, home())),
                ElementsAre("unix:/run/x.sock"));
}

TEST(Doors, AreOneForEachAddressWhereASocketIsEverywhere) {
    EXPECT_THAT(urls_of(doors_of({at("::", 8080)}, home())),
                ElementsAre("http://127.0.0.1:8080/", "http://192.168.1.7:8080/", "http://[fd00::7]:8080/"));
    EXPECT_THAT(urls_of(doors_of({at("0.0.0.0", 8080)}, home())),
                ElementsAre("http://127.0.0.1:8080/", "http://192.168.1.7:8080/"));
}

TEST(Doors, ForOthersAreThoseOfTheNetwork) {
    const auto doors = doors_of({SocketAddress::unix_path_of("/x"), at("::", 8080)}, home());
    EXPECT_EQ(door_for_others(doors)->url, "http://192.168.1.7:8080/");
    EXPECT_EQ(door_for_us(doors)->url, "http://127.0.0.1:8080/");
    const auto local = doors_of({SocketAddress::unix_path_of("/x")}, home());
    EXPECT_EQ(door_for_others(local), nullptr);
    EXPECT_EQ(door_for_us(local), nullptr);
}

Banner banner_on(std::vector<SocketAddress> local, std::vector<OwnAddress> own = home()) {
    Banner banner;
    banner.root = "/srv/site";
    banner.doors = doors_of(local, own);
    banner.wider = "portico serve --lan";
    return banner;
}

TEST(BannerText, OnLoopbackSaysHowToLetOthersIn) {
    EXPECT_EQ(banner_text(banner_on({at("127.0.0.1", 8080)})),
              "Serving /srv/site\n"
              "  http://127.0.0.1:8080/  this machine\n"
              "Only this machine can connect; add --lan to let other machines in your network connect.\n");
}

TEST(BannerText, InAContainerSaysThatNobodyOutsideCanConnect) {
    Banner banner = banner_on({at("127.0.0.1", 8080)});
    banner.container = "docker";
    EXPECT_THAT(banner_text(banner), HasSubstr("a container (docker): nothing outside it can reach"));
    EXPECT_THAT(banner_text(banner), HasSubstr("\n  try: portico serve --lan\nand publish the port"));
    banner.port = 9000;
    EXPECT_THAT(banner_text(banner), HasSubstr("publish the port: docker run -p 9000:9000 ...\n"));
    banner.container = "kubernetes";
    EXPECT_THAT(banner_text(banner), HasSubstr("publish port 9000\n"));
}

TEST(BannerText, InTheNetworkSaysSoAndOffersAPassword) {
    Banner banner = banner_on({at("::", 8080)});
    EXPECT_THAT(banner_text(banner), HasSubstr("  http://192.168.1.7:8080/  eth0\n"));
    EXPECT_THAT(banner_text(banner), HasSubstr("Anyone in your network can connect; --auth"));
    banner.asks = Asks::a_password;
    EXPECT_THAT(banner_text(banner), HasSubstr("unencrypted"));
    EXPECT_THAT(banner_text(banner), Not(HasSubstr("--auth")));
}

TEST(BannerText, OnAPublicAddressWarns) {
    EXPECT_THAT(banner_text(banner_on({at("0.0.0.0", 80)}, {{"eth0", *IpAddress::parse("93.184.216.34")}})),
                HasSubstr("from the internet too"));
}

TEST(BannerText, SaysWhyThePortIsAnother) {
    Banner banner = banner_on({at("127.0.0.1", 8081)});
    banner.taken_port = "Port 8080 is taken by nginx (pid 812); using port 8081 instead.";
    EXPECT_THAT(banner_text(banner), HasSubstr("\nPort 8080 is taken by nginx (pid 812); using port 8081 instead.\n"));
}

}  // namespace
}  // namespace portico::app
