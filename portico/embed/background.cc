// portico/embed/background.cc — see background.h.
#include "portico/embed/background.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include "portico/embed/tell.h"
#include "portico/io/gate.h"
#include "portico/io/scope.h"
#include "portico/io/together.h"

namespace portico {
namespace {

constexpr std::string_view spawned = "a task of spawn()";
constexpr auto warning_pause = std::chrono::seconds(1);

// What the running chain works for, in reports about blocked cores.
void label_chain(io::Core& core, std::string_view label) { StopState::running()->set_label(core.keep_label(label)); }

void tell_of_failure(io::Core& core, std::string_view what, const Outcome& outcome) {
    if (outcome) return;
    std::string text(what);
    tell_of_error(core, text.append(": ").append(outcome.error()));
}

Task<void> sleep(io::Core& core, std::chrono::milliseconds time) {
    const bool slept = co_await io::sleep_for(core, time);
    static_cast<void>(slept);
}

}  // namespace

io::TimePoint next_turn(io::TimePoint due, io::Duration period, io::TimePoint now) {
    const io::TimePoint next = io::later(due, period);
    if (next > now) return next;
    return io::later(next, ((now - next) / period + 1) * period);
}

std::string blocked_warning(io::Duration time, std::span<const std::string> labels, unsigned further) {
    std::string text = labels.size() > 1 ? "one of " : "";
    for (const std::string& label : labels) {
        if (&label != labels.data()) text += &label == &labels.back() ? " and " : ", ";
        text += label;
    }
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    text += " blocked its thread for " + std::to_string(milliseconds) +
            " ms, and the thread's other clients waited: use offload() for what takes long";
    if (further > 0) text += " (and " + std::to_string(further) + " more times since the last warning)";
    return text;
}

// What belongs to one core, from its beginning to its end.
struct Background::Seat {
    explicit Seat(io::Core& the_core) : core(&the_core), thread(std::this_thread::get_id()) {}

    // Any thread: false if it is closed.
    bool take(Spawned& task, const std::shared_ptr<Seat>& self) {
        const std::lock_guard guard(lock);
        if (!is_open) return false;
        queue.push_back(std::move(task));
        core->post([self] { self->start_queued(); });
        return true;
    }
    bool post(std::move_only_function<void()> message) {
        const std::lock_guard guard(lock);
        if (has_left) return false;
        core->post(std::move(message));
        return true;
    }
    void start_queued() {
        std::vector<Spawned> queued;
        {
            const std::lock_guard guard(lock);
            queued.swap(queue);
        }
        for (Spawned& task : queued) tasks.start(run_spawned(*core, std::move(task)), AfterStop::ends);
    }
    // Takes no further tasks. Those that have not begun are dropped.
    void close() {
        std::vector<Spawned> dropped;
        const std::lock_guard guard(lock);
        is_open = false;
        dropped.swap(queue);
    }
    void leave() {
        const std::lock_guard guard(lock);
        has_left = true;
    }

