// Behaviour that every kernel must share, for datagrams; see kernel_contract_test.cc.
#include <gtest/gtest.h>

#include <set>

#include "portico/io/kernel_contract_for_test.h"

namespace portico::io {
namespace {

Task<void> echo_datagrams(Datagram& socket, std::size_t count) {
    std::vector<char> room(4 * 65'536);
    std::array<DatagramSlot, 4> slots;
    for (std::size_t echoed = 0; echoed < count;) {
        for (std::size_t i = 0; i < slots.size(); ++i) slots[i].octets = std::span(room).subspan(i * 65'536, 65'536);
        const Result<std::size_t> got = co_await socket.receive(slots, never);
        EXPECT_TRUE(got.has_value());
        for (std::size_t sent = 0; sent < *got;) {
            const Result<std::size_t> now = co_await socket.send(std::span(slots).subspan(sent, *got - sent), never);
            EXPECT_TRUE(now.has_value());
            sent += *now;
        }
        echoed += *got;
    }
}

Task<void> exchange_datagram(Datagram& socket, const SocketAddress& peer, std::string octets) {
    std::array<DatagramSlot, 1> slots;
    slots[0].octets = octets;
    slots[0].peer = peer;
    const Result<std::size_t> sent = co_await socket.send(slots, never);
    EXPECT_EQ(sent.value_or(0), 1U);
    std::vector<char> room(65'536);
    slots[0].octets = room;
    const Result<std::size_t> got = co_await socket.receive(slots, never);
    EXPECT_EQ(got.value_or(0), 1U);
    EXPECT_EQ(slots[0].peer, peer);
    EXPECT_FALSE(slots[0].truncated);
    EXPECT_TRUE(std::string_view(slots[0].octets.data(), slots[0].octets.size()) == octets);
}

Task<void> expect_datagrams(Datagram& server, Datagram& client) {
    Scope scope;
    scope.start(echo_datagrams(server, 4));
    for (const std::size_t octets : {std::size_t{5}, std::size_t{0}, datagram_octets_max, std::size_t{1500}}) {
        std::string content = some_octets(octets);
        co_await exchange_datagram(client, server.local(), std::move(content));
    }
    co_await scope.join();
}

TEST_P(Contract, DatagramsAreEchoedEmptyAndLarge) {
    Datagram server = datagram();
    Datagram client = datagram();
    run(expect_datagrams(server, client));
}

// Both sides count octets, because the kernel chooses how many datagrams each slot gets.
Task<void> echo_octets(Datagram& socket, std::size_t octets) {
    std::vector<char> room(65'536);
    while (octets > 0) {
        std::array<DatagramSlot, 1> slots;
        slots[0].octets = room;
        const Result<std::size_t> got = co_await socket.receive(slots, never);
        EXPECT_EQ(got.value_or(0), 1U);
        octets -= slots[0].octets.size();
        const Result<std::size_t> sent = co_await socket.send(slots, never);
        EXPECT_EQ(sent.value_or(0), 1U);
    }
}

Task<void> expect_segments(Datagram& server, Datagram& client) {
    constexpr std::size_t segment = 100;
    std::string content = some_octets(10 * segment + 50);
    server.coalesce();
    Scope scope;
    scope.start(echo_octets(server, content.size()));
    std::array<DatagramSlot, 1> slots;
    slots[0].octets = content;
    slots[0].peer = server.local();
    slots[0].segment_octets = segment;
    const Result<std::size_t> sent = co_await client.send(slots, never);
    EXPECT_EQ(sent.value_or(0), 1U);
    std::multiset<std::string> datagrams;
    std::vector<char> room(65'536);
    while (datagrams.size() < 11) {
        slots[0].octets = room;
        const Result<std::size_t> got = co_await client.receive(slots, never);
        EXPECT_EQ(got.value_or(0), 1U);
        EXPECT_EQ(slots[0].segment_octets, 0);
        datagrams.emplace(slots[0].octets.data(), slots[0].octets.size());
    }
    std::multiset<std::string> expected;
    for (std::size_t at = 0; at < content.size(); at += segment) expected.insert(content.substr(at, segment));
    EXPECT_EQ(datagrams, expected);
    co_await scope.join();
}

TEST_P(Contract, DatagramsThatGoTogetherArriveEachWhole) {
    Datagram server = datagram();
    Datagram client = datagram();
    run(expect_segments(server, client));
}

Task<void> expect_cut_datagram(Datagram& server, Datagram& client) {
    std::string octets = "more than fits";
    std::array<DatagramSlot, 1> slots;
    slots[0].octets = octets;
    slots[0].peer = server.local();
    const Result<std::size_t> sent = co_await client.send(slots, never);
    EXPECT_EQ(sent.value_or(0), 1U);
    std::array<char, 4> room;
    slots[0].octets = room;
    const Result<std::size_t> got = co_await server.receive(slots, never);
    EXPECT_EQ(got.value_or(0), 1U);
    EXPECT_TRUE(slots[0].truncated);
    EXPECT_EQ(std::string_view(slots[0].octets.data(), slots[0].octets.size()), "more");
    std::string too_large(datagram_octets_max + 1, 'x');
    slots[0].octets = too_large;
    slots[0].peer = server.local();
    const Result<std::size_t> refused = co_await client.send(slots, never);
    EXPECT_EQ(refused.error().number, EMSGSIZE);
}

TEST_P(Contract, ADatagramIsCutWhereTheRoomEndsAndSaysSo) {
    Datagram server = datagram();
    Datagram client = datagram();
    run(expect_cut_datagram(server, client));
}

}  // namespace
}  // namespace portico::io
