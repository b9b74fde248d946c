// portico/link/h1_outbound_fuzz.cc — any octets as the answers on a client's connection, on the simulated kernel: the
// outcome does not depend on how they are cut, and nothing is left over.
#include <algorithm>
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
#include "portico/link/h1_outbound.h"

namespace {

using namespace portico;

void require(bool holds) {
    if (!holds) std::abort();
}

// What became of the exchanges.
struct Outcome {
    std::string statuses;
    std::string content;
    std::optional<link::Failure::Kind> failure;
    bool operator==(const Outcome&) const = default;
};

io::SimFaults punctual() {
    io::SimFaults faults;
    faults.late = faults.short_read = faults.short_write = faults.cold = faults.cancel_late = 0;
    faults.delay_max = std::chrono::nanoseconds(0);
    return faults;
}

struct Run {
    http::Method method;
    std::string_view answers;
    std::size_t piece;
    const link::OutboundLimits& limits;
};

Task<void> answer(io::Stream& stream, const Run& run) {
    for (std::size_t at = 0; at < run.answers.size(); at += run.piece) {
        const io::Result<void> written = co_await stream.write_all(run.answers.substr(at, run.piece), io::never);
        if (!written) co_return;
        const bool slept = co_await io::sleep_for(stream.core(), std::chrono::milliseconds(1));
        if (!slept) co_return;
    }
    static_cast<void>(stream.finish_sending());
}

// Exchanges, until the connection can carry no further one.
Task<void> ask(link::H1Outbound& outbound, const Run& run, Outcome& outcome) {
    http::Request request;
    request.method = run.method;
    request.method_token = http::spelling(run.method);
    request.target = "/";
    request.authority = "a";
    do {
        http::Response response;
        const link::Outgoing outgoing;
        const link::Answered<http::Version> version = co_await outbound.exchange(request, outgoing, response);
        if (!version) {
            outcome.failure = version.error().kind;
            co_return;
        }
        outcome.statuses += std::to_string(http::code(response.status)) + " ";
        for (;;) {
            const link::Answered<std::string_view> octets = co_await outbound.read_content();
            if (!octets) outcome.failure = octets.error().kind;
            if (!octets) co_return;
            if (octets->empty()) break;
            outcome.content.append(*octets);
        }
        require(outbound.is_at_end());
    } while (outbound.can_go_on());
}

Task<void> play(io::Core& core, const Run& run, Outcome& outcome) {
    const io::SocketAddress any = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0);
    io::Result<io::Listener> listener = io::Listener::open(core, any);
    require(listener.has_value());
    io::Result<io::Stream> client = co_await io::connect(core, listener->local(), io::never);
    io::Result<io::Accepted> accepted = co_await listener->accept();
    require(client && accepted);
    link::H1Outbound outbound(link::Transport(std::move(*client)), run.limits);
    io::Scope answering;
    answering.start(answer(accepted->stream, run));
    co_await ask(outbound, run, outcome);
    answering.request_stop();
    co_await answering.join();
}

Outcome outcome_of(const Run& run) {
    io::SimKernel kernel(1, punctual());
    io::Core core(kernel);
    Outcome outcome;
    {
        io::Scope scope;
        scope.start(play(core, run, outcome));
        while (scope.size() > 0) core.run_once(io::never);
    }
    require(core.ledger().used() == 0 && core.timers().count() == 0);
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 4'000) return 0;
    // The first octet determines the method, how long the pieces are and whether the limits are low.
    constexpr http::Method methods[] = {http::Method::get, http::Method::head, http::Method::put, http::Method::get};
    link::OutboundLimits limits;
    if ((data[0] & 0x80) != 0) {
        limits.head.head_octets_max = 100;
        limits.head.field_count_max = 3;
        limits.interim_count_max = 1;
        limits.content_octets_max = 20;
    }
    const std::string_view answers(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Outcome whole = outcome_of({methods[data[0] & 3], answers, std::max<std::size_t>(answers.size(), 1), limits});
    const std::size_t piece = 1 + ((data[0] >> 2) & 0x1f);
    const Outcome pieces = outcome_of({methods[data[0] & 3], answers, piece, limits});
    // If octets follow an answer, the connection carries no further exchange; in pieces, they may follow later, and are
    // the next answer.
    require(pieces.statuses.starts_with(whole.statuses) && pieces.content.starts_with(whole.content));
    if (!whole.failure) return 0;
    // In pieces, it may take the rest of a head to refuse it.
    const bool is_late =
        whole.failure == link::Failure::Kind::malformed && pieces.failure == link::Failure::Kind::not_received;
    require(pieces.failure == whole.failure || is_late);
    return 0;
}
