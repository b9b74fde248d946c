// portico/link/transport_test.cc — connections with TLS, on a kernel that cuts and delays everything.
#include "portico/link/transport.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream.h"
#include "portico/link/link_for_test.h"
#include "portico/tls/pair_for_test.h"

namespace portico::link {
namespace {

std::shared_ptr<const tls::ServerContext> server_context() {
    tls::ServerTlsOptions options;
    options.credentials.push_back(tls::credentials_for({"localhost"}));
    static const auto only = *tls::ServerContext::open(options);
    return only;
}

std::shared_ptr<const tls::ClientContext> client_context() {
    tls::ClientTlsOptions options;
    options.authorities = tls::authority_text().chain;
    static const auto only = *tls::ClientContext::open(options);
    return only;
}

std::string pattern(std::size_t octets) {
    std::string text(octets, ' ');
    for (std::size_t i = 0; i < octets; ++i) text[i] = static_cast<char>('a' + i * 7 % 25);
    return text;
}

// A transport at the server's end, and a client of TLS at the other.
class SecureWorld {
public:
    SecureWorld(std::uint64_t seed, const io::SimFaults& faults) : kernel_(seed, faults), core_(kernel_, 1 << 26) {
        run(connect());
        session_ = *client_context()->make_session("localhost", core_.buffers());
    }
    SecureWorld(const SecureWorld&) = delete;
    SecureWorld& operator=(const SecureWorld&) = delete;
    ~SecureWorld() {
        server_.reset();
        client_.reset();
        session_.reset();
        EXPECT_EQ(core_.ledger().used(), 0U) << "something that was charged was not released";
    }

    [[nodiscard]] io::Core& core() { return core_; }
    [[nodiscard]] io::SimKernel& kernel() { return kernel_; }
    [[nodiscard]] Transport& server() { return *server_; }
    [[nodiscard]] tls::Session& client() { return *session_; }
    void close_server() { server_.reset(); }

    void run(Task<void> task) {
        io::Scope scope;
        scope.start(std::move(task));
        run(scope);
    }
    void run(io::Scope& scope) {
        while (scope.size() > 0) core_.run_once(io::never);
    }
    void shake_hands() {
        io::Scope both;
        both.start(server_shakes());
        both.start(client_shakes());
        run(both);
        ASSERT_TRUE(server_->session()->is_established() && session_->is_established());
    }

    Task<void> server_shakes() {
        io::Result<Buffer> first = co_await server_->receive(io::never);
        EXPECT_TRUE(first.has_value());
        const io::Result<void> completed = co_await server_->handshake(std::move(*first), io::never);
        EXPECT_TRUE(completed.has_value()) << server_->session()->failure();
    }
    Task<void> client_shakes() {
        for (;;) {
            const tls::Progress progress = session_->handshake();
            co_await client_flushes();
            if (progress != tls::Progress::needs_input) co_return;
            co_await client_receives();
        }
    }
    Task<void> client_flushes() {
        const Buffer output = session_->take_output();
        const io::Result<void> written = co_await client_->write_all(output.octets(), io::never);
        EXPECT_TRUE(written.has_value());
    }
    Task<void> client_receives() {
        io::Result<Buffer> received = co_await client_->read(core_.buffers(), io::never);
        if (!received || received->empty()) {
            session_->receive_end();
        } else {
            session_->receive(std::move(*received));
        }
    }
    Task<void> client_sends(std::string text) {
        for (std::string_view rest = text; !rest.empty();) {
            const iovec span{const_cast<char*>(rest.data()), rest.size()};
            rest.remove_prefix(session_->encrypt({&span, 1}, tls::record_octets_max));
            co_await client_flushes();
        }
    }
    // Reads this much, or to the end.
    Task<void> client_reads(std::size_t octets, std::string& into) {
        std::array<char, 5000> room;
        while (into.size() < octets) {
            const tls::Decrypted found =
                session_->decrypt(std::span(room).first(std::min(room.size(), octets - into.size())));
            if (found.progress == tls::Progress::done) into.append(room.data(), found.octets);
            if (found.progress == tls::Progress::needs_input) co_await client_receives();
            if (found.progress == tls::Progress::ended || found.progress == tls::Progress::failed) co_return;
        }
    }
    // A part of what is left at a time, as HTTP/1.1 does it.
    Task<void> server_sends(std::string text) {
        for (std::string_view rest = text; !rest.empty();) {
            const iovec span{const_cast<char*>(rest.data()), rest.size()};
            const io::Result<std::size_t> written = co_await server_->write({&span, 1}, io::never, false);
            EXPECT_TRUE(written.has_value());
            if (!written) co_return;
            rest.remove_prefix(*written);
        }
    }
    Task<void> server_reads(std::size_t octets, std::string& into) {
        std::array<char, 3000> room;
        while (into.size() < octets) {
            const io::Result<std::size_t> read = co_await server_->read(room, io::never);
            EXPECT_TRUE(read.has_value());
            if (!read || *read == 0) co_return;
            into.append(room.data(), *read);
        }
    }

private:
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
        server_->protect(server_context()->make_session(core_.buffers()));
    }

