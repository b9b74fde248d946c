// portico/link/h1_outbound_fuzz.cc — any octets as the answers on a client's connection, on the simulated kernel: the
// outcome does not depend on how they are cut, and nothing is left over.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "portico/link/h1_outbound.h"
#include "portico/link/outbound_fuzz_for_test.h"

namespace portico::link {
namespace {

struct Run {
    http::Method method;
    Speech answers;
    const OutboundLimits& limits;
};

Task<void> play(io::Core& core, const Run& run, FuzzedOutcome& outcome) {
    Ends ends = co_await connect_ends(core);
    H1Outbound outbound(Transport(std::move(ends.client)), run.limits);
    io::Scope answering;
    answering.start(say(ends.server, run.answers));
    // Until the connection can carry no further exchange.
    for (bool goes_on = true; goes_on;) {
        const Outgoing outgoing;
        goes_on = co_await exchange_whole(outbound, run.method, outgoing, outcome);
        goes_on = goes_on && outbound.can_go_on();
    }
    answering.request_stop();
    co_await answering.join();
}

FuzzedOutcome outcome_of(const Run& run) {
    FuzzedOutcome outcome;
    run_alone([&](io::Core& core) { return play(core, run, outcome); });
    return outcome;
}

void compare(std::uint8_t choice, std::string_view answers) {
    // The first octet determines the method, how long the pieces are and whether the limits are low.
    constexpr http::Method methods[] = {http::Method::get, http::Method::head, http::Method::put, http::Method::get};
    OutboundLimits limits;
    if ((choice & 0x80) != 0) {
        limits.head.head_octets_max = 100;
        limits.head.field_count_max = 3;
        limits.interim_count_max = 1;
        limits.content_octets_max = 20;
    }
    const http::Method method = methods[choice & 3];
    const FuzzedOutcome whole = outcome_of({method, {answers, std::max<std::size_t>(answers.size(), 1)}, limits});
    const FuzzedOutcome pieces = outcome_of({method, {answers, 1 + ((choice >> 2) & 0x1fU)}, limits});
    // If octets follow an answer, the connection carries no further exchange; in pieces, they may follow later, and are
    // the next answer.
    require(pieces.statuses.starts_with(whole.statuses) && pieces.content.starts_with(whole.content));
    if (!whole.failure) return;
    // In pieces, it may take the rest of a head to refuse it.
    const bool is_late = whole.failure == Failure::Kind::malformed && pieces.failure == Failure::Kind::not_received;
    require(pieces.failure == whole.failure || is_late);
}

}  // namespace
}  // namespace portico::link

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 4'000) return 0;
    portico::link::compare(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
    return 0;
}
