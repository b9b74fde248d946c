// Signals as calls, whatever other threads the program has and whatever it did with them before.
#include "portico/io/signals.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "portico/io/idle_thread_for_test.h"

namespace portico::io {
namespace {

// The signals that a watcher has delivered, in order.
class Received {
public:
    std::function<void(int)> call() {
        return [this](int signal) {
            const std::lock_guard guard(lock_);
            signals_.push_back(signal);
            came_.notify_all();
        };
    }
    std::vector<int> wait_for(std::size_t count) {
        std::unique_lock guard(lock_);
        came_.wait(guard, [&] { return signals_.size() >= count; });
        return signals_;
    }

private:
    std::mutex lock_;
    std::condition_variable came_;
    std::vector<int> signals_;
};

void (*handler_of(int signal))(int) {
    struct sigaction action{};
    ::sigaction(signal, nullptr, &action);
    return action.sa_handler;
}

TEST(SignalWatcher, HandsOverWhatComes) {
    Received received;
    const SignalWatcher watcher({SIGUSR1, SIGUSR2}, received.call());
    ::kill(::getpid(), SIGUSR2);
    received.wait_for(1);
    ::kill(::getpid(), SIGUSR1);
    EXPECT_EQ(received.wait_for(2), (std::vector{SIGUSR2, SIGUSR1}));
}

// A thread that was started earlier does not block the signal, which would therefore end the process.
TEST(SignalWatcher, TakesWhatAnOlderThreadIsSent) {
    IdleThread older;
    {
        Received received;
        const SignalWatcher watcher({SIGTERM}, received.call());
        ::pthread_kill(older.handle(), SIGTERM);
        EXPECT_EQ(received.wait_for(1), std::vector{SIGTERM});
    }
}

TEST(SignalWatcher, TakesWhatEveryOtherThreadBlocks) {
    sigset_t blocked;
    sigset_t before;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
    {
        Received received;
        const SignalWatcher watcher({SIGUSR1}, received.call());
        ::kill(::getpid(), SIGUSR1);
        EXPECT_EQ(received.wait_for(1), std::vector{SIGUSR1});
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(SignalWatcher, TellsEveryWatcher) {
    Received first;
    Received second;
    const SignalWatcher one({SIGUSR1}, first.call());
    const SignalWatcher other({SIGUSR1}, second.call());
    ::kill(::getpid(), SIGUSR1);
    EXPECT_EQ(first.wait_for(1), std::vector{SIGUSR1});
    EXPECT_EQ(second.wait_for(1), std::vector{SIGUSR1});
}

TEST(SignalWatcher, TellsNoneThatHasGone) {
    Received first;
    Received second;
    const SignalWatcher one({SIGUSR1}, first.call());
    {
        const SignalWatcher other({SIGUSR1}, second.call());
    }
    ::kill(::getpid(), SIGUSR1);
    EXPECT_EQ(first.wait_for(1), std::vector{SIGUSR1});
    EXPECT_TRUE(second.wait_for(0).empty());
}

TEST(SignalWatcher, LeavesSignalsAsTheyWere) {
    ::signal(SIGUSR1, SIG_IGN);
    {
        const SignalWatcher watcher({SIGUSR1, SIGUSR2}, [](int) {});
    }
    EXPECT_EQ(handler_of(SIGUSR1), SIG_IGN);
    EXPECT_EQ(handler_of(SIGUSR2), SIG_DFL);
    ::signal(SIGUSR1, SIG_DFL);
}

TEST(SignalWatcher, IgnoresThemAfterwardsIfToldSo) {
    {
        const SignalWatcher watcher({SIGUSR2}, [](int) {}, SignalWatcher::Afterwards::ignored);
    }
    EXPECT_EQ(handler_of(SIGUSR2), SIG_IGN);
    ::signal(SIGUSR2, SIG_DFL);
}

TEST(SignalWatcher, LeavesAHangUpIgnoredAsNohupWants) {
    ::signal(SIGHUP, SIG_IGN);
    {
        const SignalWatcher watcher({SIGHUP}, [](int) {});
        EXPECT_EQ(handler_of(SIGHUP), SIG_IGN);
    }
    ::signal(SIGHUP, SIG_DFL);
}

TEST(SignalWatcher, LeavesOtherSignalsAlone) {
    const SignalWatcher watcher({SIGTERM}, [](int) {});
    EXPECT_EQ(handler_of(SIGALRM), SIG_DFL);
    sigset_t blocked;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    EXPECT_EQ(::sigismember(&blocked, SIGALRM), 0);
    EXPECT_EQ(::sigismember(&blocked, SIGTERM), 0);
}

TEST(SignalWatcher, HearsNothingOfAChild) {
    Received received;
    const SignalWatcher watcher({SIGUSR1, SIGUSR2}, received.call());
    const pid_t child = ::fork();
    if (child == 0) {
        ::raise(SIGUSR1);
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    ::kill(::getpid(), SIGUSR2);
    EXPECT_EQ(received.wait_for(1), std::vector{SIGUSR2});
}

// In a process of its own: pipes that other tests have opened are kept.
TEST(SignalWatcher, LeavesSignalsAloneWithoutDescriptors) {
    const auto watch = [] {
        ::alarm(60);
        const rlimit none{3, 3};  // standard input, output and error
        ::setrlimit(RLIMIT_NOFILE, &none);
        std::vector<std::unique_ptr<SignalWatcher>> watchers;
        for (int i = 0; i < 16; ++i) {
            watchers.push_back(std::make_unique<SignalWatcher>(std::vector{SIGUSR1}, [](int) {}));
        }
        watchers.clear();
        ::_exit(0);
    };
    EXPECT_EXIT(watch(), testing::ExitedWithCode(0), "");
}

TEST(SignalWatcher, MayComeAndGoOften) {
    for (int i = 0; i < 100; ++i) {
        Received received;
        const SignalWatcher watcher({SIGUSR1}, received.call());
        ::kill(::getpid(), SIGUSR1);
        EXPECT_EQ(received.wait_for(1).size(), 1U);
    }
}

}  // namespace
}  // namespace portico::io
