// portico/link/link_for_test.h — one H1Inbound on the simulated kernel, and the client at the other end of its stream.
//
// Room link: see h1_inbound.h. Included by tests alone.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream.h"
#include "portico/link/h1_inbound.h"
#include "portico/link/punctual_for_test.h"
#include "portico/link/transport.h"

namespace portico::link {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Returns how long it takes, to a tenth of a second: the simulated clock and the timers have their own steps.
template <class Act>
milliseconds time_of(io::Core& core, Act act) {
    const io::TimePoint began = core.now();
    act();
    const auto took = std::chrono::duration_cast<milliseconds>(core.now() - began) + milliseconds(50);
    return took - took % milliseconds(100);
}

class LinkTest : public testing::Test {
protected:
    static constexpr std::string_view date = "Tue, 02 Jan 2024 03:04:05 GMT";

    explicit LinkTest(const io::SimFaults& faults = punctual(), std::size_t memory_max = std::size_t{1} << 30)
        : kernel_(1, faults), core_(kernel_, memory_max) {
        run(connect());
    }
    ~LinkTest() override {
        client_.reset();
        close_server();
        EXPECT_EQ(core_.ledger().used(), 0U) << "something that was charged was not released";
        EXPECT_EQ(core_.timers().count(), 0U);
    }

    // Runs the task, and everything else that happens, until the task has ended.
    void run(Task<void> task) {
        io::Scope scope;
        scope.start(std::move(task));
        run(scope);
    }
    void run(io::Scope& scope) {
        while (scope.size() > 0) core_.run_once(io::never);
    }
    // Runs the task, and returns its result.
    template <class T>
    T result_of(Task<T> task) {
        std::optional<T> result;
        run(keep(std::move(task), result));
        return *std::move(result);
    }
    template <class Act>
    milliseconds time_of(Act act) {
        return link::time_of(core_, act);
    }
    // Lets this much time pass.
    void pass(io::Duration time) { run(sleep(time)); }

    [[nodiscard]] H1Inbound& link() {
        if (!link_) {
            context_.replace_limits(limits_);
            link_.emplace(*server_, context_);
        }
        return *link_;
    }
    // These octets have been received, and the first head in them must be complete within head_time_max.
    void receive(std::string_view octets) {
        Buffer received = core_.buffers().borrow(octets.size());
        octets.copy(received.room().data(), octets.size());
        received.grow(octets.size());
        link().take(std::move(received), core_.now() + limits_.head_time_max);
    }
    [[nodiscard]] io::Core& core() { return core_; }
    [[nodiscard]] io::SimKernel& kernel() { return kernel_; }
    [[nodiscard]] io::Stream& client() { return *client_; }
    [[nodiscard]] Transport& server() { return *server_; }
    [[nodiscard]] InboundContext& context() { return context_; }
    [[nodiscard]] WaitingPlace& transfers() { return context_.transfers(); }
    // To be changed before link() is used for the first time.
    [[nodiscard]] InboundLimits& limits() { return limits_; }
    // Whether the last read of client_reads_slowly() found a reset.
    [[nodiscard]] bool client_was_reset() const { return client_was_reset_; }
    void close_client() { client_.reset(); }
    void reset_client() {
        client_->abort_on_close();
        client_.reset();
    }
    void close_server() {
        link_.reset();
        server_.reset();
    }

    // The client sends all of this, `part` octets at a time, with a pause after each part.
    Task<void> client_sends_slowly(std::string octets, std::size_t part, io::Duration pause) {
        for (std::size_t at = 0; at < octets.size(); at += part) {
            const io::Result<void> written = co_await client_->write_all(octets.substr(at, part), io::never);
            if (!written) co_return;
            const bool slept = co_await io::sleep_for(core_, pause);
            if (!slept) co_return;
        }
    }
    // The client reads up to the end, at most `part` octets at a time, with a pause after each part.
    Task<void> client_reads_slowly(std::string& into, std::size_t part, io::Duration pause) {
        std::string room(part, '\0');
        for (;;) {
            const io::Result<std::size_t> octets = co_await client_->read(room, io::never);
            client_was_reset_ = !octets && octets.error().number == ECONNRESET;
            if (!octets || *octets == 0) co_return;
            into.append(room, 0, *octets);
            const bool slept = co_await io::sleep_for(core_, pause);
            if (!slept) co_return;
        }
    }
    // The client sends all of this.
    Task<void> client_sends(std::string octets) {
        const io::Result<void> written = co_await client_->write_all(octets, io::never);
        EXPECT_TRUE(written.has_value());
    }
    // The server sends all of this, past its link.
    Task<void> server_sends(std::string octets) {
        for (std::string_view left = octets; !left.empty();) {
            const iovec span{const_cast<char*>(left.data()), left.size()};
            const io::Result<std::size_t> written = co_await server_->write({&span, 1}, io::never, false);
            EXPECT_TRUE(written.has_value());
            if (!written) co_return;
            left.remove_prefix(*written);
        }
    }
    // Returns what the client can read now.
    [[nodiscard]] std::string client_reads() {
        std::string all;
        run(read_what_is_there(*client_, all));
        return all;
    }
    // Returns what the client reads up to the end of the stream; `reset` is set to whether a reset ended it.
    [[nodiscard]] std::string client_reads_to_end(bool& reset) {
        std::string all;
        run(read_to_end(*client_, all, reset));
        return all;
    }

    static Task<void> read_what_is_there(io::Stream& from, std::string& into) {
        std::array<char, 4096> room;
        for (;;) {
            const io::TimePoint soon = from.core().now() + milliseconds(1);
            const io::Result<std::size_t> octets = co_await from.read(room, soon);
            if (!octets || *octets == 0) co_return;
            into.append(room.data(), *octets);
        }
    }
    static Task<void> read_to_end(io::Stream& from, std::string& into, bool& reset) {
        std::array<char, 4096> room;
        for (;;) {
            const io::Result<std::size_t> octets = co_await from.read(room, io::never);
            reset = !octets;
            if (!octets || *octets == 0) co_return;
            into.append(room.data(), *octets);
        }
    }

    template <class T>
    static Task<void> keep(Task<T> task, std::optional<T>& into) {
        T value = co_await task;
        into.emplace(std::move(value));
    }

private:
    Task<void> sleep(io::Duration time) {
        const bool slept = co_await io::sleep_for(core_, time);
        EXPECT_TRUE(slept);
    }
    Task<void> connect() {
        const io::SocketAddress any = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 0);
        io::Result<io::Listener> listener = io::Listener::open(core_, any);
        EXPECT_TRUE(listener.has_value());
        io::Result<io::Stream> client = co_await io::connect(core_, listener->local(), io::never);
        EXPECT_TRUE(client.has_value());
        client_.emplace(std::move(*client));
        io::Result<io::Accepted> accepted = co_await listener->accept();
        EXPECT_TRUE(accepted.has_value());
        server_.emplace(std::move(accepted->stream));
    }

    io::SimKernel kernel_;
    io::Core core_;
    InboundLimits limits_;
    InboundContext context_{core_, limits_};
    std::optional<io::Stream> client_;
    std::optional<Transport> server_;
    bool client_was_reset_ = false;
    std::optional<H1Inbound> link_;
};

}  // namespace portico::link
