// portico/embed/outgoing_test.cc — relays on the simulated kernel, and datagrams.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "portico/base/row_name_for_test.h"
#include "portico/embed/connection_state.h"
#include "portico/embed/datagrams.h"
#include "portico/embed/relay.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream_pair_for_test.h"

namespace portico::outgoing_test {
namespace {

using std::chrono::seconds;
using End = Relayed::End;

// What the two peers of a relay do.
enum class Conduct : std::uint8_t {
    ask_and_answer,  // the client sends and ends, and the server answers after that
    client_resets,   // after its first octets
    server_leaves,   // at once, while the client sends without end
    silence,         // neither sends anything
    trickle,         // the client sends an octet every seven seconds
};

Connection connection_of(Stream stream) {
    link::Transport transport(std::move(stream));
    return Connection(std::make_unique<Connection::State>(std::move(transport), io::SocketAddress()));
}

Task<int> read_to_end(Stream& stream, std::string& all) {
    for (;;) {
        const io::Result<Buffer> octets = co_await stream.read(io::never);
        if (!octets) co_return octets.error().number;
        if (octets->empty()) co_return 0;
        all += octets->octets();
    }
}

// What a peer has received, and the number of the error with which that ended.
struct Heard {
    std::string octets;
    int error = -1;
};

Task<void> be_client(Stream stream, Conduct conduct, Heard& heard) {
    io::Core& core = stream.core();
    const std::string octets = conduct == Conduct::server_leaves ? std::string(4'000'000, 'x') : "question";
    io::Result<void> sent;
    if (conduct == Conduct::trickle) {
        while (sent) {
            sent = co_await stream.write_all("x", io::never);
            const bool slept = co_await io::sleep_for(core, seconds(7));
            EXPECT_TRUE(slept);
        }
        co_return;
    }
    if (conduct != Conduct::silence) sent = co_await stream.write_all(octets, io::never);
    if (conduct == Conduct::client_resets) {
        stream.abort_on_close();
        co_return;
    }
    if (!sent) {
        heard.error = sent.error().number;
        co_return;
    }
    if (conduct == Conduct::ask_and_answer) static_cast<void>(stream.finish_sending());
    heard.error = co_await read_to_end(stream, heard.octets);
}

Task<void> be_server(Stream stream, Conduct conduct, Heard& heard) {
    if (conduct == Conduct::server_leaves) co_return;
    heard.error = co_await read_to_end(stream, heard.octets);
    if (conduct != Conduct::ask_and_answer) co_return;
    const io::Result<void> sent = co_await stream.write_all("the answer", io::never);
    EXPECT_TRUE(sent);
}

struct Meeting {
    Relayed relayed;
    Heard client;
    Heard server;
    io::Duration time{};
};

Task<void> relay_once(Stream first, Stream second, RelayOptions options, Relayed& relayed) {
    Connection client = connection_of(std::move(first));
    Connection server = connection_of(std::move(second));
    relayed = co_await relay(client, server, options);
}

// `time_max`: the relay is asked to stop then.
Task<Meeting> meet(io::Core& core, Conduct conduct, RelayOptions options, io::Duration time_max) {
    const io::TimePoint began = core.now();
    io::StreamPair to_client = co_await io::make_stream_pair(core);
    io::StreamPair to_server = co_await io::make_stream_pair(core);
    options.deadline = began + seconds(60);
    Meeting meeting;
    io::Scope peers;
    peers.start(be_client(std::move(to_client.first), conduct, meeting.client));
    peers.start(be_server(std::move(to_server.second), conduct, meeting.server));
    io::Scope relaying;
    relaying.start(relay_once(std::move(to_client.second), std::move(to_server.first), options, meeting.relayed));
    const io::TimePoint stop = began + time_max;
    while (relaying.size() > 0 && core.now() < stop) {
        const bool slept = co_await io::sleep_for(core, std::chrono::milliseconds(100));
        EXPECT_TRUE(slept);
    }
    relaying.request_stop();
    co_await relaying.join();
    meeting.time = core.now() - began;
    co_await peers.join();
    co_return meeting;
}

struct RelayRow {
    const char* name;
    Conduct conduct;
    seconds idle_max;
    seconds time_max;
    End end;
    int server_error;  // what the server sees after it has read everything
    seconds least;     // how long it takes
    seconds most;
};
class Relays : public testing::TestWithParam<RelayRow> {};

TEST_P(Relays, SayWhatHasHappened) {
    const RelayRow& row = GetParam();
    for (std::uint64_t seed = 1; seed < 11; ++seed) {
        SCOPED_TRACE(seed);
        io::SimKernel kernel(seed);
        io::Core core(kernel);
        RelayOptions options;
        options.idle_max = row.idle_max;
        const Meeting met = io::run_task(core, meet(core, row.conduct, options, row.time_max));
        EXPECT_EQ(met.relayed.end, row.end);
        EXPECT_EQ(met.relayed.error.has_value(), row.end == End::broken);
        EXPECT_EQ(met.server.error, row.server_error);
        EXPECT_GE(met.time, row.least);
        EXPECT_LE(met.time, row.most);
        EXPECT_EQ(met.relayed.back, met.client.octets.size());
        if (row.end != End::broken) {
            EXPECT_EQ(met.relayed.there, met.server.octets.size());
        }
        if (row.conduct == Conduct::ask_and_answer) {
            EXPECT_EQ(met.server.octets, "question");
            EXPECT_EQ(met.client.octets, "the answer");
            EXPECT_EQ(met.client.error, 0);
        }
        if (row.conduct == Conduct::server_leaves) {
            EXPECT_NE(met.client.error, 0);
        }
    }
}

constexpr int nobody = -1;  // the server has left
INSTANTIATE_TEST_SUITE_P(Ends, Relays,
                         testing::Values(RelayRow{"Complete", Conduct::ask_and_answer, seconds(10), seconds(99),
                                                  End::complete, 0, seconds(0), seconds(5)},
                                         RelayRow{"Broken", Conduct::client_resets, seconds(10), seconds(99),
                                                  End::broken, ECONNRESET, seconds(0), seconds(5)},
                                         RelayRow{"NotTaken", Conduct::server_leaves, seconds(10), seconds(99),
                                                  End::broken, nobody, seconds(0), seconds(5)},
                                         RelayRow{"Idle", Conduct::silence, seconds(10), seconds(99), End::idle,
                                                  ECONNRESET, seconds(10), seconds(14)},
                                         RelayRow{"NotQuiteIdle", Conduct::trickle, seconds(10), seconds(99), End::late,
                                                  ECONNRESET, seconds(60), seconds(62)},
                                         RelayRow{"Late", Conduct::silence, seconds(99), seconds(99), End::late,
                                                  ECONNRESET, seconds(60), seconds(62)},
                                         RelayRow{"Stopped", Conduct::silence, seconds(10), seconds(3), End::stopped, 0,
                                                  seconds(3), seconds(4)}),
                         row_name);

Task<std::string> read_lines(io::Core& core) {
    io::StreamPair pair = co_await io::make_stream_pair(core);
    Connection from = connection_of(std::move(pair.first));
    io::LineReader lines = lines_of(from, 10);
    const io::Result<void> sent = co_await pair.second.write_all("one\r\ntwo\nand the third", io::never);
    EXPECT_TRUE(sent);
    std::string all;
    for (;;) {
        const io::Result<std::optional<io::Line>> line = co_await lines.read_line(core.now() + seconds(60));
        if (!line) co_return all + io::describe(line.error());
        if (!*line) co_return all;
        all.append((*line)->text).append(";");
    }
}

TEST(Lines, AreReadFromAConnection) {
    for (std::uint64_t seed = 1; seed < 6; ++seed) {
        io::SimKernel kernel(seed);
        io::Core core(kernel);
        EXPECT_EQ(io::run_task(core, read_lines(core)), "one;two;read_line: Message too long");
    }
}

Task<void> answer_datagrams(Datagram socket) {
    for (;;) {
        const io::Result<ReceivedDatagram> question = co_await receive_from(socket, io::never);
        if (!question) co_return;
        const io::Result<void> sent = co_await send_to(socket, question->peer, question->octets + "!");
        EXPECT_TRUE(sent);
    }
}

Task<std::string> ask(Datagram& socket, io::Duration time_max, std::size_t octets_max) {
    const io::Result<void> sent = co_await send_to(socket, socket.peer(), "hello");
    if (!sent) co_return io::describe(sent.error());
    const io::TimePoint deadline = socket.core().now() + time_max;
    const io::Result<ReceivedDatagram> answer = co_await receive_from(socket, deadline, octets_max);
    co_return answer ? answer->octets + " from " + answer->peer.text() : io::describe(answer.error());
}

Task<std::string> ask_all(io::Core& core) {
    const auto anywhere = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0);
    io::Result<Datagram> server = Datagram::open(core, anywhere);
    const std::string where = server->local().text();
    io::Scope serving;
    serving.start(answer_datagrams(*std::move(server)));
    auto socket = co_await open_datagram(core, where);
    if (!socket) co_return socket.error().message;
    EXPECT_EQ(socket->peer().text(), where);
    const std::string said = co_await ask(*socket, seconds(10), 6);
    EXPECT_EQ(said, "hello! from " + where);
    const std::string too_large = co_await ask(*socket, seconds(10), 5);
    const io::Result<void> gigantic = co_await send_to(*socket, socket->peer(), std::string(70'000, 'x'));
    EXPECT_EQ(gigantic ? 0 : gigantic.error().number, EMSGSIZE);
    const io::Result<ReceivedDatagram> late =
        co_await receive_from(*socket, core.now() + std::chrono::milliseconds(10));
    EXPECT_EQ(late ? 0 : late.error().number, ETIMEDOUT);
    serving.request_stop();
    co_await serving.join();
    const std::string unheard = co_await ask(*socket, seconds(10), 6);
    co_return too_large + ", " + unheard;
}

Task<std::string> try_to_open(io::Core& core, std::string endpoint) {
    const auto socket = co_await open_datagram(core, std::move(endpoint));
    co_return socket ? "open" : socket.error().message;
}

TEST(Datagrams, AreSentAndReceived) {
    const auto kernel = *io::make_epoll_kernel();
    io::Core core(*kernel);
    EXPECT_EQ(io::run_task(core, ask_all(core)), "receive: Message too long, recvmmsg: Connection refused");
    for (const auto& [endpoint, said] : std::map<std::string, std::string>{
             {"tcp://127.0.0.1:9", "'tcp://127.0.0.1:9' is nowhere to send datagrams to: write HOST:PORT"},
             {"127.0.0.1:0", "'127.0.0.1:0' is nowhere to send datagrams to: write HOST:PORT"},
             {"", "'' is not an endpoint: endpoint missing"},
             {"nobody.invalid:9", "nobody.invalid: no such host"}}) {
        EXPECT_EQ(io::run_task(core, try_to_open(core, endpoint)), said);
    }
}

}  // namespace
}  // namespace portico::outgoing_test
