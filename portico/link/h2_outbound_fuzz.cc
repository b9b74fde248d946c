// portico/link/h2_outbound_fuzz.cc — any octets as a server's on a client's HTTP/2 connection, on the simulated kernel:
// the outcome does not depend on how they are cut, and nothing is left over.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "portico/link/h2_outbound.h"
#include "portico/link/h2_outbound_exchange.h"
#include "portico/link/outbound_fuzz_for_test.h"
#include "portico/wire/h2/client_for_test.h"

namespace portico::link {
namespace {

using Outcomes = std::array<FuzzedOutcome, 3>;

class Keeper final : public H2Keeper {
public:
    void became_idle(H2Outbound& connection) override { connection.retire(); }
    void must_speak_h1(H2Outbound&) override {}
};

struct Run {
    Speech answers;
    const h2::Limits& engine;
    const OutboundLimits& limits;
};

Task<void> ask(H2Outbound& connection, http::Method method, FuzzedOutcome& outcome) {
    Outgoing outgoing;
    if (method == http::Method::put) outgoing.content = "content";
    H2OutboundExchange exchange(connection);
    const bool is_whole = co_await exchange_whole(exchange, method, outgoing, outcome);
    require(is_whole != outcome.failure.has_value());
}

Task<void> play(io::Core& core, const Run& run, Outcomes& outcomes) {
    Ends ends = co_await connect_ends(core);
    h2::Context context(core.buffers(), run.engine);
    Keeper keeper;
    H2Outbound connection(Transport(std::move(ends.client)), context, run.limits, std::chrono::hours(1), keeper);
    io::Scope running;
    running.start(connection.run());
    io::Scope asking;
    asking.start(ask(connection, http::Method::get, outcomes[0]));
    asking.start(ask(connection, http::Method::head, outcomes[1]));
    asking.start(ask(connection, http::Method::put, outcomes[2]));
    io::Scope answering;
    answering.start(say(ends.server, run.answers));
    co_await asking.join();
    answering.request_stop();
    co_await answering.join();
    co_await running.join();
}

Outcomes outcomes_of(const Run& run) {
    Outcomes outcomes;
    run_alone([&](io::Core& core) { return play(core, run, outcomes); });
    return outcomes;
}

void compare(std::uint8_t choice, std::string_view rest) {
    // The first octet determines how long the pieces are, whether the server begins well, and whether limits are low.
    OutboundLimits limits;
    h2::Limits engine;
    if ((choice & 0x80) != 0) {
        engine.header_list_octets_max = 200;
        engine.field_count_max = 3;
        engine.block_octets_max = 150;
        engine.continuations_max = 2;
        engine.stream_window_octets = 50;
        limits.interim_count_max = 1;
        limits.content_octets_max = 40;
    }
    std::string octets = (choice & 0x40) != 0 ? std::string() : h2::server_hello();
    octets += rest;
    const Outcomes whole = outcomes_of({{octets, octets.size() + 1}, engine, limits});
    const Outcomes pieces = outcomes_of({{octets, 1 + (choice & 0x3fU)}, engine, limits});
    for (std::size_t i = 0; i < whole.size(); ++i) {
        // If the octets come at once, what goes wrong after a response is known before that is read.
        require(pieces[i].statuses.starts_with(whole[i].statuses) && pieces[i].content.starts_with(whole[i].content));
        require(whole[i].failure.has_value() == pieces[i].failure.has_value());
        if (!whole[i].failure) require(whole[i] == pieces[i]);
    }
}

}  // namespace
}  // namespace portico::link

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Fewer frames than the limits of their rates: time passes between the pieces.
    if (size < 1 || size > 1'200) return 0;
    portico::link::compare(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
    return 0;
}
