// portico/services/secure_test.cc — services over TLS, on the simulated kernel.
#include "portico/services/secure.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/services/echo.h"
#include "portico/services/hello.h"
#include "portico/services/serve.h"
#include "portico/tls/pair_for_test.h"

namespace portico::services {
namespace {

using std::chrono::seconds;

class NobodyWatches final : public ServiceWatcher {
public:
    void came(const io::SocketAddress&) override {}
    void could_not_accept(const io::Error&) override {}
};

// A client with TLS that sends these octets `times` times, and reads as many after each. Returns what it receives;
// nothing if there was no handshake, or the server has not said that this is all.
Task<std::optional<std::string>> talk(io::Core& core, io::SocketAddress server,
                                      std::shared_ptr<const tls::ClientContext> context, std::string octets,
                                      int times) {
    io::Result<io::Stream> stream = co_await io::connect(core, server, io::never);
    link::Transport transport(std::move(*stream));
    transport.protect(*context->make_session("localhost", core.buffers()));
    const io::Result<void> shaken = co_await transport.handshake(std::nullopt, io::never);
    if (!shaken) co_return std::nullopt;
    std::string all;
    for (std::size_t wanted = octets.size(); times > 0; --times, wanted += octets.size()) {
        const io::Result<void> sent = co_await write_all(transport, octets, io::never);
        if (!sent) co_return std::nullopt;
        while (all.size() < wanted) {
            const io::Result<Buffer> received = co_await transport.read_ahead(io::never);
            if (!received || received->empty()) co_return std::nullopt;
            all += received->octets();
        }
    }
    co_await transport.say_end(io::never);
    for (;;) {
        const io::Result<Buffer> received = co_await transport.read_ahead(io::never);
        if (!received) co_return std::nullopt;
        if (received->empty()) break;
        all += received->octets();
    }
    if (!transport.session()->has_peer_said_end()) co_return std::nullopt;
    co_return all;
}

// How long the server keeps a client that sends these octets and then nothing.
Task<io::Duration> stay_silent(io::Core& core, io::SocketAddress server, std::string octets) {
    io::Result<io::Stream> stream = co_await io::connect(core, server, io::never);
    const io::TimePoint began = core.now();
    const io::Result<void> sent = co_await stream->write_all(octets, io::never);
    EXPECT_TRUE(sent);
    const io::Result<Buffer> end = co_await stream->read(core.buffers(), io::never);
    EXPECT_TRUE(!end || end->empty());
    co_return core.now() - began;
}

// A client whose stream is cut after these octets: it ends without close_notify. Returns whether the server resets it.
Task<bool> be_cut(io::Core& core, io::SocketAddress server, std::shared_ptr<const tls::ClientContext> context,
                  std::string octets) {
    io::Result<io::Stream> stream = co_await io::connect(core, server, io::never);
    link::Transport transport(std::move(*stream));
    transport.protect(*context->make_session("localhost", core.buffers()));
    const io::Result<void> shaken = co_await transport.handshake(std::nullopt, io::never);
    EXPECT_TRUE(shaken);
    const io::Result<void> sent = co_await write_all(transport, octets, io::never);
    EXPECT_TRUE(sent);
    for (std::string back; back.size() < octets.size();) {
        const io::Result<Buffer> received = co_await transport.read_ahead(io::never);
        if (!received || received->empty()) co_return false;
        back += received->octets();
    }
    static_cast<void>(transport.finish_sending());
    const io::Result<Buffer> end = co_await transport.read_ahead(io::never);
    co_return !end && end.error().number == ECONNRESET;
}

class OverTls : public testing::TestWithParam<std::uint64_t> {
protected:
    OverTls() {
        tls::ServerTlsOptions options;
        options.credentials.emplace_back(tls::credentials_for({"localhost"}));
        options.applications.clear();
        const auto opened = open_endpoint(core_, *io::parse_endpoint("127.0.0.1:0"), endpoints_,
                                          std::make_shared<const PresentTls>(*tls::ServerContext::open(options)));
        EXPECT_TRUE(opened);
        server_ = std::get<SecureListener>(endpoints_.back()).listener.local();
        tls::ClientTlsOptions trusting;
        trusting.authorities = tls::authority_text().chain;
        client_ = *tls::ClientContext::open(trusting);
    }
    // Serves until the client's task has ended.
    template <class T>
    T serve(Service& service, Task<T> client) {
        io::Scope scope;
        scope.start(serve_endpoints(core_, service, std::move(endpoints_), {}, watcher_));
        T result = io::run_task(core_, std::move(client));
        scope.request_stop();
        while (scope.size() > 0) core_.run_once(io::never);
        EXPECT_EQ(core_.ledger().used(), 0U);
        return result;
    }

    io::SimKernel kernel_{GetParam()};
    io::Core core_{kernel_};
    NobodyWatches watcher_;
    std::vector<OpenEndpoint> endpoints_;
    io::SocketAddress server_;
    std::shared_ptr<const tls::ClientContext> client_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, OverTls, testing::Range<std::uint64_t>(1, 11));

TEST_P(OverTls, EchoSendsBackWhatItReceives) {
    Echo echo(core_);
    EXPECT_EQ(text_of(endpoints_.back()).substr(0, 16), "tls://127.0.0.1:");
    EXPECT_EQ(serve(echo, talk(core_, server_, client_, std::string(500, 'x'), 50)), std::string(25'000, 'x'));
}

TEST_P(OverTls, EchoResetsAStreamThatWasCut) {
    Echo echo(core_);
    EXPECT_TRUE(serve(echo, be_cut(core_, server_, client_, "hello")));
}

TEST_P(OverTls, HelloSaysItsLineAndThatThisIsAll) {
    Hello hello(core_, "Hello\n");
    EXPECT_EQ(serve(hello, talk(core_, server_, client_, "", 0)), "Hello\n");
}

TEST_P(OverTls, AHandshakeHasTenSeconds) {
    Echo echo(core_);
    const io::Duration stayed = serve(echo, stay_silent(core_, server_, "\x16\x03\x01"));
    EXPECT_GE(stayed, seconds(9));
    EXPECT_LE(stayed, seconds(11));
}

TEST_P(OverTls, AClientWithoutTlsIsNotServed) {
    Echo echo(core_);
    EXPECT_LE(serve(echo, stay_silent(core_, server_, "hello, is anybody there?\n")), seconds(1));
}

}  // namespace
}  // namespace portico::services
