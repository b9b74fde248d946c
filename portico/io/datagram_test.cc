// A datagram socket that is connected to one peer. Everything else is tested in kernel_contract_test.cc.
#include "portico/io/datagram.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"

namespace portico::io {
namespace {

const SocketAddress anywhere = SocketAddress::of(IpAddress::loopback(Family::ipv4), 0);

// Returns what was received, or why nothing was.
Task<std::string> receive_one(Datagram& socket) {
    std::array<char, 100> room{};
    std::array<DatagramSlot, 1> slots;
    slots[0].octets = room;
    const Result<std::size_t> received = co_await socket.receive(slots, never);
    co_return received ? std::string(slots[0].octets.data(), slots[0].octets.size()) : describe(received.error());
}

// Returns an errno value, or 0 if the datagram was sent.
Task<int> send_one(Datagram& socket, std::string octets, SocketAddress peer) {
    std::array<DatagramSlot, 1> slots;
    slots[0].octets = octets;
    slots[0].peer = peer;
    const Result<std::size_t> sent = co_await socket.send(slots, never);
    co_return sent ? 0 : sent.error().number;
}

class ConnectedDatagram : public testing::Test {
protected:
    Datagram open() { return *Datagram::open(core_, anywhere); }
    int send(Datagram& socket, std::string octets, const SocketAddress& peer = {}) {
        return run_task(core_, send_one(socket, std::move(octets), peer));
    }
    std::string receive(Datagram& socket) { return run_task(core_, receive_one(socket)); }

    std::unique_ptr<Kernel> kernel_ = *make_epoll_kernel();
    Core core_{*kernel_};
};

TEST_F(ConnectedDatagram, SendsToItsPeerWhereNoOtherIsNamed) {
    Datagram server = open();
    Datagram client = open();
    ASSERT_TRUE(client.connect(server.local()));
    EXPECT_EQ(send(client, "one"), 0);
    EXPECT_EQ(receive(server), "one");
    EXPECT_EQ(send(client, ""), 0);
    EXPECT_EQ(receive(server), "");
    EXPECT_EQ(send(client, "two", server.local()), 0);
    EXPECT_EQ(receive(server), "two");
}

TEST_F(ConnectedDatagram, HearsItsPeerAlone) {
    Datagram server = open();
    Datagram client = open();
    Datagram stranger = open();
    ASSERT_TRUE(client.connect(server.local()));
    EXPECT_EQ(send(stranger, "forged", client.local()), 0);
    EXPECT_EQ(send(server, "true", client.local()), 0);
    EXPECT_EQ(receive(client), "true");
}

TEST_F(ConnectedDatagram, IsToldThatNobodyListens) {
    Datagram client = open();
    {
        const Datagram gone = open();
        ASSERT_TRUE(client.connect(gone.local()));
    }
    EXPECT_EQ(send(client, "hello"), 0);
    EXPECT_EQ(receive(client), "recvmmsg: Connection refused");
}

TEST_F(ConnectedDatagram, WithoutAPeerNothingGoes) {
    Datagram lonely = open();
    EXPECT_EQ(send(lonely, "hello"), EDESTADDRREQ);
}

TEST(SimulatedDatagram, WithoutAPeerNothingGoes) {
    SimKernel kernel(1);
    Core core(kernel);
    Datagram lonely = *Datagram::open(core, anywhere);
    EXPECT_EQ(run_task(core, send_one(lonely, "hello", {})), EDESTADDRREQ);
}

}  // namespace
}  // namespace portico::io
