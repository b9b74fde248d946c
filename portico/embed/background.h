// portico/embed/background.h — what a server does besides answering requests: hooks, and tasks of its own.
//
// Room embed: see response.h.
// Threads:   one thread adds, before the server starts. Any thread calls spawn() and the two that hurry. The rest: see
//            CoreWork.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/embed/core_function.h"
#include "portico/embed/tell.h"
#include "portico/io/gate.h"
#include "portico/server/core_work.h"

namespace portico {

// What the server's Options say of its background.
struct BackgroundLimits {
    std::chrono::milliseconds stop_hooks_max{};
    std::chrono::milliseconds blocked_warning_after{};
    std::size_t spawned_max = 0;
};

// When a turn that was due at `due` has ended at `now`: when the next one is due. Turns that would have begun in the
// meantime are left out.
[[nodiscard]] io::TimePoint next_turn(io::TimePoint due, io::Duration period, io::TimePoint now);

// The warning about a core whose clients have waited for `time`. `further`: how many such warnings were left out.
[[nodiscard]] std::string blocked_warning(io::Duration time, std::span<const std::string> labels, unsigned further);

class Background final : public server::CoreWork {
public:
    // `cores_max`: how many there may be. `log`: gets what each core tells from its beginning on; null: standard error.
    Background(unsigned cores_max, const BackgroundLimits& limits, std::shared_ptr<const Log> log);
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    ~Background() override;

    // --- before the start. `name`: what it is, for messages
    void add_turns(std::string name, io::Duration period, CoreFunction function);
    void add_start(std::string name, CoreFunction function) {
        starts_.emplace_back(std::move(name), std::move(function));
    }
    void add_core_start(std::string name, CoreFunction function) {
        core_starts_.emplace_back(std::move(name), std::move(function));
    }
    void add_stop(std::string name, CoreFunction function) {
        stops_.emplace_back(std::move(name), std::move(function));
    }
    // Sentences that say why it can't be started.
    [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }

    // --- from any thread
    Outcome spawn(CoreFunction function);
    // Ends start hooks that are waiting, or that wait from now on.
    void hurry_start();
    // The same for stop hooks.
    void hurry_stop();

    // --- for clients of tests, each of which is a core of its own; all on one thread
    // The number for a further core. If it is not 0, serving() is not called for it, and nothing waits for its end.
    [[nodiscard]] unsigned free_number();

    // --- CoreWork
    Task<Outcome> begin(io::Core& core, unsigned number) override;
    void serving(io::Core& core, unsigned number, unsigned cores) override;
    Task<void> end(io::Core& core, unsigned number) override;

private:
    struct Named {
        Named(std::string the_name, CoreFunction the_function)
            : name(std::move(the_name)), function(std::move(the_function)) {}
        Named(const Named&) = delete;
        Named& operator=(const Named&) = delete;
        std::string name;
        CoreFunction function;
    };
    struct Turns {
        Turns(std::string name, io::Duration the_period, CoreFunction function)
            : what(std::move(name), std::move(function)), period(the_period) {}
        Named what;
        io::Duration period;
    };
    // Counts a task of spawn() until it has ended or is dropped, on any thread.
    class Counted {
    public:
        using Count = std::atomic<std::size_t>;
        explicit Counted(std::shared_ptr<Count> count) : count_(std::move(count)) { ++*count_; }
        Counted(Counted&&) noexcept = default;
        Counted& operator=(Counted&&) = delete;
        ~Counted() {
            if (count_ != nullptr) --*count_;
        }

    private:
        std::shared_ptr<Count> count_;  // null once it has been moved; the last task or the server ends it
    };
    struct Spawned {
        Spawned(CoreFunction the_function, std::shared_ptr<Counted::Count> count)
            : counted(std::move(count)), function(std::move(the_function)) {}
        Counted counted;
        CoreFunction function;
    };
    struct Seat;
    enum class Phase : std::uint8_t { not_started, starting, serving, ended };

    static Task<void> repeat(io::Core& core, Turns& turns);
    static Task<void> run_spawned(io::Core& core, Spawned task);
    static Task<void> call_and_tell(io::Core& core, Named& what);
    void hurry(io::Gate Seat::* gate);
    static Task<void> until_open(std::shared_ptr<Seat> seat, io::Gate Seat::* gate);
    [[nodiscard]] Task<Outcome> run_start_hooks(io::Core& core, unsigned number);
    [[nodiscard]] Task<void> run_stop_hooks(io::Core& core);
    [[nodiscard]] Task<void> stop(std::shared_ptr<Seat> seat);
    [[nodiscard]] bool others_are_left();
    void leave(unsigned number);
    void watch(io::Core& core) const;

    const BackgroundLimits limits_;
    const std::shared_ptr<const Log> log_;
    // They do not move: their tasks refer to them.
    std::deque<Turns> turns_;
    std::deque<Named> starts_;
    std::deque<Named> core_starts_;
    std::deque<Named> stops_;
    std::vector<std::string> errors_;

    const std::shared_ptr<Counted::Count> spawned_ = std::make_shared<Counted::Count>(0);  // tasks that exist

    std::mutex lock_;
    // Everything below is guarded by lock_.
    Phase phase_ = Phase::not_started;
    bool is_start_hurried_ = false;
    std::vector<std::shared_ptr<Seat>> seats_;  // by core; null before its beginning and after its end
    unsigned cores_ = 0;                        // that have begun together
    std::vector<Spawned> early_;                // spawned before the start
};

}  // namespace portico
