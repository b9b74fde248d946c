// portico/site/places.h — limits how many tasks do the same thing at the same time; others wait in line.
//
// Room site: see options.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "portico/io/core.h"
#include "portico/site/waiting.h"

namespace portico::site {

class Places {
public:
    // `core` outlives the places and all tasks that wait for one.
    explicit Places(io::Core& core);

    [[nodiscard]] std::size_t taken() const;
    [[nodiscard]] std::size_t waiting() const;

private:
    friend class Place;
    struct State;
    std::shared_ptr<State> state_;  // shared with the tasks that wait, and with messages in the core's mailbox
};

// One task's place. The destructor gives it to the task that has waited the longest.
class Place {
public:
    // Takes a place if fewer than `at_once_max` are taken and nobody waits; otherwise joins the line, unless
    // `waiting_max` tasks wait there already.
    Place(Places& places, unsigned at_once_max, std::size_t waiting_max = std::numeric_limits<std::size_t>::max());
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();

    [[nodiscard]] bool is_taken() const { return phase_ == Phase::taken; }
    // Too many tasks wait already: this one gets no place.
    [[nodiscard]] bool is_refused() const { return phase_ == Phase::refused; }
    // To be awaited until the place is taken, unless it is refused. False: the task was asked to stop.
    [[nodiscard]] WaitInLine wait();

private:
    friend class Places;
    enum class Phase : std::uint8_t { waiting, taken, refused };

    std::shared_ptr<Places::State> state_;
    Phase phase_ = Phase::waiting;
    Waiting line_;  // this task alone
};

}  // namespace portico::site
