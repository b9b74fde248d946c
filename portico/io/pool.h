// portico/io/pool.h — a pool of threads with a name and a limit: for a database, a library that blocks.
//
//   portico::io::Pool database("database", 4, 100);           // before the server
//   auto work = [id] { return note_of(id); };
//   const auto note = co_await portico::io::offload(request.core(), database, work);
//
// Room io: see error.h.
// Threads:   any core may use a pool; it outlives them.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "portico/io/core.h"

namespace portico::io {

// Threads that do work which may block. They are started when they are needed. With one thread, no two pieces of work
// run at the same time, and on the real kernel they run in the order in which they were given. On a simulated kernel
// there are no threads: the work runs on the core's, at some later time.
class Pool {
public:
    // `threads_max`: at least one. `waiting_max`: how many pieces of work may wait for a thread; more are refused. The
    // name is the threads', for debuggers, of which they take 15 octets.
    Pool(std::string name, unsigned threads_max, std::size_t waiting_max = 1000);
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool();  // joins the threads; no task is waiting

    [[nodiscard]] const std::string& name() const { return name_; }  // as given
    // Pieces of work that wait or run, as of now.
    [[nodiscard]] std::size_t in_use() const { return in_use_.load(std::memory_order_relaxed); }

private:
    template <class Function>
    friend class PooledOffload;
    // A place for a piece of work, given back when it is destroyed.
    class Place {
    public:
        explicit Place(Pool& pool);
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place();
        [[nodiscard]] bool is_free() const { return pool_ != nullptr; }

    private:
        Pool* pool_;  // null: the pool was full
    };
    [[nodiscard]] HelperThreads& threads() { return *threads_; }

    const std::string name_;
    const std::size_t in_use_max_;
    std::atomic<std::size_t> in_use_ = 0;
    std::unique_ptr<HelperThreads> threads_;
};

// co_await offload(core, pool, function): the function's result, or the error.
template <class Function>
class PooledOffload : public OffloadOp {
public:
    // What `function` returns; not void.
    using Value = std::invoke_result_t<Function&>;
    static_assert(!std::is_void_v<Value>, "return something, so that the wait has a result");

    // See offload().
    template <class F>
    PooledOffload(Core& the_core, Pool& pool, F&& function)
        : OffloadOp(the_core, pool.threads()), pool_(&pool), function_(std::forward<F>(function)) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiter) {
        return begin(waiter, never, [this] { return start_or_refuse(); });
    }
    Result<Value> await_resume() {
        if (exception_) std::rethrow_exception(exception_);
        if (value_) return *std::move(value_);
        if (result() == -EBUSY) return fail(EBUSY, "offload to a full pool");
        return fail(static_cast<int>(-result()), "offload");
    }

private:
    bool start_or_refuse() {
        place_.emplace(*pool_);
        if (place_->is_free()) return core().kernel().start(*this);
        set_result(-EBUSY);
        return true;
    }
    void work() final {
        try {
            value_.emplace(function_());
        } catch (...) {
            exception_ = std::current_exception();
        }
    }
    Pool* pool_;
    Function function_;  // or a reference to it
    std::optional<Value> value_;
    std::exception_ptr exception_;
    std::optional<Pool::Place> place_;
};

// Calls `function` on a thread of the pool; otherwise like offload() without a pool.
//
// Errors: EBUSY the pool is full, ECANCELED the task was asked to stop before the call began, EAGAIN no thread can be
// started. What the function throws is thrown by the co_await.
template <class Function>
[[nodiscard]] PooledOffload<Function&> offload(Core& core, Pool& pool, Function& function) {
    return {core, pool, function};
}
// As there, a function object that is created in the call must be trivially copyable.
template <class Function>
    requires(!std::is_lvalue_reference_v<Function>)
[[nodiscard]] PooledOffload<Function> offload(Core& core, Pool& pool, Function&& function) {
    static_assert(detail::SafeInAwait<Function>,
                  "give the function object a name: auto work = [...] { ... }; co_await offload(core, pool, work)");
    return {core, pool, std::forward<Function>(function)};
}
// The same for function(arguments…).
template <class Function, class... Arguments>
    requires(sizeof...(Arguments) > 0 && std::is_invocable_v<Function&, std::decay_t<Arguments>...>)
[[nodiscard]] auto offload(Core& core, Pool& pool, Function&& function, Arguments&&... arguments) {
    static_assert(detail::SafeInAwait<Function>,
                  "give the function object a name: auto work = [...] { ... }; co_await offload(core, pool, work)");
    using Call = detail::CallOf<Function, Arguments...>;
    return PooledOffload<Call>(core, pool,
                               Call(std::forward<Function>(function), std::forward<Arguments>(arguments)...));
}

}  // namespace portico::io
