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

// Starts tasks, asks them to stop, and waits until they have ended. What a task refers to must outlive the scope's
// join(): declare it before the scope.
//
// A task that makes a scope may be ended where it waits. The tasks of each scope in its frames are then ended first,
// wherever they wait, and its own frames are destroyed after theirs.
//
// A scope may also be destroyed by code that can't wait: by a return or an exception that leaves its block before
// join(), or as part of an object that is not in a task's frame. Its tasks are then destroyed where they wait before
// the destructor returns. This blocks the thread while one of them is inside offload() and its function runs, so join()
// where that can happen. A task must not destroy the scope that it runs in (asserted).
class Scope {
public:
    Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();

    // Runs the task at once, up to its first wait. `after_stop`: with `ends`, a task that is asked to stop is destroyed
    // where it waits, or at its next wait.
    void start(Task<void> task, AfterStop after_stop = AfterStop::goes_on);

    // Asks every task to stop: its wait, and every later one, ends at once with ECANCELED. Tasks that start later are
    // not asked.
    void request_stop();

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
    // How the scope ends its tasks together with the task that has made it.
    enum class Ending : std::uint8_t {
        no,     // it does not
        asked,  // they have been asked; those that start now are, too
        now,    // the scope is being destroyed
    };
    static Root run(Scope& scope, Task<void> task);
    // A task's frames have been destroyed.
    void ended();
    // The last task has ended: resumes or ends the task that waits for it. `this` may be gone when it returns.
    void tell_of_end();
    // Moves every task into `stopping_`, and asks it by `ask`. Tasks that start meanwhile are asked as well.
    template <class Ask>
    void ask_all(Ask ask);
    // Puts all tasks into `running_`.
    void gather();
    // Asks every task to end where it waits.
    void end_tasks();
    // Ends them before it returns; blocks the thread as the last resort.
    void end_tasks_now();

    Node running_;   // head of the ring of tasks that go on
    Node stopping_;  // and of those that were asked to stop, which moves them here
    std::size_t size_ = 0;
    unsigned asking_ = 0;  // calls of ask_all() under way
    Ending ending_ = Ending::no;
    Join* joining_ = nullptr;
    // The chain that has made the scope, and its other scopes; null outside of tasks, and when that chain has ended.
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
        if (state != nullptr && state->stop_requested()) scope_->request_stop();  // it came before this wait
        if (scope_->size_ == 0) return false;
        waiter_ = waiter;
        stop_state_ = state;
        scope_->joining_ = this;
        if (state != nullptr) state->begin_wait(*this, frame_of(waiter));
        return true;
    }
    void await_resume() const {}
    void stop_waiting() noexcept override;
    void finish_waiting() noexcept override {}  // stop_waiting() ends the wait of a chain that is to be ended

private:
    friend class Scope;
    void go_on();  // the wait is over

    Scope* scope_;
    std::coroutine_handle<> waiter_;
    StopState* stop_state_ = nullptr;
};

inline Scope::Join Scope::join() { return Join(*this); }

}  // namespace portico::io