    io::SimKernel kernel_;
    io::Core core_;
    std::optional<io::Stream> client_;
    std::optional<Transport> server_;
    std::unique_ptr<tls::Session> session_;
};

class SecureTransport : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SecureTransport, CarriesContentBothWaysAtTheSameTime) {
    io::SimFaults faults;
    faults.unread_lost = 0;
    SecureWorld world(GetParam(), faults);
    world.shake_hands();
    const std::string content = pattern(300'000);
    std::string at_client;
    std::string at_server;
    io::Scope all;
    all.start(world.server_sends(content));
    all.start(world.server_reads(content.size(), at_server));
    all.start(world.client_sends(content));
    all.start(world.client_reads(content.size(), at_client));
    world.run(all);
    EXPECT_TRUE(at_client == content);
    EXPECT_TRUE(at_server == content);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SecureTransport, testing::Range<std::uint64_t>(1, 21));

Task<void> write_until(Transport& to, std::string_view text, io::TimePoint deadline, io::Result<std::size_t>& written) {
    const iovec span{const_cast<char*>(text.data()), text.size()};
    written = co_await to.write({&span, 1}, deadline, false);
}

TEST(SecureWrite, ThatIsCutOffGoesOnWhereItStopped) {
    SecureWorld world(1, punctual());
    world.shake_hands();
    const std::string content = pattern(500'000);
    std::string_view rest = content;
    io::Result<std::size_t> written = std::size_t{0};
    while (written) {  // until the kernel's buffers are full
        world.run(write_until(world.server(), rest, world.core().now() + seconds(1), written));
        if (written) rest.remove_prefix(*written);
    }
    EXPECT_EQ(written.error().number, ETIMEDOUT);
    ASSERT_FALSE(rest.empty());
    std::string at_client;
    io::Scope both;
    both.start(world.client_reads(content.size(), at_client));
    both.start(world.server_sends(std::string(rest)));
    world.run(both);
    EXPECT_TRUE(at_client == content);
}

TEST(SecureConnection, HoldsNoBufferWhileItIsIdle) {
    SecureWorld world(1, punctual());
    world.shake_hands();
    std::string arrived;
    world.run(world.client_sends("hello"));
    world.run(world.server_reads(5, arrived));
    EXPECT_EQ(arrived, "hello");
    EXPECT_EQ(world.core().ledger().used(), tls::Session::octets_about);
    EXPECT_FALSE(world.server().has_unopened());
}

TEST(SecureConnection, SaysThatItEnds) {
    SecureWorld world(1, punctual());
    world.shake_hands();
    std::string arrived;
    io::Scope both;
    both.start(world.server().drain(milliseconds(500), 1000));
    both.start(world.client_reads(1, arrived));
    world.run(both);
    std::array<char, 1> room;
    EXPECT_EQ(world.client().decrypt(room).progress, tls::Progress::ended);
    EXPECT_EQ(arrived, "");
    EXPECT_TRUE(world.client().has_peer_said_end());
}

TEST(SecureConnection, FindsSeveralRecordsThatCameTogether) {
    SecureWorld world(1, punctual());
    world.shake_hands();
    world.run(world.client_sends("one"));
    world.run(world.client_sends("two"));
    std::string arrived;
    world.run(world.server_reads(3, arrived));
    EXPECT_EQ(arrived, "one");
    EXPECT_TRUE(world.server().has_unopened());
    const io::Result<Opened> rest = world.server().open(std::nullopt);
    ASSERT_TRUE(rest.has_value());
    EXPECT_EQ(rest->octets.octets(), "two");
    EXPECT_FALSE(world.server().has_unopened());
}

class SecureFile : public testing::Test {
protected:
    SecureFile() {
        world_.kernel().sim_files().write("/place/file", content_);
        const auto directory = world_.kernel().files().open_directory("/place");
        file_.emplace(*world_.kernel().files().open_beneath(*directory, "file"));
        world_.shake_hands();
    }
    Task<void> send(std::uint64_t offset, std::uint64_t length, io::Result<std::size_t>& sent) {
        sent = co_await world_.server().send_file(*file_, offset, length, io::never);
    }
    // Sends a part of the file. Returns what arrives.
    std::string sent(std::uint64_t offset, std::uint64_t length) {
        std::string arrived;
        while (arrived.size() < length) {
            io::Result<std::size_t> octets = std::size_t{0};
            io::Scope both;
            both.start(send(offset + arrived.size(), length - arrived.size(), octets));
            world_.run(both);
            EXPECT_TRUE(octets.has_value());
            if (!octets || *octets == 0) break;
            std::string part;
            world_.run(world_.client_reads(*octets, part));
            arrived += part;
        }
        return arrived;
    }

    const std::string content_ = pattern(200'000);
    SecureWorld world_{1, roomy()};
    std::optional<Fd> file_;

private:
    static io::SimFaults roomy() {
        io::SimFaults faults = punctual();
        faults.buffer_octets_min = faults.buffer_octets_max = 512 * 1024;
        return faults;
    }
};

TEST_F(SecureFile, IsSentWhole) { EXPECT_TRUE(sent(0, content_.size()) == content_); }

TEST_F(SecureFile, IsSentInPart) { EXPECT_TRUE(sent(12'345, 70'000) == content_.substr(12'345, 70'000)); }

TEST_F(SecureFile, ThatIsShorterIsNotMadeUp) {
    EXPECT_TRUE(sent(150'000, 100'000) == content_.substr(150'000));
    EXPECT_EQ(sent(200'000, 1), "");
}

}  // namespace
}  // namespace portico::link
