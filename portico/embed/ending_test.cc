// portico/embed/ending_test.cc — a handler with its own tasks ends while they work, wait and read: because of its
// client, a time-out, an exception and the server's shutdown. With a real server, real clients and helper threads.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "portico/portico.h"

namespace portico {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// What the handler's tasks are doing when it ends.
enum class Child : std::uint8_t { working, queued, nested, reading };
enum class End : std::uint8_t { client_leaves, time_out, exception, stop };

// A client's socket. It waits for an answer, but not indefinitely.
class Client {
public:
    explicit Client(std::uint16_t port) : number_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval patience{.tv_sec = 60, .tv_usec = 0};
        ::setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() {
        if (number_ >= 0) ::close(number_);
    }

    void send(const std::string& octets) const {
        EXPECT_EQ(::write(number_, octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
    }
    // Returns the status of the next answer, or 0 if there is none.
    [[nodiscard]] int status() const {
        std::string received;
        std::array<char, 4096> room{};
        while (received.find("\r\n\r\n") == std::string::npos) {
            const ssize_t octets = ::read(number_, room.data(), room.size());
            if (octets <= 0) return 0;
            received.append(room.data(), static_cast<std::size_t>(octets));
        }
        return std::stoi(received.substr(9, 3));
    }
    void leave() {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(number_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::close(std::exchange(number_, -1));
    }

private:
    int number_;
};

class HandlersThatEnd : public testing::TestWithParam<std::tuple<Child, End>> {
protected:
    // Makes a note when it is destroyed.
    struct Noted {
        HandlersThatEnd* test;
        const char* name;
        Noted(HandlersThatEnd& the_test, const char* the_name) : test(&the_test), name(the_name) {}
        Noted(const Noted&) = delete;
        Noted& operator=(const Noted&) = delete;
        ~Noted() { test->note(name); }
    };

    HandlersThatEnd() {
        server_.get("/fine", [] { return "fine"; });
        Group group = server_.group("/ending");
        if (std::get<1>(GetParam()) == End::time_out) group.use(time_out(milliseconds(100)));
        group.get("", [this](Request& request) { return handle(request.core()); });
    }

    void note(const char* what) {
        const std::lock_guard guard(lock_);
        notes_.emplace_back(what);
    }
    void release() {
        may_return_ = true;
        may_return_.notify_all();
    }
    void tell_started() {
        started_ = true;
        started_.notify_all();
    }
    Task<void> work(io::Core& core, const std::string& text) {
        const Noted noted(*this, "child");
        auto work = [this, &text] {
            tell_started();
            may_return_.wait(false);
            note("work");
            return text.size();
        };
        const auto size = co_await io::offload(core, work);
        EXPECT_EQ(size.value_or(100), 100U);
    }
    Task<void> work_in_a_scope(io::Core& core, const std::string& text) {
        const std::string own = text;
        const Noted noted(*this, "child");
        io::Scope scope;
        scope.start(work(core, own));
        const bool slept = co_await io::sleep_for(core, hours(1));
        EXPECT_FALSE(slept);
    }
    Task<void> read(io::Core& core) {
        const Noted noted(*this, "child");
        auto socket = io::Datagram::open(core, io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0));
        std::array<char, 8> room{};
        std::array<io::DatagramSlot, 1> slots;
        slots[0].octets = room;
        tell_started();
        const auto received = co_await socket->receive(slots, io::never);
        EXPECT_FALSE(received.has_value());
    }
    Task<std::string> handle(io::Core& core) {
        const auto [child, end] = GetParam();
        const Noted noted(*this, "handler");
        const std::string text(100, 'x');
        io::Scope scope;
        if (child == Child::working) scope.start(work(core, text));
        for (int i = 0; child == Child::queued && i < 50; ++i) scope.start(work(core, text));
        if (child == Child::nested) scope.start(work_in_a_scope(core, text));
        if (child == Child::reading) scope.start(read(core));
        if (end != End::exception) {
            const bool slept = co_await io::sleep_for(core, hours(1));
            EXPECT_FALSE(slept);
            co_return "";
        }
        const bool slept = co_await io::sleep_for(core, milliseconds(5));
        release();  // the scope's destructor waits for work that has begun
        if (slept) throw std::runtime_error("the handler");
        co_return "";
    }
    // Ends the handler, and checks that the server goes on in the meantime.
    void end_handler(Client& client, End end) {
        switch (end) {
            case End::client_leaves: client.leave(); break;
            case End::time_out: EXPECT_EQ(client.status(), 503); break;
            case End::exception: EXPECT_EQ(client.status(), 500); break;
            case End::stop:
                server_.stop();
                server_.stop();
                return;
        }
        const Client other(server_.port());
        other.send("GET /fine HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        EXPECT_EQ(other.status(), 200);
    }

    std::mutex lock_;
    std::vector<std::string> notes_;  // guarded by lock_
    std::atomic<bool> may_return_ = false;
    std::atomic<bool> started_ = false;
    Server server_;
};
INSTANTIATE_TEST_SUITE_P(Everywhere, HandlersThatEnd,
                         testing::Combine(testing::Values(Child::working, Child::queued, Child::nested, Child::reading),
                                          testing::Values(End::client_leaves, End::time_out, End::exception,
                                                          End::stop)));

TEST_P(HandlersThatEnd, EndAfterTheirTasks) {
    const auto [child, end] = GetParam();
    const auto began = server_.start("127.0.0.1:0");
    ASSERT_TRUE(began.has_value()) << began.error();
    {
        Client client(server_.port());
        client.send("GET /ending HTTP/1.1\r\nHost: localhost\r\n\r\n");
        if (end != End::time_out && end != End::exception) started_.wait(false);
        end_handler(client, end);
    }
    const bool works = child != Child::reading && end != End::exception;
    if (works && started_) {  // a busy machine may not start a thread before a time-out
        const std::lock_guard guard(lock_);
        EXPECT_EQ(std::ranges::count(notes_, "work"), 0);
        EXPECT_EQ(std::ranges::count(notes_, "handler"), 0) << "its tasks refer to it";
    }
    release();
    server_.stop();
    server_.wait();
    const std::lock_guard guard(lock_);
    ASSERT_FALSE(notes_.empty());
    EXPECT_EQ(notes_.back(), "handler");
    EXPECT_EQ(std::ranges::count(notes_, "handler"), 1);
    const int children = child == Child::queued ? 50 : child == Child::nested ? 2 : 1;
    EXPECT_EQ(std::ranges::count(notes_, "child"), children);
    if (child == Child::queued && end == End::time_out) {  // the answer came after the cancellation
        EXPECT_LT(std::ranges::count(notes_, "work"), 50) << "what is queued is cancelled";
    }
}

}  // namespace
}  // namespace portico
