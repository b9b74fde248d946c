// portico/io/scope.h — the owner of tasks that nobody awaits one by one.
//
// Room io: see error.h.
// Threads:   one core's.
#pragma once

#include <cstddef>

#include "portico/base/task.h"

namespace portico::io {

// Starts tasks, asks them to stop, and waits until they have ended. What a task refers to must outlive the scope's
// join(). Where a scope goes before that, since its owner was ended or threw, its tasks end where they wait: their
// frames are destroyed. That can't be done with one that is in offload(), or that is running (asserted).
class Scope {
public:
    Scope() = default;
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
    static Root run(Scope& scope, Task<void> task);
    // A task has ended. Returns who waits in join() for the last one's end, if this was it.
    std::coroutine_handle<> ended(Node& node);
    // Who waits in join(), to be resumed; nothing where that chain has to end instead, which it then has.
    std::coroutine_handle<> take_joining();

    Node running_;   // head of the ring of tasks that go on
    Node stopping_;  // and of those that were asked to stop, which moves them here
    std::size_t size_ = 0;
    unsigned asking_ = 0;  // calls of request_stop() under way
    Join* joining_ = nullptr;
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
        if (state != nullptr && state->stop_requested()) scope_->request_stop();  // it came before this wait
        if (scope_->size_ == 0) return false;
        waiter_ = waiter;
        stop_state_ = state;
        scope_->joining_ = this;
        if (state != nullptr) state->set_waiting_on(this);
        return true;
    }
    void await_resume() {
        if (stop_state_ != nullptr) stop_state_->set_waiting_on(nullptr);
    }
    void stop_waiting() noexcept override { scope_->request_stop(); }
    void finish_waiting() noexcept override {}

private:
    friend class Scope;
    Scope* scope_;
    std::coroutine_handle<> waiter_;
    StopState* stop_state_ = nullptr;
};

inline Scope::Join Scope::join() { return Join(*this); }

}  // namespace portico::io
