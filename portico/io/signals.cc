// portico/io/signals.cc — signals as calls, on a thread of their own.
//
// Room io: see error.h.
#include "portico/io/signals.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cassert>
#include <thread>
#include <utility>

namespace portico::io {

struct SignalWatcher::Impl {
    sigset_t signals{};
    int to_wake = 0;  // one of `signals`, sent to the thread when it is to end
    std::function<void(int)> on_signal;
    std::atomic<bool> ending = false;
    std::thread thread;

    void watch() {
        for (;;) {
            int number = 0;
            const int failure = ::sigwait(&signals, &number);
            assert(failure == 0);
            if (ending.load()) return;
            on_signal(number);
        }
    }
};

SignalWatcher::SignalWatcher(const std::vector<int>& signals, std::function<void(int)> on_signal)
    : impl_(std::make_unique<Impl>()) {
    assert(signals.size() > 0);
    ::sigemptyset(&impl_->signals);
    for (const int number : signals) ::sigaddset(&impl_->signals, number);
    impl_->to_wake = *signals.begin();
    impl_->on_signal = std::move(on_signal);
    const int failure = ::pthread_sigmask(SIG_BLOCK, &impl_->signals, nullptr);
    assert(failure == 0);
    impl_->thread = std::thread([impl = impl_.get()] { impl->watch(); });
}

SignalWatcher::~SignalWatcher() {
    impl_->ending.store(true);
    ::pthread_kill(impl_->thread.native_handle(), impl_->to_wake);
    impl_->thread.join();
}

void ignore_broken_pipes() { ::signal(SIGPIPE, SIG_IGN); }

void block_broken_pipes() {
    sigset_t pipe;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    const int failure = ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    assert(failure == 0);
}

}  // namespace portico::io
