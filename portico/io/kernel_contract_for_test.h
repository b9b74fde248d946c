// portico/io/kernel_contract_for_test.h — the kernels on which every test of the contract runs, and the functions that
// the tests share.
//
// Room io: see error.h. Included by tests alone.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/core.h"
#include "portico/io/datagram.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream.h"

namespace portico::io {

// The kernel under test: 0 is epoll, else a simulation of that seed.
class Contract : public testing::TestWithParam<std::uint64_t> {
protected:
    Contract() {
        if (is_simulated()) {
            SimFaults faults;
            faults.window_octets = GetParam() % 2 == 0 ? 0 : 3000;
            auto sim = std::make_unique<SimKernel>(GetParam(), faults);
            sim_ = sim.get();
            kernel_ = std::move(sim);
        } else {
            auto epoll = make_epoll_kernel();
            EXPECT_TRUE(epoll.has_value());
            kernel_ = std::move(*epoll);
            place_ = scratch_.emplace().path();
        }
        core_ = std::make_unique<Core>(*kernel_);
    }
    ~Contract() override {
        EXPECT_EQ(core_->ledger().used(), 0U);
        EXPECT_EQ(core_->timers().count(), 0U);
    }
    [[nodiscard]] bool is_simulated() const { return GetParam() != 0; }
    Core& core() { return *core_; }
    TimePoint soon() { return core_->now() + std::chrono::seconds(20); }

    // Runs until everything that `scope` holds has ended.
    void run(Scope& scope) {
        while (scope.size() > 0) core_->run_once(never);
    }
    void run(Task<void> task) {
        Scope scope;
        scope.start(std::move(task));
        run(scope);
    }
    Listener listen(const SocketAddress& at) {
        auto listener = Listener::open(*core_, at);
        EXPECT_TRUE(listener.has_value());
        return std::move(*listener);
    }
    Listener listen() { return listen(SocketAddress::of(IpAddress::loopback(Family::ipv4), 0)); }
    Datagram datagram() {
        auto socket = Datagram::open(*core_, SocketAddress::of(IpAddress::loopback(Family::ipv4), 0));
        EXPECT_TRUE(socket.has_value());
        return std::move(*socket);
    }
    // Returns an open file with that content.
    Fd file_of(const std::string& content) {
        if (is_simulated()) {
            sim_->sim_files().write("/place/file", content);
        } else {
            std::ofstream(place_ + "/file", std::ios::binary) << content;
        }
        const auto directory = kernel_->files().open_directory(is_simulated() ? "/place" : place_);
        EXPECT_TRUE(directory.has_value());
        auto file = kernel_->files().open_beneath(*directory, "file");
        EXPECT_TRUE(file.has_value());
        return std::move(*file);
    }

    std::optional<ScratchFolder> scratch_;  // on the real kernel
    std::string place_;

private:
    std::unique_ptr<Kernel> kernel_;
    SimKernel* sim_ = nullptr;
    std::unique_ptr<Core> core_;
};

inline std::string some_octets(std::size_t count) {
    std::string octets(count, '\0');
    for (std::size_t i = 0; i < count; ++i) octets[i] = static_cast<char>(i * 2654435761 >> 13);
    return octets;
}

// Both ends of a new connection, in this order: the connecting one, the accepted one.
struct Both {
    Stream client;
    Stream server;
};

inline Task<void> accept_into(Listener& listener, std::optional<Accepted>& into) {
    Result<Accepted> accepted = co_await listener.accept();
    if (accepted) into.emplace(std::move(*accepted));
}

inline Task<Both> connected(Core& core, Listener& listener) {
    Scope scope;
    std::optional<Accepted> accepted;
    scope.start(accept_into(listener, accepted));
    Result<Stream> client = co_await connect(core, listener.local(), never);
    co_await scope.join();
    co_return Both{std::move(*client), std::move(accepted->stream)};
}

// Returns everything up to the end of the stream, or to an error, whose number is stored in `error`.
inline Task<std::string> read_all(Stream& stream, int& error, TimePoint deadline) {
    std::string all;
    std::array<char, 5000> room;
    error = 0;
    for (;;) {
        const Result<std::size_t> got = co_await stream.read(room, deadline);
        if (!got) error = got.error().number;
        if (!got || *got == 0) co_return all;
        all.append(room.data(), *got);
    }
}

inline Task<void> write_and_finish(Stream& stream, const std::string& octets, TimePoint deadline, bool& whole) {
    const Result<void> written = co_await stream.write_all(octets, deadline);
    whole = written.has_value();
    static_cast<void>(stream.finish_sending());
}

}  // namespace portico::io
