// portico/app/listen_client_test.cc — how long one client may keep the others of `portico listen` waiting.
//
// Room app: see command.h.
#include "portico/app/listen_client.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/app/command.h"
#include "portico/app/script_for_test.h"
#include "portico/base/row_name_for_test.h"
#include "portico/io/run_task.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream_pair_for_test.h"
#include "portico/tls/pair_for_test.h"

namespace portico::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr io::Duration network_slack = milliseconds(600);  // for the simulated network

struct Meeting {
    std::optional<int> code;
    std::string printed;
    std::string heard;
    io::Duration took{};
};

Task<Meeting> meet(io::Core& core, Script script) {
    Meeting outcome;
    io::StreamPair network = co_await io::make_stream_pair(core);
    io::Scope client;
    client.start(play(core, std::move(network.second), std::move(script), outcome.heard));
    const io::TimePoint begun = core.now();
    link::Transport transport(std::move(network.first));
    std::function<void(std::string_view)> print = [&outcome](std::string_view text) { outcome.printed += text; };
    outcome.code = co_await explain_client(std::move(transport), ClientPatience(), std::move(print));
    outcome.took = core.now() - begun;
    client.request_stop();
    co_await client.join();
    co_return std::move(outcome);
}

// A head of this many octets whose page is several times as long.
std::string long_head(std::size_t octets) {
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    head.append(octets - head.size() - 4, '"');
    return head + "\r\n\r\n";
}

std::shared_ptr<const tls::ServerContext> context_of_listener() {
    tls::ServerTlsOptions options;
    options.credentials.push_back(tls::credentials_for({"localhost"}));
    return *tls::ServerContext::open(options);
}

// Waits for so long before each octet.
Script drips(const std::string& octets, io::Duration pause) {
    Script script;
    for (const char octet : octets) {
        script.push_back(pauses(pause));
        script.push_back(writes(std::string(1, octet)));
    }
    return script;
}

struct ClientRow {
    const char* name;
    Script script;
    std::optional<int> code;
    io::Duration took;
    std::string_view printed;  // the beginning
};
class Clients : public testing::TestWithParam<ClientRow> {};

TEST_P(Clients, KeepOthersWaitingOnlySoLong) {
    io::SimKernel kernel(7);
    io::Core core(kernel);
    const Meeting outcome = io::run_task(core, meet(core, GetParam().script));
    EXPECT_EQ(outcome.code, GetParam().code);
    EXPECT_GE(outcome.took, GetParam().took);
    EXPECT_LT(outcome.took, GetParam().took + network_slack);
    EXPECT_EQ(outcome.printed.substr(0, GetParam().printed.size()), GetParam().printed);
    EXPECT_EQ(outcome.printed.empty(), GetParam().printed.empty());
}
INSTANTIATE_TEST_SUITE_P(
    Listen, Clients,
    testing::Values(
        ClientRow{"Usual", {writes(long_head(100)), {reads_to_end}}, exit_ok, seconds(0), "GET /\n"},
        ClientRow{"Silent", {pauses(seconds(60))}, std::nullopt, seconds(2), ""},
        ClientRow{"SilentInTheMiddle", {writes("GET / "), pauses(seconds(60))}, std::nullopt, seconds(2), ""},
        ClientRow{"OctetByOctet", drips(long_head(100), milliseconds(1500)), std::nullopt, seconds(10), ""},
        ClientRow{"GoneAtOnce", {{finishes}, {reads_to_end}}, std::nullopt, seconds(0), ""},
        ClientRow{"TooLong", {writes(long_head(17'000)), {reads_to_end}}, exit_ok, seconds(0), "not a valid request"},
        ClientRow{
            "ReadsNothing", {writes(long_head(16'000)), pauses(seconds(60))}, exit_not_sent, seconds(11), "GET /\n"},
        ClientRow{"DoesNotEnd", {writes(long_head(100)), pauses(seconds(60))}, exit_ok, seconds(1), "GET /\n"}),
    row_name);

Task<io::Result<void>> shake(io::Core& core, io::Duration& took) {
    std::string heard;
    io::StreamPair network = co_await io::make_stream_pair(core);
    io::Scope client;
    client.start(play(core, std::move(network.second), {pauses(seconds(60))}, heard));
    link::Transport transport(std::move(network.first));
    transport.protect(context_of_listener()->make_session(core.buffers()));
    const io::TimePoint begun = core.now();
    const io::Result<void> shaken = co_await protect_client(transport, ClientPatience());
    took = core.now() - begun;
    client.request_stop();
    co_await client.join();
    co_return shaken;
}

TEST(Clients, HaveFiveSecondsForTheirHandshake) {
    io::SimKernel kernel(7);
    io::Core core(kernel);
    io::Duration took{};
    const io::Result<void> shaken = io::run_task(core, shake(core, took));
    ASSERT_FALSE(shaken);
    EXPECT_EQ(shaken.error().number, ETIMEDOUT);
    EXPECT_GE(took, seconds(5));
    EXPECT_LT(took, seconds(5) + network_slack);
}

}  // namespace
}  // namespace portico::app
