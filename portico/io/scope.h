// portico/io/scope.h — the owner of tasks that are not awaited one by one.
//
// Room io: see error.h.
// Threads:   one core's.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include "portico/base/task.h"

namespace portico::io {

// Starts tasks, asks them to stop, and waits until they have ended. Objects that a task refers to must outlive the
// scope's join(): declare them before the scope.
//
// A task that creates a scope may be ended while it waits. Then the tasks of each scope in its frames are ended first,
// wherever they wait, and the task's own frames are destroyed after theirs.
//
// A scope may also be destroyed by code that can't wait: by a return or an exception that leaves its block before
// join(), or as part of an object that is not in a task's frame. Then its tasks are destroyed at the points where they
// wait, before the destructor returns. This blocks the thread while one of them is inside offload() and its function
// runs, so call join() if that can happen. A task must not destroy the scope in which it runs (asserted).
class Scope {
public:
    Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();

    // Runs the task at once, up to its first wait. `after_stop`: with `ends`, a task that is asked to stop is destroyed
    // at the point where it waits, or at its next wait.
    void start(Task<void> task, AfterStop after_stop = AfterStop::goes_on);

    // Asks every task to stop: its current wait, and every later one, ends at once with ECANCELED. Tasks that start
    // later are not asked.
    void request_stop();

    // Like request_stop(), but every task is destroyed at the point where it waits, or at its next wait, whatever
    // start() said; and so are tasks that start later.
    void request_end();

    // Waits until the last task has ended. If the waiting task is asked to stop, the scope's tasks are asked too, and
    // the wait goes on until they have ended.
    class Join;
    [[nodiscard]] Join join();

    [[nodiscard]] std::size_t size() const { return size_; }  // tasks that have not ended

private:
    struct Root;
    // A started task's place in one of the two rings below.
    struct Node {
        Node* next = this;
        Node* previous = this;

        void put_before(Node& other);
        void take_out();
    };
    // How the scope ends its tasks when the task that created it ends.
    enum class Ending : std::uint8_t {
        no,     // it does not end them
        asked,  // the tasks have been asked; new ones are asked when they start
        now,    // the scope is being destroyed
    };
    static Root run(Scope& scope, Task<void> task);
    // A task's frames have been destroyed.
    void ended();
    // The last task has ended: resumes or ends the task that waits for it. `this` may be gone when it returns.
    void tell_of_end();
    // Moves every task into `stopping_`, and asks it with `ask`. Tasks that start in the meantime are asked as well.
    template <class Ask>
    void ask_all(Ask ask);
    // Puts all tasks into `running_`.
    void gather();
    // Asks every task to end at the point where it waits.
    void end_tasks();
    // Ends the tasks before it returns; blocks the thread as a last resort.
    void end_tasks_now();

    Node running_;   // head of the ring of tasks that run
    Node stopping_;  // head of the ring of tasks that were asked to stop
    std::size_t size_ = 0;
    unsigned asking_ = 0;  // calls of ask_all() in progress
    Ending ending_ = Ending::no;
    Join* joining_ = nullptr;
    // The chain that created the scope, and its other scopes; null outside tasks, and when that chain has ended.
    StopState* made_by_ = nullptr;
    Scope* next_of_chain_ = nullptr;
    Scope* previous_of_chain_ = nullptr;
};

// What Scope::join() returns, to be awaited in the same statement.
class Scope::Join final : public Stoppable {
public:
    // See Scope::join().
    explicit Join(Scope& scope) : scope_(&scope) {}
    [[nodiscard]] bool await_ready() const noexcept { return scope_->size_ == 0; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        StopState* const state = waiter.promise().stop_state();
        if (state != nullptr && state->must_end()) {
            state->end_later(frame_of(waiter));
            return true;
        }
        if (state != nullptr && state->stop_requested()) scope_->request_stop();  // the request came before this wait
        if (scope_->size_ == 0) return false;
        waiter_ = waiter;
        stop_state_ = state;
        scope_->joining_ = this;
        if (state != nullptr) state->begin_wait(*this, frame_of(waiter));
        return true;
    }
    void await_resume() const {}
    void stop_waiting() noexcept override;
    void finish_waiting() noexcept override {}  // stop_waiting() ends the wait of a chain that must end

private:
    friend class Scope;
    void go_on();  // the wait is over

    Scope* scope_;
    std::coroutine_handle<> waiter_;
    StopState* stop_state_ = nullptr;
};

inline Scope::Join Scope::join() { return Join(*this); }

}  // namespace portico::io
