// portico/io/signals.cc — delivers signals as calls, on a separate thread.
//
// A handler writes the signal's number into a pipe, and the watcher's thread reads it. Blocking the signals and waiting
// for them (sigwait, signalfd) would not work: a thread that the program started earlier would not block them, and the
// signal would end the process on that thread.
//
// Room io: see error.h.
#include "portico/io/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <mutex>
#include <thread>
#include <utility>

#include "portico/io/thread.h"

namespace portico::io {
namespace {

constexpr std::size_t watchers_max = 16;
constexpr unsigned char end_of_watch = 0;  // no signal has this number

// The handler's part of a watcher. Its pipe is never closed: a handler may be about to write to it on some thread.
struct Slot {
    std::atomic<std::uint64_t> signals = 0;  // a bit for each
    std::atomic<int> write_end = -1;
    int read_end = -1;
    bool is_used = false;
};

std::array<Slot, watchers_max> handler_slots;
std::atomic<pid_t> handler_process =
    0;                     // a child between fork(2) and exec(2) shares the pipes, but must not write to them
std::mutex registry_lock;  // guards everything below, and the parts of the slots that the handler does not read
std::array<unsigned, 65> watchers_of{};
std::array<struct sigaction, 65> actions_before{};

constexpr std::uint64_t bit_of(int signal) { return std::uint64_t{1} << (signal - 1); }

void on_any_signal(int signal) {
    const int errno_before = errno;
    const auto number = static_cast<unsigned char>(signal);
    for (const Slot& slot : handler_slots) {
        if ((slot.signals.load() & bit_of(signal)) == 0 || ::getpid() != handler_process.load()) continue;
        // A full pipe holds thousands of signals that have not been read yet: one more makes no difference.
        static_cast<void>(!::write(slot.write_end.load(), &number, 1));
    }
    errno = errno_before;
}

// Null if there are no descriptors for its pipe.
Slot* take_slot() {
    const std::lock_guard guard(registry_lock);
    for (Slot& slot : handler_slots) {
        if (slot.is_used) continue;
        if (slot.read_end < 0) {
            std::array<int, 2> ends{};
            if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return nullptr;
            slot.read_end = ends[0];
            slot.write_end.store(ends[1]);
        }
        unsigned char leftover = 0;
        while (::read(slot.read_end, &leftover, 1) == 1) continue;  // a handler may have written late
        slot.is_used = true;
        return &slot;
    }
    assert(false && "at most 16 watchers at the same time");
    return nullptr;
}

void start_handling(int signal) {
    const std::lock_guard guard(registry_lock);
    handler_process.store(::getpid());
    const auto index = static_cast<std::size_t>(signal);
    if (watchers_of[index]++ > 0) return;
    struct sigaction action{};
    action.sa_handler = on_any_signal;
    action.sa_flags = SA_RESTART;
    ::sigfillset(&action.sa_mask);
    ::sigaction(signal, nullptr, &actions_before[index]);
    const bool stays_ignored = signal == SIGHUP && actions_before[index].sa_handler == SIG_IGN;
    if (!stays_ignored) ::sigaction(signal, &action, nullptr);
}

void stop_handling(int signal, SignalWatcher::Afterwards afterwards) {
    const std::lock_guard guard(registry_lock);
    const auto index = static_cast<std::size_t>(signal);
    if (--watchers_of[index] > 0) return;
    struct sigaction action = actions_before[index];
    if (afterwards == SignalWatcher::Afterwards::ignored) action.sa_handler = SIG_IGN;
    ::sigaction(signal, &action, nullptr);
}

}  // namespace

struct SignalWatcher::Impl {
    std::vector<int> signals;
    std::function<void(int)> on_signal;
    Afterwards afterwards = Afterwards::as_before;
    Slot* slot = nullptr;
    std::thread thread;

    void watch() {
        // This thread receives them even if every other one blocks them.
        sigset_t ours;
        ::sigemptyset(&ours);
        for (const int signal : signals) ::sigaddset(&ours, signal);
        ::pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
        for (;;) {
            pollfd wanted{.fd = slot->read_end, .events = POLLIN, .revents = 0};
            unsigned char number = end_of_watch;
            if (::poll(&wanted, 1, -1) != 1 || ::read(slot->read_end, &number, 1) != 1) continue;  // interrupted
            if (number == end_of_watch) return;
            on_signal(number);
        }
    }
};

SignalWatcher::SignalWatcher(const std::vector<int>& signals, std::function<void(int)> on_signal, Afterwards afterwards)
    : impl_(std::make_unique<Impl>()) {
    assert(signals.size() > 0);
    impl_->signals = signals;
    impl_->on_signal = std::move(on_signal);
    impl_->afterwards = afterwards;
    impl_->slot = take_slot();
    if (impl_->slot == nullptr) return;  // the signals keep their previous behaviour
    std::uint64_t all = 0;
    for (const int signal : signals) all |= bit_of(signal);
    impl_->slot->signals.store(all);
    // The thread must receive these signals and no others, which belong to the program.
    Result<std::thread> thread = start_thread([impl = impl_.get()] { impl->watch(); });
    if (!thread) return;  // the same
    impl_->thread = *std::move(thread);
    for (const int signal : signals) start_handling(signal);
}

bool SignalWatcher::is_watching() const { return impl_->thread.joinable(); }

SignalWatcher::~SignalWatcher() {
    if (impl_->slot == nullptr) return;
    if (impl_->thread.joinable()) {
        for (const int signal : impl_->signals) stop_handling(signal, impl_->afterwards);
    }
    impl_->slot->signals.store(0);
    if (impl_->thread.joinable()) {
        while (::write(impl_->slot->write_end.load(), &end_of_watch, 1) != 1) std::this_thread::yield();
        impl_->thread.join();
    }
    const std::lock_guard guard(registry_lock);
    impl_->slot->is_used = false;
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
