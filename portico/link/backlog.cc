// portico/link/backlog.cc — see backlog.h.
#include "portico/link/backlog.h"

#include <algorithm>

namespace portico::link {
namespace {

// Looks at a peer during the time that it may acknowledge nothing: it may exceed that time by one part.
constexpr int looks = 4;

// Between two looks at a peer that has yet to acknowledge the last answer.
constexpr auto first_pause = std::chrono::milliseconds(20);
constexpr auto longest_pause = std::chrono::seconds(1);

}  // namespace

std::size_t Backlog::ask() {
    unasked_ = 0;
    charge(stream_->unacknowledged());
    return charged_;
}

void Backlog::charge(std::size_t octets) {
    Ledger& ledger = stream_->core().ledger();
    if (octets > charged_) ledger.charge(octets - charged_);
    if (octets < charged_) ledger.release(charged_ - octets);
    charged_ = octets;
}

bool is_fast_enough(std::uint64_t octets, io::Duration waited, const InboundLimits& limits) {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(waited);
    if (time <= limits.rate_grace) return true;
    return octets * 1000 >= limits.rate_min * static_cast<std::uint64_t>(time.count());
}

io::TimePoint Patience::step(io::TimePoint now) {
    if (idle_ == io::Duration::zero()) outstanding_ = backlog_->at_most();
    began_ = now;
    return now + std::max<io::Duration>(limits_->response_idle_max / looks, std::chrono::milliseconds(1));
}

bool Patience::took(std::size_t octets, io::TimePoint now) {
    waited_ += now - began_;
    idle_ = io::Duration::zero();
    octets_ += octets;
    backlog_->add(octets);
    return is_fast_enough(octets_, waited_, *limits_);
}

bool Patience::lasts(io::TimePoint now) {
    waited_ += now - began_;
    idle_ += now - began_;
    const std::size_t outstanding = backlog_->ask();
    if (outstanding < outstanding_) {
        idle_ = io::Duration::zero();
        outstanding_ = outstanding;
    }
    if (idle_ >= limits_->response_idle_max) return false;
    const std::uint64_t acknowledged = octets_ > outstanding ? octets_ - outstanding : 0;
    return is_fast_enough(acknowledged, waited_, *limits_);
}

Task<void> part(io::Stream stream, const InboundLimits& limits, io::Duration time_max, std::size_t octets_max) {
    io::Core& core = stream.core();
    co_await io::drain(stream, time_max, octets_max);
    Backlog backlog(stream);
    if (backlog.ask() == 0) co_return;
    Patience patience(limits, backlog);
    for (io::Duration pause = first_pause; backlog.ask() > 0;
         pause = std::min<io::Duration>(2 * pause, longest_pause)) {
        if (!stream.finish_sending()) co_return;  // it has been reset meanwhile
        const io::TimePoint step = patience.step(core.now());
        const bool slept = co_await io::sleep_until(core, std::min(step, core.now() + pause));
        if (!slept) co_return;
        if (patience.lasts(core.now())) continue;
        stream.abort_on_close();
        co_return;
    }
}

}  // namespace portico::link
