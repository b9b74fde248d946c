// How many connections are admitted: in total, and from one address.
#include "portico/server/population.h"

#include <gtest/gtest.h>

namespace portico::server {
namespace {

io::SocketAddress from(std::string_view ip, std::uint16_t port = 1) {
    return io::SocketAddress::of(*io::IpAddress::parse(ip), port);
}

TEST(Population, IsFullAtItsMaximumAndHasPlaceAgain) {
    Population population(2, 2);
    EXPECT_EQ(population.enter(from("192.0.2.1")), Population::Admission::admitted);
    EXPECT_EQ(population.enter(from("192.0.2.1")), Population::Admission::admitted);
    EXPECT_EQ(population.enter(from("192.0.2.2")), Population::Admission::full);
    EXPECT_EQ(population.count(), 2U);
    population.leave(from("192.0.2.1"));
    EXPECT_EQ(population.enter(from("192.0.2.2")), Population::Admission::admitted);
}

TEST(Population, TellsEachThatLeavesHowManyThereWere) {
    for (const std::size_t per_address_max : {3U, 2U}) {  // without and with a count for each address
        Population population(3, per_address_max);
        for (const char* const address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) {
            EXPECT_EQ(population.enter(from(address)), Population::Admission::admitted);
        }
        EXPECT_EQ(population.leave(from("192.0.2.2")), 3U);
        EXPECT_EQ(population.leave(from("192.0.2.1")), 2U);
        EXPECT_EQ(population.leave(from("192.0.2.3")), 1U);
    }
}

TEST(Population, CountsAnAddressWhateverItsPort) {
    Population population(10, 1);
    EXPECT_EQ(population.enter(from("192.0.2.1", 1000)), Population::Admission::admitted);
    EXPECT_EQ(population.enter(from("192.0.2.1", 2000)), Population::Admission::address_full);
    EXPECT_EQ(population.enter(from("192.0.2.2", 2000)), Population::Admission::admitted);
    EXPECT_EQ(population.count(), 2U) << "who was not let in is not counted";
    population.leave(from("192.0.2.1", 1000));
    EXPECT_EQ(population.enter(from("192.0.2.1", 2000)), Population::Admission::admitted);
}

TEST(Population, CountsAMappedAddressAsTheOneItMeans) {
    Population population(10, 1);
    EXPECT_EQ(population.enter(from("192.0.2.1")), Population::Admission::admitted);
    EXPECT_EQ(population.enter(from("::ffff:192.0.2.1")), Population::Admission::address_full);
}

TEST(Population, CountsASlash64AsOne) {
    Population population(10, 1);
    EXPECT_EQ(population.enter(from("2001:db8:0:1::1")), Population::Admission::admitted);
    EXPECT_EQ(population.enter(from("2001:db8:0:1:ffff::2")), Population::Admission::address_full);
    EXPECT_EQ(population.enter(from("2001:db8:0:2::1")), Population::Admission::admitted);
}

TEST(Population, CountsUnixPeersTogether) {
    Population population(10, 1);
    EXPECT_EQ(population.enter(io::SocketAddress::unix_path_of("")), Population::Admission::admitted);
    EXPECT_EQ(population.enter(io::SocketAddress::unix_path_of("")), Population::Admission::address_full);
}

}  // namespace
}  // namespace portico::server
