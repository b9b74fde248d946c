// portico/io/scope.cc — see scope.h.
#include "portico/io/scope.h"

#include <cassert>
#include <coroutine>
#include <exception>
#include <utility>

namespace portico::io {

// The coroutine at the bottom of a chain of tasks: it owns the task, holds the chain's StopState, and frees itself.
struct Scope::Root {
    class promise_type final : public TaskPromiseBase, public Node, public StopState {
    public:
        promise_type(Scope& scope, const Task<void>&) : scope_(&scope) { set_stop_state(this); }
        using StopState::end_where_it_waits;
        using StopState::set_after_stop;
        void end_chain() noexcept override {
            const auto root = std::coroutine_handle<promise_type>::from_promise(*this);
            const std::coroutine_handle<> joining = scope_->ended(*this);
            root.destroy();
            if (joining) joining.resume();
        }
        Root get_return_object() { return {*this}; }
        void return_void() const {}
        // Nobody awaits what the scope has started.
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

        struct End {
            [[nodiscard]] bool await_ready() const noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> root) const noexcept {
                promise_type& ending = root.promise();
                const std::coroutine_handle<> joining = ending.scope_->ended(ending);
                root.destroy();
                return joining ? joining : std::noop_coroutine();
            }
            void await_resume() const noexcept {}
        };
        [[nodiscard]] End final_suspend() const noexcept { return {}; }

    private:
        Scope* scope_;
    };

    promise_type& promise;
};

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

// The task that owns the scope was ended where it waited, or left by an exception.
Scope::~Scope() {
    while (size_ > 0) {
        Node& node = running_.next != &running_ ? *running_.next : *stopping_.next;
        const std::size_t before = size_;
        static_cast<Root::promise_type&>(node).end_where_it_waits();
        assert(size_ < before && "join() a scope whose tasks are offloaded, or running, before it goes");
    }
}

Scope::Root Scope::run(Scope& scope, Task<void> task) {
    static_cast<void>(scope);  // the promise's constructor takes it
    co_await task;
}

void Scope::start(Task<void> task, AfterStop after_stop) {
    const Root root = run(*this, std::move(task));
    root.promise.set_after_stop(after_stop);
    root.promise.put_before(running_);
    ++size_;
    std::coroutine_handle<Root::promise_type>::from_promise(root.promise).resume();
}

void Scope::request_stop() {
    // Each stop may end this task and others and start new ones, so nothing but the ring's head is held on to.
    // New ones are asked as well as long as the walk has not come to its end.
    ++asking_;
    while (running_.next != &running_) {
        Node& node = *running_.next;
        node.take_out();
        node.put_before(stopping_);
        static_cast<Root::promise_type&>(node).request_stop();
    }
    --asking_;
    if (asking_ > 0 || size_ > 0) return;
    const std::coroutine_handle<> joining = take_joining();
    if (joining) joining.resume();  // `this` may be gone when it returns
}

std::coroutine_handle<> Scope::ended(Node& node) {
    node.take_out();
    --size_;
    // Whoever joins may end the scope's life as soon as it goes on: not under a request_stop() that is still walking.
    return size_ > 0 || asking_ > 0 ? nullptr : take_joining();
}

std::coroutine_handle<> Scope::take_joining() {
    if (joining_ == nullptr) return nullptr;
    Join& join = *std::exchange(joining_, nullptr);
    StopState* const state = join.stop_state_;
    if (state == nullptr || !state->must_end()) return join.waiter_;
    state->end_chain();
    return nullptr;
}

}  // namespace portico::io
