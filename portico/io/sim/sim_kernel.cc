// portico/io/sim/sim_kernel.cc — time in a simulated kernel, and the life of an operation.
#include "portico/io/sim/sim_kernel.h"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace portico::io {
namespace {

constexpr TimePoint first_moment{std::chrono::hours(1000)};
constexpr std::chrono::system_clock::time_point first_wall_clock{std::chrono::seconds(1'750'000'000)};

}  // namespace

SimKernel::SimKernel(std::uint64_t seed, const SimFaults& faults)
    : faults_(faults),
      chance_(seed),
      seed_(seed),
      now_(first_moment),
      wall_offset_(std::chrono::nanoseconds(chance_.below(1'000'000'000))),
      second_began_(first_moment),
      files_(chance_, faults_, descriptors_, [this] { return wall_clock(); }) {}

SimKernel::~SimKernel() {
    assert(pending_ == 0 && "an operation was left in flight");
    assert(descriptors_.open() == 0 && "a descriptor was left open");
}

void SimKernel::note(std::uint64_t what) { trace_ = Chance::mix(trace_ + 0x9e3779b97f4a7c15 + what); }

void SimKernel::after(Duration time, std::move_only_function<void()> action) { schedule(time, std::move(action)); }

std::chrono::system_clock::time_point SimKernel::wall_clock() const {
    return first_wall_clock + (now_ - first_moment) + wall_offset_;
}

void SimKernel::random(std::span<char> room) {
    for (char& octet : room) octet = static_cast<char>(chance_.next());
}

void SimKernel::schedule(Duration later, std::move_only_function<void()> happen) {
    events_.push_back(Event{now_ + later, chance_.next(), std::move(happen)});
    std::ranges::push_heap(events_, std::less<Event>());
}

void SimKernel::happen_next() {
    std::ranges::pop_heap(events_, std::less<Event>());
    Event event = std::move(events_.back());
    events_.pop_back();
    note(static_cast<std::uint64_t>(event.at.time_since_epoch().count()));
    event.happen();
}

void SimKernel::disturb_clocks() {
    if (chance_.happens(0.1)) now_ += std::chrono::nanoseconds(chance_.below(2'000));  // the program itself takes time
    if (chance_.happens(faults_.time_leap)) now_ += chance_.some_time(std::chrono::minutes(2));
    if (chance_.happens(faults_.wall_clock_jump)) {
        const auto by = chance_.some_time(std::chrono::hours(24 * 365));
        wall_offset_ += chance_.happens(0.5) ? by : -by;
    }
}

// Otherwise a program that retries something impossible for ever would hang the test without a message.
void SimKernel::expect_progress() {
    constexpr std::uint64_t waits_a_second_max = 2'000'000;
    if (now_ - second_began_ > std::chrono::seconds(1)) {
        second_began_ = now_;
        waits_in_second_ = 0;
    }
    if (++waits_in_second_ < waits_a_second_max) return;
    std::fprintf(stderr, "simulation, seed %llu: the program spins\n", static_cast<unsigned long long>(seed_));
    std::abort();
}

void SimKernel::wait(TimePoint until) {
    now_ += std::exchange(spent_, Duration::zero());
    disturb_clocks();
    expect_progress();
    const bool woken = woken_.exchange(false);
    if (!woken && (events_.empty() || events_.front().at > now_)) {
        if (events_.empty() && until == never) {
            std::fprintf(stderr, "simulation, seed %llu: nothing will ever happen again, %zu operations wait\n",
                         static_cast<unsigned long long>(seed_), pending_);
            std::abort();
        }
        const bool event_first = !events_.empty() && events_.front().at <= until;
        now_ = std::max(now_, event_first ? events_.front().at : until);
    }
    // Only some of the due events, so that timers and mail are handled in between.
    for (auto left = chance_.between(1, 16); left > 0 && !events_.empty() && events_.front().at <= now_; --left) {
        happen_next();
    }
}

bool SimKernel::begin(std::shared_ptr<void> owner, SimWaiting& place, Operation& op, Attempt attempt) {
    assert(place.op == nullptr && "one operation of a kind at a time");
    const bool is_late = chance_.happens(faults_.late);
    if (!is_late) {
        const std::optional<std::int64_t> result = attempt();
        if (result) {
            note(static_cast<std::uint64_t>(*result));
            op.set_result(*result);
            return true;
        }
    }
    place.op = &op;
    place.ticket = ++tickets_;
    place.attempt_is_due = false;
    place.attempt = std::move(attempt);
    ++pending_;
    if (is_late) retry(std::move(owner), place, delay());
    return false;
}

void SimKernel::retry(std::shared_ptr<void> owner, SimWaiting& place, Duration later) {
    place.attempt_is_due = true;
    schedule(later, [this, owner = std::move(owner), &place, ticket = place.ticket] {
        if (place.op == nullptr || place.ticket != ticket) return;
        place.attempt_is_due = false;
        const std::optional<std::int64_t> result = place.attempt();
        if (result) finish(place, *result);
    });
}

// Something has changed: the operation in `place` may now succeed.
void SimKernel::poke(std::shared_ptr<void> owner, SimWaiting& place) {
    if (place.op == nullptr || place.attempt_is_due) return;
    retry(std::move(owner), place, chance_.happens(0.7) ? Duration::zero() : delay() / 16);
}

void SimKernel::finish(SimWaiting& place, std::int64_t result) {
    Operation* const op = std::exchange(place.op, nullptr);
    place.attempt = nullptr;
    --pending_;
    if (!cancelled_late_.empty()) cancelled_late_.erase(op);
    note(static_cast<std::uint64_t>(result));
    op->complete(result);
}

void SimKernel::cancel(std::shared_ptr<void> owner, SimWaiting& place, Operation& op) {
    assert(place.op == &op && "cancelled, but not in flight");
    if (!chance_.happens(faults_.cancel_late)) return finish(place, -ECANCELED);
    // As with io_uring, the operation and its cancellation race, and either may win.
    cancelled_late_.emplace(&op, &place);
    schedule(delay() / 16, [this, owner = std::move(owner), &place, ticket = place.ticket] {
        if (place.op == nullptr || place.ticket != ticket) return;
        const std::optional<std::int64_t> result = chance_.happens(0.5) ? place.attempt() : std::nullopt;
        finish(place, result.value_or(-ECANCELED));
    });
}

int SimKernel::failure_of_open() {
    if (descriptors_.open() >= faults_.descriptors_max) return EMFILE;
    if (!chance_.happens(faults_.open_failure)) return 0;
    constexpr std::array failures{EMFILE, ENFILE, ENOMEM};
    return failures[chance_.below(failures.size())];
}

bool SimKernel::start(OffloadOp& op) {
    ++pending_;
    const Duration time = delay();
    const std::uint64_t ticket = ++tickets_;
    offloaded_.emplace(&op, Offloaded{ticket, now_ + time / 2});
    schedule(time, [this, &op, ticket] {
        const auto found = offloaded_.find(&op);
        if (found == offloaded_.end() || found->second.ticket != ticket) return;
        op.work();
        complete_offloaded(op, 0);
    });
    return false;
}

void SimKernel::complete_offloaded(OffloadOp& op, std::int64_t result) {
    offloaded_.erase(&op);
    --pending_;
    op.complete(result);
}

void SimKernel::cancel(OffloadOp& op) {
    if (now_ < offloaded_.at(&op).begins) complete_offloaded(op, -ECANCELED);
}

// The machine's descriptors would make a run depend on more than its seed.
bool SimKernel::start(ReadyOp& op) {
    op.set_result(-EOPNOTSUPP);
    return true;
}

void SimKernel::cancel(ReadyOp& /*op*/) { assert(false && "it was not started"); }

void SimKernel::finish(Operation& op) noexcept {
    const auto late = cancelled_late_.find(&op);
    if (late != cancelled_late_.end()) return finish(*late->second, -ECANCELED);
    auto& offload = static_cast<OffloadOp&>(op);
    assert(offloaded_.contains(&offload) && "everything else completes when it is cancelled");
    offload.work();
    complete_offloaded(offload, 0);
}

void SimKernel::close(int number) noexcept {
    note(static_cast<std::uint64_t>(number));
    const SimObject closed = descriptors_.remove(number);
    if (const auto* found = std::get_if<std::shared_ptr<SimStream>>(&closed)) return close_stream(*found);
    if (const auto* found = std::get_if<std::shared_ptr<SimListener>>(&closed)) return close_listener(*found);
    if (const auto* found = std::get_if<std::shared_ptr<SimDatagramSocket>>(&closed)) {
        assert((*found)->receiving.op == nullptr && (*found)->sending.op == nullptr && "closed under a waiting task");
        return;
    }
    assert(false && "a file was closed as a socket");
}

Result<SocketAddress> SimKernel::local_address(int socket) {
    if (const auto found = descriptors_.find<SimStream>(socket)) return found->local;
    if (const auto found = descriptors_.find<SimListener>(socket)) return found->local;
    if (const auto found = descriptors_.find<SimDatagramSocket>(socket)) return found->local;
    return fail(ENOTSOCK, "getsockname");
}

SimKernel::StreamPtr SimKernel::stream(int number) const {
    StreamPtr found = descriptors_.find<SimStream>(number);
    assert(found != nullptr && "not a stream");
    return found;
}

}  // namespace portico::io