    io::Core* const core;
    const std::thread::id thread;
    io::Gate start_hurried;
    io::Gate stop_hurried;
    io::Gate another_ended;
    std::mutex lock;
    bool is_open = true;         // guarded by lock, as the next two
    bool has_left = false;       // the core may end
    std::vector<Spawned> queue;  // spawned, and not begun
    io::Scope tasks;             // last: they use the others
};

Background::Background(unsigned cores_max, const BackgroundLimits& limits, std::shared_ptr<const Log> log)
    : limits_(limits), log_(std::move(log)), seats_(std::max(1U, cores_max)) {}
Background::~Background() = default;

void Background::add_turns(std::string name, io::Duration period, CoreFunction function) {
    if (period < std::chrono::milliseconds(1)) {
        errors_.push_back(name + ": the time between two turns must be at least a millisecond");
    }
    turns_.emplace_back(std::move(name), period, std::move(function));
}

Outcome Background::spawn(CoreFunction function) {
    std::optional<Spawned> task;  // before the guard: if it is dropped, its destructor may call spawn()
    const std::lock_guard guard(lock_);
    if (*spawned_ >= limits_.spawned_max) {  // only spawn() adds to it, under the lock
        return std::unexpected("there are " + std::to_string(limits_.spawned_max) +
                               " tasks of spawn() already, as many as Options::spawned_max allows");
    }
    task.emplace(std::move(function), spawned_);
    if (phase_ == Phase::not_started) {
        early_.push_back(*std::move(task));
        return {};
    }
    // The caller's own core, so that the task may use what belongs to it; or else the first.
    const std::thread::id own = std::this_thread::get_id();
    const auto is_own = [own](const auto& seat) { return seat != nullptr && seat->thread == own; };
    const auto found = std::ranges::find_if(seats_, is_own);
    if (found != seats_.end() && (*found)->take(*task, *found)) return {};
    for (const std::shared_ptr<Seat>& seat : seats_) {
        if (seat != nullptr && seat->take(*task, seat)) return {};
    }
    return std::unexpected("the server has ended: it takes no further tasks");
}

void Background::hurry_start() {
    const std::lock_guard guard(lock_);
    is_start_hurried_ = true;
    hurry(&Seat::start_hurried);
}

void Background::hurry_stop() {
    const std::lock_guard guard(lock_);
    hurry(&Seat::stop_hurried);
}

// Opens the gate of each core.
void Background::hurry(io::Gate Seat::* gate) {
    for (const std::shared_ptr<Seat>& seat : seats_) {
        if (seat != nullptr) static_cast<void>(seat->post([seat, gate] { (*seat.*gate).open(); }));
    }
}

Task<void> Background::until_open(std::shared_ptr<Seat> seat, io::Gate Seat::* gate) {
    const io::Result<void> opened = co_await (*seat.*gate).wait(*seat->core, io::never);
    static_cast<void>(opened);
}

unsigned Background::free_number() {
    const std::lock_guard guard(lock_);
    const auto found = std::ranges::find(seats_, nullptr);
    const auto number = found - seats_.begin();
    if (found == seats_.end()) seats_.emplace_back();
    return static_cast<unsigned>(number);
}

// --- the start

Task<Outcome> Background::begin(io::Core& core, unsigned number) {
    const auto seat = std::make_shared<Seat>(core);
    {
        const std::lock_guard guard(lock_);
        if (phase_ != Phase::serving) phase_ = Phase::starting;
        seats_[number] = seat;
        if (is_start_hurried_) seat->start_hurried.open();
    }
    if (log_ != nullptr) tell_to(core, log_);
    watch(core);
    Task<Outcome> hooks = run_start_hooks(core, number);
    Task<void> hurried = until_open(seat, &Seat::start_hurried);
    auto first = co_await io::race(std::move(hooks), std::move(hurried));
    if (first.index() == 0) co_return std::get<0>(std::move(first));
    co_return std::unexpected("the server was stopped while it started");
}

Task<Outcome> Background::run_start_hooks(io::Core& core, unsigned number) {
    for (std::deque<Named>* const hooks : {&starts_, &core_starts_}) {
        if (hooks == &starts_ && number > 0) continue;
        for (Named& hook : *hooks) {
            label_chain(core, hook.name);
            Outcome outcome = co_await hook.function.call(core);
            if (!outcome) co_return std::unexpected(hook.name + ": " + outcome.error());
        }
    }
    co_return Outcome();
}

void Background::serving(io::Core& core, unsigned number, unsigned cores) {
    std::vector<Spawned> early;
    std::shared_ptr<Seat> seat;
    {
        const std::lock_guard guard(lock_);
        phase_ = Phase::serving;
        cores_ = cores;
        seat = seats_[number];
        if (number == 0) early.swap(early_);
    }
    for (Spawned& task : early) seat->tasks.start(run_spawned(core, std::move(task)), AfterStop::ends);
    for (std::size_t i = number; i < turns_.size(); i += cores) {
        seat->tasks.start(repeat(core, turns_[i]), AfterStop::ends);
    }
}

// --- tasks

Task<void> Background::repeat(io::Core& core, Turns& turns) {
    label_chain(core, turns.what.name);
    io::TimePoint due = io::later(core.now(), turns.period);
    for (;;) {
        const bool slept = co_await io::sleep_until(core, due);
        if (!slept) co_return;
        co_await call_and_tell(core, turns.what);
        due = next_turn(due, turns.period, core.now());
    }
}

Task<void> Background::run_spawned(io::Core& core, Spawned task) {
    label_chain(core, spawned);
    const Outcome outcome = co_await task.function.call(core);
    tell_of_failure(core, spawned, outcome);
}

Task<void> Background::call_and_tell(io::Core& core, Named& what) {
    const Outcome outcome = co_await what.function.call(core);
    tell_of_failure(core, what.name, outcome);
}

// --- the end

Task<void> Background::end(io::Core& core, unsigned number) {
    static_cast<void>(core);
    std::shared_ptr<Seat> seat;
    bool has_served = false;
    {
        const std::lock_guard guard(lock_);
        seat = seats_[number];
        has_served = phase_ == Phase::serving;
    }
    seat->close();
    seat->tasks.request_stop();
    co_await seat->tasks.join();
    if (number == 0 && has_served) co_await stop(seat);
    leave(number);
}

// Waits for the other cores, and then runs the hooks.
Task<void> Background::stop(std::shared_ptr<Seat> seat) {
    while (others_are_left()) {
        const io::Result<void> opened = co_await seat->another_ended.wait(*seat->core, io::never);
        static_cast<void>(opened);
    }
    if (stops_.empty()) co_return;
    Task<void> hooks = run_stop_hooks(*seat->core);
    Task<void> time = sleep(*seat->core, limits_.stop_hooks_max);
    Task<void> hurried = until_open(seat, &Seat::stop_hurried);
    const auto first = co_await io::race(std::move(hooks), std::move(time), std::move(hurried));
    if (first.index() == 1) {
        tell_of_error(*seat->core, "the stop hooks took longer than Options::stop_hooks_time_max: they were ended");
    }
}

Task<void> Background::run_stop_hooks(io::Core& core) {
    for (auto hook = stops_.rbegin(); hook != stops_.rend(); ++hook) {
        label_chain(core, hook->name);
        co_await call_and_tell(core, *hook);
    }
}

bool Background::others_are_left() {
    const std::lock_guard guard(lock_);
    return std::ranges::any_of(std::span(seats_).first(cores_).subspan(1),
                               [](const auto& seat) { return seat != nullptr; });
}

void Background::leave(unsigned number) {
    const std::lock_guard guard(lock_);
    const std::shared_ptr<Seat> seat = std::exchange(seats_[number], nullptr);
    seat->leave();
    const std::shared_ptr<Seat>& first = seats_.front();
    if (first != nullptr) static_cast<void>(first->post([first] { first->another_ended.open(); }));
    if (number == 0) phase_ = phase_ == Phase::serving ? Phase::ended : Phase::not_started;
}

// --- blocked cores

void Background::watch(io::Core& core) const {
    std::optional<io::TimePoint> last;
    unsigned further = 0;
    core.watch_passes(limits_.blocked_warning_after, [&core, last, further](const io::LongPass& pass) mutable {
        if (last && core.now() < *last + warning_pause) {
            ++further;
            return;
        }
        last = core.now();
        tell_of_warning(core, blocked_warning(pass.time, pass.labels, std::exchange(further, 0)));
    });
}

}  // namespace portico
