// portico/embed/relay.cc — see relay.h.
#include "portico/embed/relay.h"

#include <algorithm>
#include <cerrno>

#include "portico/io/gate.h"
#include "portico/io/scope.h"
#include "portico/services/copy.h"

namespace portico {
namespace {

using End = Relayed::End;

// What the two directions of a relay share. It outlives them.
struct Relaying {
    io::Gate news;  // opened when a direction has ended
    int directions = 2;
    std::optional<io::Error> error;  // the first one
};

Task<void> relay_one(Relaying& relaying, Connection& from, Connection& to) {
    const io::Result<std::uint64_t> copied = co_await copy(from, to);
    --relaying.directions;
    if (!copied && !relaying.error) relaying.error = copied.error();
    relaying.news.open();
}

// Waits until both directions have ended, or one has failed, or time is up.
Task<End> await_end(io::Core& core, Relaying& relaying, Connection& first, Connection& second,
                    const RelayOptions& options) {
    const auto octets = [&] {
        return first.received_octets() + first.sent_octets() + second.received_octets() + second.sent_octets();
    };
    std::uint64_t seen = octets();
    io::TimePoint idle_end = io::later(core.now(), options.idle_max);
    while (relaying.directions > 0 && !relaying.error) {
        const io::TimePoint next_look = io::later(core.now(), options.idle_max / 4);
        const io::TimePoint until = std::min({options.deadline, idle_end, next_look});
        const io::Result<void> news = co_await relaying.news.wait(core, until);
        if (!news && news.error().number == ECANCELED) co_return End::stopped;
        if (core.now() >= options.deadline) co_return End::late;
        if (octets() != seen) {
            seen = octets();
            idle_end = io::later(core.now(), options.idle_max);
        } else if (core.now() >= idle_end) {
            co_return End::idle;
        }
    }
    co_return relaying.error ? End::broken : End::complete;
}

}  // namespace

Task<io::Result<std::uint64_t>> copy(Stream& from, Stream& to, io::TimePoint deadline) {
    return services::copy(from, to, deadline);
}

Task<io::Result<std::uint64_t>> copy(Connection& from, Connection& to, io::TimePoint deadline) {
    return services::copy(from, to, deadline);
}

Task<Relayed> relay(Connection& first, Connection& second, RelayOptions options) {
    const std::uint64_t there = second.sent_octets();
    const std::uint64_t back = first.sent_octets();
    Relaying relaying;
    io::Scope directions;
    directions.start(relay_one(relaying, first, second));
    directions.start(relay_one(relaying, second, first));
    Relayed relayed;
    relayed.end = co_await await_end(first.core(), relaying, first, second, options);
    if (relayed.end == End::broken) relayed.error = relaying.error;
    directions.request_stop();
    co_await directions.join();
    if (relayed.end != End::complete && relayed.end != End::stopped) {
        first.break_off();
        second.break_off();
    }
    relayed.there = second.sent_octets() - there;
    relayed.back = first.sent_octets() - back;
    co_return relayed;
}

}  // namespace portico
