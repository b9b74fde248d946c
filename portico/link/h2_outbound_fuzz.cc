// portico/link/h2_outbound_fuzz.cc — any octets as a server's on a client's HTTP/2 connection, on the simulated kernel:
// the outcome does not depend on how they are cut, and nothing is left over.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream.h"
#include "portico/link/h2_outbound.h"
#include "portico/link/h2_outbound_exchange.h"
#include "portico/wire/h2/client_for_test.h"

namespace {

using namespace portico;

void require(bool holds) {
    if (!holds) std::abort();
}

// What became of an exchange.
struct Outcome {
    std::string status;
    std::string content;
    std::optional<link::Failure::Kind> failure;
    bool operator==(const Outcome&) const = default;
};
using Outcomes = std::array<Outcome, 3>;

io::SimFaults punctual() {
    io::SimFaults faults;
    faults.late = faults.short_read = faults.short_write = faults.cold = faults.cancel_late = 0;
    faults.delay_max = std::chrono::nanoseconds(0);
    return faults;
}

class Keeper final : public link::H2Keeper {
public:
    void became_idle(link::H2Outbound& connection) override { connection.retire(); }
};

struct Run {
    std::string_view octets;
    std::size_t piece;
    const h2::Limits& engine;
    const link::OutboundLimits& limits;
};

Task<void> answer(io::Stream& stream, const Run& run) {
    for (std::size_t at = 0; at < run.octets.size(); at += run.piece) {
        const io::Result<void> written = co_await stream.write_all(run.octets.substr(at, run.piece), io::never);
        if (!written) co_return;
        const bool slept = co_await io::sleep_for(stream.core(), std::chrono::milliseconds(1));
        if (!slept) co_return;
    }
    static_cast<void>(stream.finish_sending());
}

Task<void> ask(link::H2Outbound& connection, http::Method method, Outcome& outcome) {
    http::Request request;
    request.method = method;
    request.method_token = http::spelling(method);
    request.target = "/";
    request.authority = "a";
    http::Response response;
    link::Outgoing outgoing;
    if (method == http::Method::put) outgoing.content = "content";
    link::H2OutboundExchange exchange(connection);
    const link::Answered<http::Version> version = co_await exchange.exchange(request, outgoing, response);
    if (!version) {
        outcome.failure = version.error().kind;
        co_return;
    }
    outcome.status = std::to_string(http::code(response.status));
    for (const auto& line : response.fields.lines()) require(!line.name.empty() && http::is_field_value(line.value));
    while (!exchange.is_at_end()) {
        const link::Answered<std::string_view> octets = co_await exchange.read_content();
        if (!octets) {
            outcome.failure = octets.error().kind;
            co_return;
        }
        require(!octets->empty() || exchange.is_at_end());
        outcome.content.append(*octets);
    }
}

Task<void> play(io::Core& core, const Run& run, Outcomes& outcomes) {
    const io::SocketAddress any = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0);
    io::Result<io::Listener> listener = io::Listener::open(core, any);
    require(listener.has_value());
    io::Result<io::Stream> client = co_await io::connect(core, listener->local(), io::never);
    io::Result<io::Accepted> accepted = co_await listener->accept();
    require(client && accepted);
    h2::Context context(core.buffers(), run.engine);
    Keeper keeper;
    link::H2Outbound connection(link::Transport(std::move(*client)), context, run.limits, std::chrono::hours(1),
                                keeper);
    io::Scope running;
    running.start(connection.run());
    io::Scope asking;
    asking.start(ask(connection, http::Method::get, outcomes[0]));
    asking.start(ask(connection, http::Method::head, outcomes[1]));
    asking.start(ask(connection, http::Method::put, outcomes[2]));
    io::Scope answering;
    answering.start(answer(accepted->stream, run));
    co_await asking.join();
    answering.request_stop();
    co_await answering.join();
    co_await running.join();
}

Outcomes outcomes_of(const Run& run) {
    io::SimKernel kernel(1, punctual());
    io::Core core(kernel);
    Outcomes outcomes;
    {
        io::Scope scope;
        scope.start(play(core, run, outcomes));
        while (scope.size() > 0) core.run_once(io::never);
    }
    require(core.ledger().used() == 0 && core.timers().count() == 0);
    return outcomes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Fewer frames than the limits of their rates: time passes between the pieces.
    if (size < 1 || size > 1'200) return 0;
    // The first octet determines how long the pieces are, whether the server begins well, and whether limits are low.
    link::OutboundLimits limits;
    h2::Limits engine;
    if ((data[0] & 0x80) != 0) {
        engine.header_list_octets_max = 200;
        engine.field_count_max = 3;
        engine.block_octets_max = 150;
        engine.continuations_max = 2;
        engine.stream_window_octets = 50;
        limits.interim_count_max = 1;
        limits.content_octets_max = 40;
    }
    std::string octets = (data[0] & 0x40) != 0 ? std::string() : h2::server_hello();
    octets.append(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Outcomes whole = outcomes_of({octets, octets.size() + 1, engine, limits});
    const Outcomes pieces = outcomes_of({octets, 1 + (data[0] & 0x3fU), engine, limits});
    for (std::size_t i = 0; i < whole.size(); ++i) {
        // If the octets come at once, what goes wrong after a response is known before that is read.
        require(pieces[i].status.starts_with(whole[i].status) && pieces[i].content.starts_with(whole[i].content));
        require(whole[i].failure.has_value() == pieces[i].failure.has_value());
        if (!whole[i].failure) require(whole[i] == pieces[i]);
    }
    return 0;
}
