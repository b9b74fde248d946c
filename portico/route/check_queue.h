// portico/route/check_queue.h — decides whose password is checked next, and how many at the same time.
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "portico/io/core.h"
#include "portico/route/passwords.h"
#include "portico/route/waiting.h"

namespace portico::route {

// Credentials as two keyed hashes: the password itself is not kept.
using Fingerprint = std::array<std::uint64_t, 2>;

// What is known about a request before its password is checked. The first in this list is checked first.
enum class Standing : std::uint8_t {
    known,    // the same credentials were right before
    unknown,  // neither the credentials nor the address have been seen
    suspect,  // the address has sent wrong credentials lately
};

// A request whose password is to be checked.
struct Applicant {
    Fingerprint credentials{};
    std::uint64_t network = 0;  // io::network_of() its peer
    Standing standing = Standing::unknown;
};

// The requests whose passwords are being checked or will be checked, within PasswordLimits.
class CheckQueue {
public:
    // `core` outlives the queue and all of its turns.
    explicit CheckQueue(io::Core& core);

    // The credentials have proved to be right: requests that wait with the same ones need no check.
    void settle(const Fingerprint& credentials);

    [[nodiscard]] std::size_t waiting() const;
    [[nodiscard]] std::size_t checking() const;

private:
    friend class CheckTurn;
    struct State;
    std::shared_ptr<State> state_;  // shared with the turns and with messages in the core's mailbox
};

// One request's place in the queue. Its destructor gives the place to the next request.
class CheckTurn {
public:
    enum class Phase : std::uint8_t {
        waiting,   // await wait(), then check the phase again
        checking,  // it is this request's turn
        settled,   // the credentials have proved to be right in the meantime
        refused,   // too many requests are already waiting
    };

    CheckTurn(CheckQueue& queue, const Applicant& applicant, const PasswordLimits& limits);
    CheckTurn(const CheckTurn&) = delete;
    CheckTurn& operator=(const CheckTurn&) = delete;
    ~CheckTurn();

    [[nodiscard]] Phase phase() const { return phase_; }
    // For the phase `waiting`: await it. True: the phase has changed. False: the task was asked to stop.
    [[nodiscard]] WaitInLine wait();

private:
    friend class CheckQueue;
    std::shared_ptr<CheckQueue::State> state_;
    Applicant applicant_;
    Phase phase_ = Phase::waiting;
    Waiting line_;  // only this request
};

}  // namespace portico::route
