// Behaviour that every kernel must share. Each test runs on epoll, and on simulations with several seeds that are as
// unhelpful as allowed.
#include <gtest/gtest.h>
#include <unistd.h>

#include "portico/io/kernel_contract_for_test.h"

namespace portico::io {

INSTANTIATE_TEST_SUITE_P(Epoll, Contract, testing::Values(0));
INSTANTIATE_TEST_SUITE_P(Simulated, Contract, testing::Range<std::uint64_t>(1, 21));

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Task<void> echo(Stream stream) {
    Core& core = stream.core();
    for (;;) {
        const Result<Buffer> got = co_await stream.read(core.buffers(), never);
        if (!got || got->empty()) break;
        const Result<void> sent = co_await stream.write_all(got->octets(), never);
        if (!sent) co_return;
    }
    co_await drain_and_close(std::move(stream), seconds(5), 1'000'000);
}

Task<void> serve_echo(Listener& listener, Scope& scope) {
    for (;;) {
        Result<Accepted> accepted = co_await listener.accept();
        if (!accepted) co_return;
        scope.start(echo(std::move(accepted->stream)));
    }
}

Task<void> exchange(Core& core, SocketAddress peer, std::size_t octets_count) {
    const std::string octets = some_octets(octets_count);
    Result<Stream> stream = co_await connect(core, peer, never);
    EXPECT_TRUE(stream.has_value());
    if (!stream) co_return;
    Scope scope;
    bool whole = false;
    scope.start(write_and_finish(*stream, octets, never, whole));
    int error = 0;
    const std::string back = co_await read_all(*stream, error, never);
    co_await scope.join();
    EXPECT_EQ(error, 0);
    EXPECT_TRUE(whole);
    EXPECT_EQ(back.size(), octets.size());
    EXPECT_TRUE(back == octets);
}

Task<void> exchange_with_echo(Core& core, Listener& listener, std::size_t octets, int clients) {
    Scope servers;
    Scope exchanges;
    servers.start(serve_echo(listener, servers));
    for (int i = 0; i < clients; ++i) exchanges.start(exchange(core, listener.local(), octets));
    co_await exchanges.join();
    servers.request_stop();
    co_await servers.join();
}

TEST_P(Contract, EchoesOverIpv4) {
    Listener listener = listen();
    run(exchange_with_echo(core(), listener, 1'000'000, 1));
}

TEST_P(Contract, EchoesOverIpv6) {
    Listener listener = listen(SocketAddress::of(IpAddress::loopback(Family::ipv6), 0));
    run(exchange_with_echo(core(), listener, 100'000, 2));
}

TEST_P(Contract, EchoesOverAUnixPath) {
    Listener listener = listen(SocketAddress::unix_path_of(place_ + "/socket"));
    run(exchange_with_echo(core(), listener, 100'000, 2));
}

TEST_P(Contract, EchoesToManyAtOnce) {
    Listener listener = listen();
    run(exchange_with_echo(core(), listener, 3000, 200));
}

Task<void> expect_addresses(Core& core, Listener& listener) {
    Scope scope;
    std::optional<Accepted> accepted;
    scope.start(accept_into(listener, accepted));
    const Result<Stream> client = co_await connect(core, listener.local(), never);
    co_await scope.join();
    EXPECT_EQ(accepted->peer.text(), client->local_address()->text());
    EXPECT_EQ(accepted->stream.local_address()->text(), listener.local().text());
}

TEST_P(Contract, BothEndsKnowTheirAddresses) {
    Listener listener = listen();
    EXPECT_NE(listener.local().port, 0);
    run(expect_addresses(core(), listener));
}

// A client that connects while no accept is pending stays in the queue. A deadline that has passed empties the queue
// before it ends a wait.
Task<void> accept_those_who_queued_up(Core& core, Listener& listener) {
    std::vector<Stream> clients;
    for (int i = 0; i < 5; ++i) {
        Result<Stream> client = co_await connect(core, listener.local(), never);
        EXPECT_TRUE(client.has_value());
        if (client) clients.push_back(std::move(*client));
    }
    const bool slept = co_await sleep_for(core, seconds(1));
    EXPECT_TRUE(slept);
    std::vector<Stream> accepted;
    int failure = 0;
    while (failure == 0) {
        Result<Accepted> next = co_await listener.accept(core.now());
        if (next) accepted.push_back(std::move(next->stream));
        if (!next) failure = next.error().number;
    }
    EXPECT_EQ(failure, ETIMEDOUT);
    EXPECT_EQ(accepted.size(), clients.size());
}

TEST_P(Contract, ADeadlineThatHasComeAcceptsWhoHasQueuedUp) {
    Listener listener = listen();
    run(accept_those_who_queued_up(core(), listener));
}

Task<void> connect_two_and_accept_one(Core& core, Listener& listener, std::vector<Stream>& open) {
    Both both = co_await connected(core, listener);
    open.push_back(std::move(both.client));
    open.push_back(std::move(both.server));
    Result<Stream> waiting = co_await connect(core, listener.local(), never);
    EXPECT_TRUE(waiting.has_value());
    if (waiting) open.push_back(std::move(*waiting));
}

// If the loop spun on a queue that is not being accepted from, it would turn many thousands of times.
TEST_P(Contract, AQueueThatNobodyAcceptsFromWakesNobody) {
    Listener listener = listen();
    std::vector<Stream> open;
    run(connect_two_and_accept_one(core(), listener, open));
    const TimePoint until = core().now() + milliseconds(200);
    int turns = 0;
    for (; core().now() < until; ++turns) core().run_once(until);
    EXPECT_LT(turns, 20);
    std::optional<Accepted> accepted;
    run(accept_into(listener, accepted));
    EXPECT_TRUE(accepted.has_value());
}

TEST_P(Contract, AnAddressIsTakenOnce) {
    const Listener listener = listen();
    const auto second = Listener::open(core(), listener.local());
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().number, EADDRINUSE);
}

Task<void> expect_half_close(Core& core, Listener& listener, TimePoint deadline) {
    Both both = co_await connected(core, listener);
    bool whole = false;
    co_await write_and_finish(both.client, "question", deadline, whole);
    int error = 0;
    const std::string question = co_await read_all(both.server, error, deadline);
    EXPECT_EQ(question, "question");
    const std::string answer = some_octets(300'000);
    Scope scope;
    scope.start(write_and_finish(both.server, answer, deadline, whole));
    const std::string got = co_await read_all(both.client, error, deadline);
    co_await scope.join();
    EXPECT_TRUE(got == answer);
    EXPECT_EQ(error, 0);
}

TEST_P(Contract, TheOtherDirectionGoesOnAfterAHalfClose) {
    Listener listener = listen();
    run(expect_half_close(core(), listener, soon()));
}

Task<void> expect_reset(Core& core, Listener& listener, TimePoint deadline) {
    {
        Both both = co_await connected(core, listener);
        both.server.abort_on_close();
        {
            const Stream closed = std::move(both.server);
        }
        int error = 0;
        const std::string nothing = co_await read_all(both.client, error, deadline);
        EXPECT_EQ(error, ECONNRESET);
    }
    Both both = co_await connected(core, listener);
    const Result<void> written = co_await both.client.write_all("never read", deadline);
    EXPECT_TRUE(written.has_value());
    std::array<char, 1> room;
    const Result<std::size_t> one = co_await both.server.read(room, deadline);
    EXPECT_EQ(one.value_or(0), 1U);
    {
        const Stream closed = std::move(both.server);
    }
    int error = 0;
    const std::string nothing = co_await read_all(both.client, error, deadline);
    EXPECT_EQ(error, ECONNRESET);
}

TEST_P(Contract, AnAbortAndACloseWithUnreadOctetsAreResets) {
    Listener listener = listen();
    run(expect_reset(core(), listener, soon()));
}

Task<void> expect_broken_pipe(Core& core, Listener& listener, TimePoint deadline) {
    Both both = co_await connected(core, listener);
    {
        const Stream closed = std::move(both.server);
    }
    Result<void> written;
    for (int i = 0; i < 1000 && written; ++i) {
        written = co_await both.client.write_all("anybody there?", deadline);
        const bool in_time = co_await sleep_for(core, milliseconds(1));
        EXPECT_TRUE(in_time);
    }
    EXPECT_FALSE(written.has_value());
    if (!written) {
        EXPECT_TRUE(written.error().number == EPIPE || written.error().number == ECONNRESET);
    }
}

TEST_P(Contract, WritingToWhoHasClosedFailsAndDoesNotKill) {
    Listener listener = listen();
    run(expect_broken_pipe(core(), listener, soon()));
}

Task<void> expect_deadline(Core& core, Listener& listener) {
    Both both = co_await connected(core, listener);
    std::array<char, 10> room;
    for (int i = 0; i < 3; ++i) {
        const TimePoint due = core.now() + milliseconds(5);
        const Result<std::size_t> nothing = co_await both.server.read(room, due);
        EXPECT_FALSE(nothing.has_value());
        if (!nothing) {
            EXPECT_EQ(nothing.error().number, ETIMEDOUT);
        }
        EXPECT_GE(core.now(), due);
    }
    const Result<std::size_t> overdue = co_await both.server.read(room, core.now() - seconds(1));
    EXPECT_EQ(overdue.error().number, ETIMEDOUT);
    const Result<void> written = co_await both.client.write_all("late", never);
    EXPECT_TRUE(written.has_value());
    const Result<std::size_t> got = co_await both.server.read(room, never);
    EXPECT_GE(got.value_or(0), 1U);
}

TEST_P(Contract, ADeadlineEndsTheWaitAndNothingElse) {
    Listener listener = listen();
    run(expect_deadline(core(), listener));
}

Task<void> expect_back_pressure(Core& core, Listener& listener) {
    Both both = co_await connected(core, listener);
    const std::string flood(50'000'000, 'x');
    const Result<void> written = co_await both.client.write_all(flood, core.now() + milliseconds(200));
    EXPECT_FALSE(written.has_value());
    if (!written) {
        EXPECT_EQ(written.error().number, ETIMEDOUT);
    }
}

TEST_P(Contract, WhoeverDoesNotReadStopsTheWriter) {
    Listener listener = listen();
    run(expect_back_pressure(core(), listener));
}

Task<void> write_to_a_peer_that_does_not_read(Core& core, Listener& listener, std::size_t& held) {
    Both both = co_await connected(core, listener);
    const std::string flood(50'000'000, 'x');
    const Result<void> written = co_await both.server.write_all(flood, core.now() + milliseconds(200));
    EXPECT_FALSE(written.has_value());
    held = both.server.unacknowledged();
}

// Without limits, Linux would hold megabytes here.
TEST_P(Contract, ALimitBoundsWhatIsHeldForAPeerThatDoesNotRead) {
    for (const SendLimits limits : {SendLimits{.unsent_octets_max = 16'384},
                                    SendLimits{.unacknowledged_octets_max = 65'536}, SendLimits{16'384, 65'536}}) {
        ListenOptions options;
        options.send_limits = limits;
        const auto any_port = SocketAddress::of(IpAddress::loopback(Family::ipv4), 0);
        auto listener = Listener::open(core(), any_port, options);
        ASSERT_TRUE(listener.has_value());
        std::size_t held = SIZE_MAX;
        run(write_to_a_peer_that_does_not_read(core(), *listener, held));
        EXPECT_LE(held, is_simulated() ? 65'536U : 262'144U);
    }
}

Task<void> limit_a_stream(Core& core, Listener& listener, std::size_t& held) {
    Both both = co_await connected(core, listener);
    SendLimits limits;
    limits.unacknowledged_octets_max = 2000;
    both.client.set_send_limits(limits);
    const std::string flood(1'000'000, 'x');
    const Result<void> written = co_await both.client.write_all(flood, core.now() + milliseconds(50));
    EXPECT_FALSE(written.has_value());
    held = both.client.unacknowledged();
}

TEST_P(Contract, AStreamsLimitCanBeSetLater) {
    Listener listener = listen();
    std::size_t held = SIZE_MAX;
    run(limit_a_stream(core(), listener, held));
    EXPECT_LE(held, is_simulated() ? 2000U : 65'536U);
    // What the peer has no room for is unacknowledged.
    if (!is_simulated()) {
        EXPECT_GT(held, 0U);
    }
}

Task<void> expect_refused(Core& core, SocketAddress nobody) {
    const Result<Stream> stream = co_await connect(core, std::move(nobody), never);
    EXPECT_FALSE(stream.has_value());
    if (!stream) {
        EXPECT_EQ(stream.error().number, ECONNREFUSED);
    }
}

TEST_P(Contract, NobodyListensNobodyConnects) {
    SocketAddress nobody;
    {
        const Listener listener = listen();
        nobody = listener.local();
    }
    run(expect_refused(core(), nobody));
}

Task<void> expect_cancelled_read(Stream& stream, int& cancelled) {
    std::array<char, 10> room;
    for (int i = 0; i < 3; ++i) {
        const Result<std::size_t> nothing = co_await stream.read(room, never);
        EXPECT_FALSE(nothing.has_value());
        if (!nothing) {
            EXPECT_EQ(nothing.error().number, ECANCELED);
        }
        ++cancelled;
    }
}

Task<void> expect_cancelled_accept(Listener& listener, int& cancelled) {
    const Result<Accepted> nobody = co_await listener.accept();
    EXPECT_EQ(nobody.error().number, ECANCELED);
    ++cancelled;
}

Task<void> expect_cut_sleep(Core& core, int& cancelled) {
    const bool slept = co_await sleep_for(core, std::chrono::hours(1));
    EXPECT_FALSE(slept);
    ++cancelled;
}

Task<void> expect_cancelled_receive(Datagram& socket, int& cancelled) {
    std::array<DatagramSlot, 1> slots;
    std::array<char, 10> room;
    slots[0].octets = room;
    const Result<std::size_t> nothing = co_await socket.receive(slots, never);
    EXPECT_EQ(nothing.error().number, ECANCELED);
    ++cancelled;
}

Task<void> expect_stop(Core& core, Listener& listener, Datagram& socket) {
    Both both = co_await connected(core, listener);
    Scope scope;
    int cancelled = 0;
    scope.start(expect_cancelled_read(both.client, cancelled));
    scope.start(expect_cancelled_accept(listener, cancelled));
    scope.start(expect_cut_sleep(core, cancelled));
    scope.start(expect_cancelled_receive(socket, cancelled));
    const bool slept = co_await sleep_for(core, milliseconds(3));
    EXPECT_TRUE(slept);
    EXPECT_EQ(cancelled, 0);
    scope.request_stop();
    scope.request_stop();
    co_await scope.join();
    EXPECT_EQ(cancelled, 6);
}

TEST_P(Contract, ARequestToStopEndsEveryWait) {
    Listener listener = listen();
    Datagram socket = datagram();
    run(expect_stop(core(), listener, socket));
}

Task<void> join_of_a_sleeper(Core& core, int& cancelled) {
    Scope scope;
    scope.start(expect_cut_sleep(core, cancelled));
    co_await scope.join();
}

Task<void> join_after_the_request(Core& core, int& cancelled) {
    const bool slept = co_await sleep_for(core, std::chrono::hours(1));
    EXPECT_FALSE(slept);
    Scope scope;
    scope.start(join_of_a_sleeper(core, cancelled));
    co_await scope.join();
}

TEST_P(Contract, AJoinHandsTheRequestOnWheneverItCame) {
    Scope scope;
    int cancelled = 0;
    scope.start(join_of_a_sleeper(core(), cancelled));
    scope.start(join_after_the_request(core(), cancelled));
    scope.request_stop();
    run(scope);
    EXPECT_EQ(cancelled, 2);
}

Task<void> sleep_and_tell(Core& core, int milliseconds_slept, std::vector<int>& woken) {
    const bool slept = co_await sleep_for(core, milliseconds(milliseconds_slept));
    EXPECT_TRUE(slept);
    woken.push_back(milliseconds_slept);
}

TEST_P(Contract, SleepersWakeInOrder) {
    Scope scope;
    std::vector<int> woken;
    for (const int time : {30, 10, 20, 0, 5}) scope.start(sleep_and_tell(core(), time, woken));
    run(scope);
    EXPECT_EQ(woken, (std::vector<int>{0, 5, 10, 20, 30}));
}

Task<void> send_file_whole(Stream& stream, const Fd& file, std::uint64_t offset, TimePoint deadline) {
    for (;;) {
        const Result<std::size_t> sent = co_await stream.send_file(file, offset, 1'000'000'000, deadline);
        EXPECT_TRUE(sent.has_value());
        if (!sent || *sent == 0) break;
        offset += *sent;
    }
    static_cast<void>(stream.finish_sending());
}

Task<void> write_spans(Stream& stream, std::vector<iovec> spans, TimePoint deadline) {
    std::span<iovec> left(spans);
    while (!left.empty()) {
        const Result<std::size_t> written = co_await stream.write(left, deadline);
        EXPECT_TRUE(written.has_value());
        if (!written) co_return;
        std::size_t taken = *written;
        while (!left.empty() && taken >= left.front().iov_len) {
            taken -= left.front().iov_len;
            left = left.subspan(1);
        }
        if (taken == 0) continue;
        left.front().iov_base = static_cast<char*>(left.front().iov_base) + taken;
        left.front().iov_len -= taken;
    }
    static_cast<void>(stream.finish_sending());
}

Task<void> expect_spans(Core& core, Listener& listener, std::string content, std::size_t span_octets) {
    Both both = co_await connected(core, listener);
    std::vector<iovec> spans;
    for (std::size_t at = 0; at < content.size(); at += span_octets) {
        spans.push_back({content.data() + at, std::min(span_octets, content.size() - at)});
    }
    Scope scope;
    scope.start(write_spans(both.server, std::move(spans), never));
    int error = 0;
    const std::string got = co_await read_all(both.client, error, never);
    co_await scope.join();
    EXPECT_TRUE(got == content);
}

// More spans than one system call takes, and larger ones than one call may be given.
TEST_P(Contract, ManySpansAndLargeOnesAreWrittenInOrder) {
    Listener listener = listen();
    for (const std::size_t span_octets : {std::size_t{1}, std::size_t{400'000}, std::size_t{3'000'000}}) {
        const std::size_t octets = span_octets == 1 ? 5000 : 3'000'000;
        run(expect_spans(core(), listener, some_octets(octets), span_octets));
    }
}

Task<void> expect_file(Core& core, Listener& listener, const Fd& file, const std::string& content) {
    Both both = co_await connected(core, listener);
    Scope scope;
    scope.start(send_file_whole(both.server, file, 1000, never));
    int error = 0;
    const std::string got = co_await read_all(both.client, error, never);
    co_await scope.join();
    EXPECT_TRUE(got == content.substr(1000));
}

TEST_P(Contract, AFileIsSentToItsEnd) {
    Listener listener = listen();
    const std::string content = some_octets(1'500'000);
    const Fd file = file_of(content);
    run(expect_file(core(), listener, file, content));
}

Task<void> expect_no_buffer_while_waiting(Core& core, Listener& listener) {
    Both both = co_await connected(core, listener);
    Scope scope;
    scope.start(echo(std::move(both.server)));
    bool slept = co_await sleep_for(core, milliseconds(2));
    EXPECT_TRUE(slept);
    EXPECT_EQ(core.ledger().used(), 0U);
    bool whole = false;
    co_await write_and_finish(both.client, "some octets", never, whole);
    int error = 0;
    const std::string back = co_await read_all(both.client, error, never);
    EXPECT_EQ(back, "some octets");
    {
        const Stream closed = std::move(both.client);
    }
    co_await scope.join();
    slept = core.ledger().peak() > 0;
    EXPECT_TRUE(slept);
}

TEST_P(Contract, AWaitingConnectionHoldsNoBuffer) {
    Listener listener = listen();
    run(expect_no_buffer_while_waiting(core(), listener));
}

TEST_P(Contract, MailIsReadInOrder) {
    std::vector<int> read;
    for (int i = 0; i < 5; ++i) core().post([&read, i] { read.push_back(i); });
    while (read.size() < 5) core().run_once(never);
    EXPECT_EQ(read, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_P(Contract, StopEndsRun) {
    core().post([this] { core().stop(); });
    core().run();
}

TEST_P(Contract, StopEndsAWaitForWhichThereIsNothingElse) {
    core().stop();
    core().run_once(never);
    core().run();
}

}  // namespace
}  // namespace portico::io
