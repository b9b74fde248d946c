// portico/link/backlog.cc — see backlog.h.
#include "portico/link/backlog.h"

#include <algorithm>

#include "portico/link/inbound_limits.h"

namespace portico::link {
namespace {

// How often a peer is checked during the time in which it may acknowledge nothing: it may exceed that time by one part.
constexpr int looks = 4;

}  // namespace

std::size_t Backlog::ask() {
    const std::size_t outstanding = stream_->unacknowledged();
    const bool begins = at_most() == 0 && outstanding > 0;
    if (begins || outstanding < at_most()) progress_ = stream_->core().now();
    unasked_ = 0;
    charge(outstanding);
    if (place_ != nullptr && outstanding < unasked_octets_max) narrow();
    return outstanding;
}

void Backlog::widen(FastReaders& readers) {
    if (place_ != nullptr || taken_ - std::min<std::uint64_t>(taken_, at_most()) < FastReaders::proof_octets) return;
    if (!readers.take()) return;
    place_ = &readers;
    stream_->set_send_limits({.unsent_octets_max = readers.large()});
}

void Backlog::narrow() {
    stream_->set_send_limits({.unsent_octets_max = place_->usual()});
    std::exchange(place_, nullptr)->give_back();
}

void Backlog::charge(std::size_t octets) {
    Ledger& ledger = stream_->core().ledger();
    if (octets > charged_) ledger.charge(octets - charged_);
    if (octets < charged_) ledger.release(charged_ - octets);
    charged_ = octets;
}

bool is_fast_enough(std::uint64_t octets, io::Duration waited, const InboundLimits& limits) {
    return is_fast_enough(octets, waited, limits.rate_min, limits.rate_grace);
}

bool is_fast_enough(std::uint64_t octets, io::Duration waited, std::uint64_t rate_min,
                    std::chrono::milliseconds grace) {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(waited);
    if (time <= grace) return true;
    return octets * 1000 >= rate_min * static_cast<std::uint64_t>(time.count());
}

io::TimePoint Patience::step(io::TimePoint now) {
    began_ = now;
    return now + std::max<io::Duration>(limits_->response_idle_max / looks, std::chrono::milliseconds(1));
}

io::TimePoint Patience::next_look(io::TimePoint now) {
    const io::TimePoint latest = step(now);
    const io::TimePoint look = now + pause_;
    pause_ = std::min<io::Duration>(2 * pause_, limits_->response_idle_max);
    return std::min(latest, look);
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
    const std::size_t outstanding = backlog_->ask();
    idle_ = backlog_->has_progressed_since(now) ? io::Duration::zero() : idle_ + (now - began_);
    if (std::max(idle_, backlog_->idle(now)) >= limits_->response_idle_max) return false;
    const std::uint64_t acknowledged = octets_ > outstanding ? octets_ - outstanding : 0;
    return is_fast_enough(acknowledged, waited_, *limits_);
}

}  // namespace portico::link
