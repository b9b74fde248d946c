// portico/handler/files/permits.h — limits how many tasks do the same thing at the same time; others wait in line.
//
// Room handler: see options.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "portico/io/core.h"
#include "portico/route/waiting.h"

namespace portico::files {

class Permits {
public:
    // `core` outlives the permits and all tasks that wait for one.
    explicit Permits(io::Core& core);

    [[nodiscard]] std::size_t taken() const;
    [[nodiscard]] std::size_t waiting() const;

private:
    friend class Permit;
    struct State;
    std::shared_ptr<State> state_;  // shared with the tasks that wait, and with messages in the core's mailbox
};

// One task's permit. Its destructor gives it to the task that has waited longest.
class Permit {
public:
    // Takes a permit if fewer than `at_once_max` are taken and nobody waits; otherwise joins the line, unless
    // `waiting_max` tasks wait there already.
    Permit(Permits& permits, unsigned at_once_max, std::size_t waiting_max = std::numeric_limits<std::size_t>::max());
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit();

    [[nodiscard]] bool is_taken() const { return phase_ == Phase::taken; }
    // Too many tasks wait already: this one gets no permit.
    [[nodiscard]] bool is_refused() const { return phase_ == Phase::refused; }
    // To be awaited until the permit is taken, unless it is refused. False: the task was asked to stop.
    [[nodiscard]] route::WaitInLine wait();

private:
    friend class Permits;
    enum class Phase : std::uint8_t { waiting, taken, refused };

    std::shared_ptr<Permits::State> state_;
    Phase phase_ = Phase::waiting;
    route::Waiting line_;  // this task alone
};

}  // namespace portico::files
