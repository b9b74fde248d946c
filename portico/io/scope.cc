// portico/io/scope.cc — see scope.h.
#include "portico/io/scope.h"

#include <cassert>
#include <coroutine>
#include <exception>
#include <utility>

namespace portico::io {

// The coroutine at the bottom of a chain of tasks. It owns the task, holds the chain's StopState, and frees itself.
struct Scope::Root {
    class promise_type final : public TaskPromiseBase, public Node, public StopState {
    public:
        promise_type(Scope& scope, const Task<void>&) : scope_(&scope) {
            set_stop_state(this);
            if (scope.made_by_ != nullptr) set_label(scope.made_by_->label());
        }
        ~promise_type() {
            while (scopes_ != nullptr) leave(*scopes_);  // scopes that are not in its frames
        }
        using StopState::ask_to_end;
        using StopState::ask_to_end_now;
        using StopState::end_blocking;
        using StopState::set_after_stop;

        Root get_return_object() { return {*this}; }
        void return_void() const {}
        // Nothing awaits the tasks that the scope has started.
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

        // The first run, up to the first wait.
        void begin() {
            const OnStack here(*this);
            handle().resume();
        }
        void enter(Scope& scope) {
            scope.made_by_ = this;
            scope.next_of_chain_ = scopes_;
            if (scopes_ != nullptr) scopes_->previous_of_chain_ = &scope;
            scopes_ = &scope;
        }
        void leave(Scope& scope) {
            (scope.previous_of_chain_ != nullptr ? scope.previous_of_chain_->next_of_chain_ : scopes_) =
                scope.next_of_chain_;
            if (scope.next_of_chain_ != nullptr) scope.next_of_chain_->previous_of_chain_ = scope.previous_of_chain_;
            scope.next_of_chain_ = scope.previous_of_chain_ = nullptr;
            scope.made_by_ = nullptr;
        }
        // One of its scopes has become empty.
        void scope_emptied() {
            if (is_ending_) end_chain();
        }

        struct End {
            [[nodiscard]] bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<promise_type> root) const noexcept {
                // The task's frames were destroyed with the root's local variables.
                promise_type& ending = root.promise();
                Scope& scope = *ending.scope_;
                ending.take_out();
                ending.leave_stack();
                root.destroy();
                scope.ended();
            }
            void await_resume() const noexcept {}
        };
        [[nodiscard]] End final_suspend() const noexcept { return {}; }

    private:
        [[nodiscard]] std::coroutine_handle<promise_type> handle() {
            return std::coroutine_handle<promise_type>::from_promise(*this);
        }
        [[nodiscard]] StopState* above() const override { return scope_->made_by_; }
        [[gnu::visibility("hidden")]] void end_chain() noexcept override;

        Scope* scope_;
        Scope* scopes_ = nullptr;  // the first in a list of scopes created by this chain
        bool is_ending_ = false;
        bool is_asking_ = false;
    };

    promise_type& promise;
};

// Only scopes in the chain's frames are ended with it: another object that the chain has created may outlive it.
void Scope::Root::promise_type::end_chain() noexcept {
    if (is_asking_) return;
    assert((!ends_now() || !has_task_on_stack()) && "a task destroys the scope that it runs in");
    is_ending_ = true;
    is_asking_ = true;
    bool all_ended = true;
    for (Scope* scope = scopes_; scope != nullptr; scope = scope->next_of_chain_) {
        if (scope->size_ == 0 || !frames_hold(scope)) continue;
        if (ends_now()) {
            scope->end_tasks_now();
        } else if (scope->ending_ == Ending::no) {
            scope->end_tasks();
        }
    }
    for (const Scope* scope = scopes_; scope != nullptr; scope = scope->next_of_chain_) {
        if (scope->size_ > 0 && frames_hold(scope)) all_ended = false;
    }
    is_asking_ = false;
    if (!all_ended) return;
    Scope& scope = *scope_;
    take_out();
    {
        const OnStack here(*this);  // destructors may open a gate of the task that owns the scope
        handle().destroy();
    }
    scope.ended();
}

void Scope::Node::put_before(Node& other) {
    previous = std::exchange(other.previous, this);
    next = &other;
    previous->next = this;
}

void Scope::Node::take_out() {
    previous->next = next;
    next->previous = previous;
    next = previous = this;
}

Scope::Scope() {
    StopState* const running = StopState::running();
    if (running != nullptr) static_cast<Root::promise_type*>(running)->enter(*this);
}

Scope::~Scope() {
    if (size_ > 0) end_tasks_now();
    if (made_by_ != nullptr) static_cast<Root::promise_type*>(made_by_)->leave(*this);
    if (joining_ != nullptr) joining_->go_on();
}

Scope::Root Scope::run(Scope& scope, Task<void> task) {
    static_cast<void>(scope);  // the promise's constructor takes it
    // A parameter would be destroyed after the promise, which the destructors in the task's frames may still need.
    Task<void> own = std::move(task);
    co_await own;
}

void Scope::start(Task<void> task, AfterStop after_stop) {
    Root::promise_type& root = run(*this, std::move(task)).promise;
    root.set_after_stop(after_stop);
    root.put_before(running_);
    ++size_;
    if (ending_ != Ending::no) root.ask_to_end();
    root.begin();
}

// Each call of `ask` may end the task and others and start new ones, so only the ring's head is kept.
template <class Ask>
void Scope::ask_all(Ask ask) {
    ++asking_;
    while (running_.next != &running_) {
        Node& node = *running_.next;
        node.take_out();
        node.put_before(stopping_);
        ask(static_cast<Root::promise_type&>(node));
    }
    --asking_;
}

void Scope::request_stop() {
    ask_all([](Root::promise_type& task) { task.request_stop(); });
    if (asking_ == 0 && size_ == 0) tell_of_end();
}

void Scope::request_end() {
    end_tasks();
    request_stop();  // nobody is left to ask: this tells of the end, if all have ended by now
}

// Tasks that were asked to stop before are now asked to end.
void Scope::gather() {
    while (stopping_.next != &stopping_) {
        Node& node = *stopping_.next;
        node.take_out();
        node.put_before(running_);
    }
}

void Scope::end_tasks() {
    ending_ = Ending::asked;
    gather();
    ask_all([](Root::promise_type& task) { task.ask_to_end(); });
}

void Scope::end_tasks_now() {
    ending_ = Ending::now;
    ++asking_;  // the end of the last task is not reported yet
    gather();
    for (;;) {
        ask_all([](Root::promise_type& task) { task.ask_to_end_now(); });
        if (size_ == 0) break;
        assert(stopping_.next != &stopping_ && "a task destroys the scope that it runs in");
        static_cast<Root::promise_type&>(*stopping_.next).end_blocking();
    }
    --asking_;
}

void Scope::ended() {
    --size_;
    if (size_ == 0 && asking_ == 0) tell_of_end();  // not while an ask_all() is still walking through the ring
}

void Scope::tell_of_end() {
    if (joining_ != nullptr) return std::exchange(joining_, nullptr)->go_on();
    if (made_by_ != nullptr) static_cast<Root::promise_type*>(made_by_)->scope_emptied();
}

void Scope::Join::go_on() {
    if (stop_state_ == nullptr) return waiter_.resume();
    stop_state_->go_on(waiter_);
}

void Scope::Join::stop_waiting() noexcept {
    if (!stop_state_->must_end()) return scope_->request_stop();
    // The chain itself ends the tasks of the scopes in its frames; this one may be elsewhere.
    scope_->joining_ = nullptr;
    stop_state_->go_on(waiter_);
}

}  // namespace portico::io
