// portico/route/waiting.h — requests that wait for another request to do their work.
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <memory>

#include "portico/io/core.h"

namespace portico::route {

class Waiting;

// One waiting task: co_await gives true if it was woken, false if it was asked to stop.
class WaitInLine final : public io::Operation {
public:
    WaitInLine(io::Core& the_core, Waiting& line) : Operation(the_core), line_(&line) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin(waiter, io::never, [this] { return join(); });
    }
    [[nodiscard]] bool await_resume() const { return result() == 0; }

private:
    friend class Waiting;
    bool join();
    void cancel() override;

    Waiting* line_;
    WaitInLine* next_ = nullptr;
    WaitInLine* previous_ = nullptr;
};

// A line of waiting tasks, in the order of arrival. It outlives them.
class Waiting {
public:
    Waiting() = default;
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting();

    [[nodiscard]] WaitInLine wait(io::Core& core) { return {core, *this}; }
    // Resumes the first task, which runs up to its next wait before this returns. False if no task waits.
    bool wake_one();
    void wake_all();
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    friend class WaitInLine;
    void add(WaitInLine& waiter);
    void remove(WaitInLine& waiter);

    WaitInLine* first_ = nullptr;
    WaitInLine* last_ = nullptr;
    std::size_t size_ = 0;
};

// Wakes every task in the line in the core's next pass. Destructors use this: a frame can be destroyed while its owner
// is half destroyed, and no other task may run then.
void wake_all_later(io::Core& core, std::shared_ptr<Waiting> line);

}  // namespace portico::route
