// portico/io/completion.h — a task waits for a value that another thread provides: the callback of a library.
//
//   portico::io::Completion<std::string> answer(request.core());
//   library.ask("who?", answer.completer());    // calls it with a std::string
//   const portico::io::Result<std::string> text = co_await answer.wait(deadline);
//
// Room io: see error.h.
// Threads:   a Completion belongs to one core's; a Completer to any.
#pragma once

#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/io/core_handle.h"
#include "portico/io/gate.h"

namespace portico::io {

namespace detail {

// What a wait and its completers share; the last of them destroys it, and the value with it.
class CompletionState : public std::enable_shared_from_this<CompletionState> {
public:
    explicit CompletionState(Core& core) : core_(&core), handle_(core) {}
    CompletionState(const CompletionState&) = delete;
    CompletionState& operator=(const CompletionState&) = delete;

    // Whether the caller is the first to end it: then it stores the value under lock() and calls this.
    [[nodiscard]] std::mutex& lock() { return lock_; }
    [[nodiscard]] bool is_over() const { return is_over_; }  // the lock is held
    void end();                                              // the same
    // Waits for the end.
    [[nodiscard]] Gate::Wait wait(TimePoint deadline) { return gate_.wait(*core_, deadline); }

protected:
    ~CompletionState() = default;

private:
    std::mutex lock_;
    bool is_over_ = false;
    Core* core_;  // for the task that waits
    CoreHandle handle_;
    Gate gate_;  // the core's
};

template <class T>
struct CompletionOf final : CompletionState {
    using CompletionState::CompletionState;
    std::optional<T> value;  // guarded by lock()
};

// A completer and its copies.
template <class T>
struct CompleterOf {
    explicit CompleterOf(std::shared_ptr<CompletionOf<T>> the_state) : state(std::move(the_state)) {}
    CompleterOf(const CompleterOf&) = delete;
    CompleterOf& operator=(const CompleterOf&) = delete;
    ~CompleterOf() {
        const std::lock_guard guard(state->lock());
        if (!state->is_over()) state->end();
    }
    std::shared_ptr<CompletionOf<T>> state;
};

}  // namespace detail

// The other thread's end. Copies complete the same wait. If the last copy is destroyed without complete(), the wait
// ends with an error. It may outlive the task that waits, and the core.
template <class T>
class Completer {
public:
    // For Completion::completer().
    explicit Completer(std::shared_ptr<detail::CompletionOf<T>> state)
        : own_(std::make_shared<detail::CompleterOf<T>>(std::move(state))) {}

    // Gives the value to the task that waits, which goes on on its own core. Only the first call counts: false, if
    // there was one before. The value is dropped if nobody waits any more.
    bool complete(T value) const {
        detail::CompletionOf<T>& state = *own_->state;
        const std::lock_guard guard(state.lock());
        if (state.is_over()) return false;
        state.value.emplace(std::move(value));
        state.end();
        return true;
    }
    // The same: a completer is a callback.
    void operator()(T value) const { complete(std::move(value)); }

private:
    std::shared_ptr<detail::CompleterOf<T>> own_;
};

// The task's end. One task waits, once. It may be destroyed before the value comes, wherever it waits. For a wait
// without a value, use std::monostate.
template <class T>
class Completion {
public:
    // For a task of this core.
    explicit Completion(Core& core) : state_(std::make_shared<detail::CompletionOf<T>>(core)) {}
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;

    // The end for the other thread. Call it once; copy what it returns.
    [[nodiscard]] Completer<T> completer() { return Completer<T>(state_); }

    // Errors: EOWNERDEAD every completer was destroyed without a value, ETIMEDOUT, ECANCELED the task was asked to
    // stop.
    [[nodiscard]] Task<Result<T>> wait(TimePoint deadline) {
        const auto state = state_;
        const Result<void> over = co_await state->wait(deadline);
        if (!over) co_return std::unexpected(over.error());
        const std::lock_guard guard(state->lock());
        if (!state->value) co_return fail(EOWNERDEAD, "wait for a value");
        co_return *std::move(state->value);
    }

private:
    std::shared_ptr<detail::CompletionOf<T>> state_;
};

}  // namespace portico::io
