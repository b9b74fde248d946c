// portico/link/origin_for_test.h — a server of a few lines on the simulated kernel, for the tests of clients.
//
// Room link: see h1_inbound.h. Included by tests alone.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/io/stream.h"
#include "portico/link/transport.h"
#include "portico/tls/pair_for_test.h"

namespace portico::link {

// Answers requests with whatever octets a function returns.
class Origin {
public:
    // The octets to send for a request (its head and content); then the connection goes on.
    struct Reply {
        std::string octets;
        enum class Then : std::uint8_t { goes_on, closes, resets, closes_rudely } then = Then::goes_on;
    };
    using Answer = std::function<Reply(std::string_view request)>;

    Origin(io::Core& core, const io::SocketAddress& address, Answer answer,
           std::shared_ptr<const tls::ServerContext> context = nullptr)
        : core_(&core), answer_(std::move(answer)), context_(std::move(context)) {
        io::Result<io::Listener> listener = io::Listener::open(core, address);
        EXPECT_TRUE(listener.has_value());
        listener_.emplace(std::move(*listener));
        serving_.start(accept());
    }

    // The answer to the head of a request that expects it; empty: none. After a final one, the connection is closed.
    std::string consent = "HTTP/1.1 100 Continue\r\n\r\n";

    [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }
    [[nodiscard]] std::size_t connections() const { return connections_; }  // accepted so far
    [[nodiscard]] std::size_t farewells() const { return farewells_; }      // ended with close_notify, if TLS
    [[nodiscard]] std::size_t open() const { return serving_.size() - 1; }  // now
    // The port that was chosen.
    [[nodiscard]] std::uint16_t port() const { return listener_->local().port; }
    // Ends everything.
    void stop() { serving_.request_stop(); }
    // Closes all connections, and accepts no more.
    [[nodiscard]] io::Scope& serving() { return serving_; }

private:
    Task<void> accept() {
        for (;;) {
            io::Result<io::Accepted> accepted = co_await listener_->accept();
            if (!accepted) co_return;
            ++connections_;
            serving_.start(serve(std::move(accepted->stream)));
        }
    }
    // How many octets the first request in `received` has; nothing if it is incomplete.
    static std::optional<std::size_t> request_octets(std::string_view received) {
        const std::size_t end = received.find("\r\n\r\n");
        if (end == std::string_view::npos) return std::nullopt;
        constexpr std::string_view name = "\r\nContent-Length: ";
        const std::size_t length = received.substr(0, end + 2).find(name);
        const std::size_t content =
            length == std::string_view::npos ? 0 : std::stoul(std::string(received.substr(length + name.size(), 10)));
        if (received.size() < end + 4 + content) return std::nullopt;
        return end + 4 + content;
    }
    static Task<bool> send(Transport& transport, std::string_view octets) {
        while (!octets.empty()) {
            const iovec span{const_cast<char*>(octets.data()), octets.size()};
            const io::Result<std::size_t> written = co_await transport.write({&span, 1}, io::never, false);
            if (!written) co_return false;
            octets.remove_prefix(*written);
        }
        co_return true;
    }
    Task<void> serve(io::Stream stream) {
        Transport transport(std::move(stream));
        if (context_ != nullptr) {
            transport.protect(context_->make_session(core_->buffers()));
            const io::Result<void> secured = co_await transport.handshake(std::nullopt, io::never);
            if (!secured) co_return;
        }
        std::string received;
        std::array<char, 4096> room{};
        bool has_consented = false;
        for (;;) {
            const std::optional<std::size_t> octets = request_octets(received);
            const std::size_t question = received.find("Expect: 100-continue\r\n");
            if (question < received.find("\r\n\r\n") && !std::exchange(has_consented, true)) {
                co_await send(transport, consent);
                if (!consent.empty() && !consent.starts_with("HTTP/1.1 100")) {
                    requests_.push_back(received);
                    co_await transport.say_end(io::never);
                    co_return;
                }
                continue;
            }
            if (!octets) {
                const io::Result<std::size_t> more = co_await transport.read(room, io::never);
                if (!more) co_return;
                if (*more == 0) {
                    if (transport.session() != nullptr && transport.session()->has_peer_said_end()) ++farewells_;
                    co_return;
                }
                received.append(room.data(), *more);
                continue;
            }
            has_consented = false;
            requests_.push_back(received.substr(0, *octets));
            received.erase(0, *octets);
            const Reply reply = answer_(requests_.back());
            const bool is_sent = co_await send(transport, reply.octets);
            if (!is_sent) co_return;
            switch (reply.then) {
                case Reply::Then::goes_on: continue;
                case Reply::Then::closes: co_await transport.say_end(io::never); co_return;
                case Reply::Then::resets: transport.abort_on_close(); co_return;
                case Reply::Then::closes_rudely: co_return;
            }
        }
    }

    io::Core* core_;
    Answer answer_;
    std::shared_ptr<const tls::ServerContext> context_;
    std::optional<io::Listener> listener_;
    std::vector<std::string> requests_;
    std::size_t connections_ = 0;
    std::size_t farewells_ = 0;
    io::Scope serving_;
};

}  // namespace portico::link
