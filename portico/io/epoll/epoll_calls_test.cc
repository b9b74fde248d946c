// The epoll kernel's system calls: their arguments, and how rare failures are handled.
//
// This file's accept4, send, sendfile and pthread_create replace the C library's in the whole test program. They fail
// if a test asks for that, record their arguments, and otherwise call the C library.
#include "portico/io/epoll/epoll_calls.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <deque>
#include <set>
#include <string>
#include <thread>

#include "portico/io/descriptors.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/net/resolve.h"
#include "portico/io/run_task.h"
#include "portico/io/signals.h"
#include "portico/io/stream.h"
#include "portico/io/thread.h"

namespace {

std::deque<int> accept_failures;  // errno values, one for each of the next calls
std::size_t accepts = 0;
std::size_t most_sent = 0;                      // the most octets that one call was asked to send
std::atomic<unsigned> threads_left = UINT_MAX;  // the number of threads that may still be started

// A sanitizer that is linked into the program has a function of its own in front of the C library's, under this name.
template <class Function>
Function* real(const char* name) {
    void* const sanitizers = ::dlsym(RTLD_DEFAULT, (std::string("__interceptor_") + name).c_str());
    return reinterpret_cast<Function*>(sanitizers != nullptr ? sanitizers : ::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int accept4(int socket, sockaddr* address, socklen_t* length, int flags) {
    static auto* const call = real<int(int, sockaddr*, socklen_t*, int)>("accept4");
    ++accepts;
    if (accept_failures.empty()) return call(socket, address, length, flags);
    errno = accept_failures.front();
    accept_failures.pop_front();
    return -1;
}

ssize_t send(int socket, const void* octets, size_t count, int flags) {
    static auto* const call = real<ssize_t(int, const void*, size_t, int)>("send");
    most_sent = std::max(most_sent, count);
    return call(socket, octets, count, flags);
}

ssize_t sendfile(int out, int in, off_t* offset, size_t count) noexcept {
    static auto* const call = real<ssize_t(int, int, off_t*, size_t)>("sendfile");
    most_sent = std::max(most_sent, count);
    return call(out, in, offset, count);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) noexcept {
    static auto* const call = real<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
    if (threads_left == 0) return EAGAIN;
    --threads_left;
    return call(thread, attributes, run, argument);
}

}  // extern "C"

namespace portico::io {
namespace {

class Accepting : public testing::Test {
protected:
    Accepting() {
        auto opened = calls::listen(SocketAddress::of(IpAddress::loopback(Family::ipv4), 0), {});
        EXPECT_TRUE(opened);
        listener_ = owned(opened->number);
        client_ = owned(*calls::open_stream_socket(Family::ipv4));
        calls::begin_connect(client_->number(), opened->local);
        accepts = 0;
    }
    ~Accepting() override {
        EXPECT_TRUE(accept_failures.empty());
        accept_failures.clear();
    }
    std::optional<Fd> listener_;
    std::optional<Fd> client_;
};

// accept(2): "treat these like EAGAIN by retrying". They concern one connection, and the next one may succeed.
TEST_F(Accepting, PassesOverConnectionsThatFailedInTheQueue) {
    accept_failures = {ECONNABORTED, EINTR,        EPROTO, ENETDOWN,    ENOPROTOOPT,
                       EHOSTDOWN,    EHOSTUNREACH, ENONET, ENETUNREACH, ECONNABORTED};
    SocketAddress peer;
    const std::optional<Fd> accepted = owned(calls::accept(listener_->number(), peer));
    EXPECT_TRUE(accepted);
    EXPECT_EQ(accepts, 11U);
}

TEST_F(Accepting, SaysWhatConcernsEveryConnection) {
    for (const int failure : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN, EINVAL}) {
        accept_failures = {failure};
        SocketAddress peer;
        EXPECT_EQ(calls::accept(listener_->number(), peer), -failure);
    }
    EXPECT_EQ(accepts, 6U);
}

class Threads : public testing::Test {
protected:
    ~Threads() override { threads_left = UINT_MAX; }
};

TEST_F(Threads, WithoutOneThereIsNoKernel) {
    threads_left = 0;
    const auto kernel = make_epoll_kernel();
    ASSERT_FALSE(kernel);
    EXPECT_EQ(describe(kernel.error()), "start a thread: Resource temporarily unavailable");
}

Task<void> offload_one(Core& core, std::set<std::thread::id>& threads) {
    auto work = [] {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return std::this_thread::get_id();
    };
    const std::optional<std::thread::id> ran_on = co_await offload(core, std::move(work));
    EXPECT_TRUE(ran_on);
    if (ran_on) threads.insert(*ran_on);
}

std::set<std::thread::id> offload_many(Core& core) {
    std::set<std::thread::id> threads;
    Scope scope;
    for (int i = 0; i < 20; ++i) scope.start(offload_one(core, threads));
    while (scope.size() > 0) core.run_once(never);
    return threads;
}

// The kernel's first helper thread is running; no other can be started.
TEST_F(Threads, OneDoesAllWorkWhereNoFurtherOneCanBeStarted) {
    const auto kernel = make_epoll_kernel();
    ASSERT_TRUE(kernel);
    Core core(**kernel);
    threads_left = 0;
    EXPECT_EQ(offload_many(core).size(), 1U);
    threads_left = UINT_MAX;  // threads can be started again
    EXPECT_GT(offload_many(core).size(), 1U);
}

TEST_F(Threads, AreAsManyAsTheOptionSays) {
    EpollOptions options;
    options.helpers_max = 2;
    const auto kernel = make_epoll_kernel(options);
    ASSERT_TRUE(kernel);
    Core core(**kernel);
    EXPECT_EQ(offload_many(core).size(), 2U);
}

TEST_F(Threads, StartWithAllSignalsBlockedAndLeaveOursAsTheyAre) {
    sigset_t ours;
    sigset_t theirs;
    auto thread = start_thread([&theirs] { ::pthread_sigmask(SIG_BLOCK, nullptr, &theirs); });
    ASSERT_TRUE(thread);
    thread->join();
    ::pthread_sigmask(SIG_BLOCK, nullptr, &ours);
    EXPECT_EQ(::sigismember(&theirs, SIGTERM), 1);
    EXPECT_EQ(::sigismember(&ours, SIGTERM), 0);
    auto like_ours =
        start_thread([&theirs] { ::pthread_sigmask(SIG_BLOCK, nullptr, &theirs); }, ThreadSignals::inherited);
    ASSERT_TRUE(like_ours);
    like_ours->join();
    EXPECT_EQ(::sigismember(&theirs, SIGTERM), 0);
}

TEST_F(Threads, AreMissedByAWatcherOfSignalsThatThenWatchesNone) {
    struct sigaction before{};
    struct sigaction now{};
    ::sigaction(SIGUSR2, nullptr, &before);
    threads_left = 0;
    {
        const SignalWatcher watcher({SIGUSR2}, [](int) {});
        ::sigaction(SIGUSR2, nullptr, &now);
        EXPECT_EQ(now.sa_handler, before.sa_handler);
    }
    ::sigaction(SIGUSR2, nullptr, &now);
    EXPECT_EQ(now.sa_handler, before.sa_handler);
}

Task<int> resolve_something(Core& core) {
    const auto addresses = co_await resolve(core, "portico-has-no-such-host.test", 80);
    co_return addresses ? 0 : static_cast<int>(addresses.error().kind);
}

TEST_F(Threads, AreMissedByTheResolverWithAnError) {
    const auto kernel = make_epoll_kernel();
    ASSERT_TRUE(kernel);
    Core core(**kernel);
    threads_left = 0;
    EXPECT_EQ(run_task(core, resolve_something(core)), static_cast<int>(ResolveError::Kind::temporary));
}

// However fast a peer reads, a call must return.
TEST(Sending, IsBoundedInOneCall) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const std::optional<Fd> first = owned(ends[0]);
    const std::optional<Fd> second = owned(ends[1]);
    const std::string octets(4 * 1024 * 1024, 'x');
    const iovec span{const_cast<char*>(octets.data()), octets.size()};
    const std::array<iovec, 2> spans{span, span};
    most_sent = 0;
    EXPECT_GT(calls::write(ends[0], FdKind::socket, {&span, 1}, false), 0);
    EXPECT_EQ(most_sent, calls::octets_of_a_call_max);
    most_sent = 0;
    static_cast<void>(calls::write(ends[0], FdKind::socket, spans, false));
    EXPECT_EQ(most_sent, calls::octets_of_a_call_max);
    most_sent = 0;
    static_cast<void>(calls::send_file(ends[0], ends[1], 0, octets.size()));
    EXPECT_EQ(most_sent, calls::octets_of_a_call_max);
}

}  // namespace
}  // namespace portico::io
