// portico/site/places.h — limits how many tasks do the same thing at the same time; others wait in line.
//
// Room site: see options.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <memory>

#include "portico/io/core.h"
#include "portico/site/waiting.h"

namespace portico::site {

class Places {
public:
    // `core` outlives the places and all tasks that wait for one.
    explicit Places(io::Core& core);

    [[nodiscard]] std::size_t taken() const;

private:
    friend class Place;
    struct State;
    std::shared_ptr<State> state_;  // shared with the tasks that wait, and with messages in the core's mailbox
};

// One task's place. The destructor gives it to the task that has waited the longest.
class Place {
public:
    // Takes a place if fewer than `at_once_max` are taken and no task waits; otherwise joins the line.
    Place(Places& places, unsigned at_once_max);
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();

    [[nodiscard]] bool is_taken() const { return is_taken_; }
    // Await it until the place is taken. False: the task was asked to stop.
    [[nodiscard]] WaitInLine wait();

private:
    friend class Places;
    std::shared_ptr<Places::State> state_;
    bool is_taken_ = false;
    Waiting line_;  // only this task
};

}  // namespace portico::site
