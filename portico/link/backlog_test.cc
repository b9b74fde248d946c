// portico/link/backlog_test.cc — the charge for unacknowledged octets, and how a connection to a peer is closed.
#include "portico/link/backlog.h"

#include "portico/base/row_name_for_test.h"
#include "portico/link/link_for_test.h"
#include "portico/link/part.h"

namespace portico::link {
namespace {

struct RateRow {
    const char* name;
    std::uint64_t octets;
    std::chrono::milliseconds waited;
    bool is_fast_enough;
};
class Rate : public testing::TestWithParam<RateRow> {};

TEST_P(Rate, IsAMeanAfterAGrace) {
    const InboundLimits limits;  // 500 octets per second after 30 seconds
    EXPECT_EQ(is_fast_enough(GetParam().octets, GetParam().waited, limits), GetParam().is_fast_enough);
}
INSTANTIATE_TEST_SUITE_P(Limits, Rate,
                         testing::Values(RateRow{"NothingWithinTheGrace", 0, seconds(30), true},
                                         RateRow{"NothingAfterTheGrace", 0, milliseconds(30'001), false},
                                         RateRow{"JustEnough", 20'000, seconds(40), true},
                                         RateRow{"OneOctetShort", 19'999, seconds(40), false},
                                         RateRow{"Much", std::uint64_t{1} << 40, seconds(86'400), true}),
                         row_name);

class Parting : public LinkTest {
protected:
    explicit Parting(const io::SimFaults& faults = narrow()) : LinkTest(faults) {}
    // Octets stay with the sender until the peer reads.
    static io::SimFaults narrow() {
        io::SimFaults faults = punctual();
        faults.buffer_octets_min = faults.buffer_octets_max = 1024 * 1024;
        faults.window_octets = 4096;
        return faults;
    }
    void write(std::size_t octets) {
        written_ += octets;
        run(server_sends(std::string(octets, 'x')));
    }
    void part(io::Duration time_max = seconds(2)) {
        server().backlog().add(written_);
        context().replace_limits(limits());
        parting_.start(link::part(std::move(server()), context(), time_max, 100'000));
    }

    std::size_t written_ = 0;
    io::Scope parting_;
};

TEST_F(Parting, BacklogIsChargedAsTheKernelSays) {
    Backlog& backlog = server().backlog();
    write(100'000);
    EXPECT_EQ(core().ledger().used(), 0U);
    backlog.add(100'000);
    EXPECT_EQ(core().ledger().used(), backlog.ask());
    EXPECT_GE(core().ledger().used(), 90'000U);
    EXPECT_FALSE(backlog.is_small());
    static_cast<void>(client_reads());
    EXPECT_TRUE(backlog.is_small());
    EXPECT_EQ(core().ledger().used(), 0U);
}

TEST_F(Parting, BacklogAsksOnlyNowAndThen) {
    Backlog& backlog = server().backlog();
    write(100'000);
    backlog.add(Backlog::unasked_octets_max - 1);
    EXPECT_EQ(core().ledger().used(), 0U);
    EXPECT_EQ(backlog.at_most(), Backlog::unasked_octets_max - 1);
    backlog.add(1);
    EXPECT_GE(core().ledger().used(), 90'000U);
}

TEST_F(Parting, BacklogIsReleasedWithItsConnection) {
    write(100'000);
    server().backlog().ask();
    EXPECT_GT(core().ledger().used(), 0U);
    close_server();
    EXPECT_EQ(core().ledger().used(), 0U);
}

class Widening : public Parting {
protected:
    // The peer has received this much, of which it has acknowledged everything.
    void acknowledge(std::size_t octets) {
        write(octets);
        static_cast<void>(client_reads());
        server().backlog().add(octets);
    }
    // The server writes until the kernel takes no more. Returns how much that is.
    std::size_t octets_held() {
        run(write_what_fits());
        const std::size_t held = server().backlog().ask();
        static_cast<void>(client_reads());
        return held;
    }

    Task<void> write_what_fits() {
        const std::string octets(900'000, 'x');
        const iovec span{const_cast<char*>(octets.data()), octets.size()};
        for (;;) {
            const io::TimePoint soon = core().now() + milliseconds(1);
            const io::Result<std::size_t> written = co_await server().write({&span, 1}, soon, false);
            if (!written) co_return;
        }
    }

    FastReaders readers_{16 * 1024, 256 * 1024, 1};
};

TEST_F(Widening, IsForPeersThatHaveRead) {
    acknowledge(FastReaders::proof_octets - 1);
    server().backlog().widen(readers_);
    EXPECT_TRUE(readers_.take());
    readers_.give_back();
    acknowledge(Backlog::unasked_octets_max);
    server().backlog().widen(readers_);
    EXPECT_FALSE(readers_.take());
    EXPECT_NEAR(static_cast<double>(octets_held()), 256.0 * 1024, 10'000);
}

TEST_F(Widening, EndsWhenThePeerHasReadEverything) {
    acknowledge(FastReaders::proof_octets);
    server().backlog().widen(readers_);
    static_cast<void>(octets_held());
    EXPECT_FALSE(readers_.take());
    EXPECT_EQ(server().backlog().ask(), 0U);
    EXPECT_TRUE(readers_.take());
    EXPECT_NEAR(static_cast<double>(octets_held()), 16.0 * 1024, 10'000);
    server().backlog().widen(readers_);
    EXPECT_NEAR(static_cast<double>(octets_held()), 16.0 * 1024, 10'000) << "there is no place";
    readers_.give_back();
}

TEST_F(Widening, EndsWithTheConnection) {
    acknowledge(FastReaders::proof_octets);
    server().backlog().widen(readers_);
    Transport moved(std::move(server()));
    EXPECT_FALSE(readers_.take());
    {
        const Transport closed(std::move(moved));
    }
    EXPECT_TRUE(readers_.take());
}

TEST_F(Parting, IsOverWhenThePeerHasAll) {
    write(3000);
    part();
    const std::string received = client_reads();
    close_client();
    EXPECT_LT(time_of([this] { run(parting_); }), seconds(1));
    EXPECT_EQ(received.size(), 3000U);
}

TEST_F(Parting, LeavesASmallAnswerToTheKernel) {
    write(10'000);  // more than the peer's window
    part();
    EXPECT_LE(time_of([this] { run(parting_); }), seconds(3));
    bool reset = true;
    EXPECT_EQ(client_reads_to_end(reset).size(), 10'000U);
    EXPECT_FALSE(reset);
}

// The peer reads for far longer than time_max, and receives everything.
TEST_F(Parting, WaitsForAPeerThatReads) {
    write(200'000);
    part();
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 1000, seconds(1)));
    run(parting_);
    run(client);
    EXPECT_EQ(received.size(), 200'000U);
    EXPECT_FALSE(client_was_reset());
}

// Otherwise the kernel would keep the octets that the peer has not received for minutes after the close.
TEST_F(Parting, ResetsAPeerThatReadsNothing) {
    limits().rate_min = 0;
    write(200'000);
    part();
    const milliseconds took = time_of([this] { run(parting_); });
    EXPECT_GE(took, seconds(60));
    EXPECT_LE(took, seconds(80));
    bool reset = false;
    static_cast<void>(client_reads_to_end(reset));
    EXPECT_TRUE(reset);
}

TEST_F(Parting, ResetsAPeerThatTrickles) {
    write(200'000);
    part();
    io::Scope client;
    std::string received;
    client.start(client_reads_slowly(received, 100, seconds(1)));
    const milliseconds took = time_of([this] { run(parting_); });
    EXPECT_GE(took, seconds(30));
    EXPECT_LE(took, seconds(50));
    run(client);
}

TEST_F(Parting, IsOverWhenThePeerResets) {
    write(200'000);
    part();
    pass(seconds(10));
    reset_client();
    EXPECT_LT(time_of([this] { run(parting_); }), seconds(3));
}

// The transport moves from one frame to another; each may live for as long as the peer reads.
TEST_F(Parting, ChargesWhatIsOutstandingOnce) {
    write(200'000);
    part();
    pass(seconds(5));
    EXPECT_GE(core().ledger().used(), 150'000U);
    EXPECT_LE(core().ledger().used(), 200'000U);
    parting_.request_stop();
    run(parting_);
    EXPECT_EQ(core().ledger().used(), 0U);
}

TEST_F(Parting, CanBeEnded) {
    write(200'000);
    part();
    pass(seconds(10));
    parting_.request_stop();
    EXPECT_LT(time_of([this] { run(parting_); }), seconds(1));
}

}  // namespace
}  // namespace portico::link
