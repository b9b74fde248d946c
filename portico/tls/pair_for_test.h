// portico/tls/pair_for_test.h — a client and a server that exchange octets in memory, and certificates for them.
//
// Room tls: see session.h. Included by tests alone.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "portico/tls/client_context.h"
#include "portico/tls/local_authority.h"
#include "portico/tls/server_context.h"

namespace portico::tls {

// 2024-01-02, or the present day where a certificate must be valid now: OpenSSL asks the machine's clock.
inline std::chrono::sys_seconds today() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

inline const PemPair& authority_text() {
    static const PemPair only = *make_authority("Test Authority", today());
    return only;
}

inline Credentials authority() { return *Credentials::read(authority_text().chain, authority_text().key); }

inline Credentials credentials_for(const std::vector<std::string>& names) {
    const auto issued = issue(authority(), names, today());
    return *Credentials::read(issued->chain, issued->key);
}

// Both ends of one connection.
class Pair {
public:
    Pair(const ServerContext& server, const ClientContext& client, const std::string& host)
        : server_(server.make_session(pool_)), client_(*client.make_session(host, pool_)) {}

    [[nodiscard]] Session& server() { return *server_; }
    [[nodiscard]] Session& client() { return *client_; }
    [[nodiscard]] const Ledger& ledger() const { return ledger_; }

    // Moves what `from` has to send to `to`, at most `part` octets at a time; `to` uses them up with `use`.
    template <class Use>
    void carry(Session& from, Session& to, Use use, std::size_t part = SIZE_MAX) {
        const Buffer output = from.take_output();
        for (std::string_view rest = output.octets(); !rest.empty();) {
            const std::string_view octets = rest.substr(0, part);
            rest.remove_prefix(octets.size());
            Buffer received = pool_.borrow(octets.size());
            octets.copy(received.room().data(), octets.size());
            received.grow(octets.size());
            to.receive(std::move(received));
            use();
        }
    }
    // Goes on with the handshake until neither end has anything to say. True if it is complete at both.
    bool shake_hands(std::size_t part = SIZE_MAX) {
        static_cast<void>(client_->handshake());
        for (int flight = 0; flight < 4; ++flight) {
            carry(*client_, *server_, [this] { go_on(*server_); }, part);
            carry(*server_, *client_, [this] { go_on(*client_); }, part);
        }
        return client_->is_established() && server_->is_established();
    }
    // Sends the octets from one end to the other. Returns what arrives.
    std::string send(Session& from, Session& to, std::string_view octets, std::size_t part = SIZE_MAX,
                     std::size_t record = record_octets_max) {
        std::string arrived;
        while (!octets.empty()) {
            const iovec span{const_cast<char*>(octets.data()), octets.size()};
            const std::size_t taken = from.encrypt({&span, 1}, record);
            if (taken == 0) break;
            octets.remove_prefix(taken);
            carry(from, to, [&] { arrived += all_of(to); }, part);
        }
        return arrived;
    }
    // What can be decrypted now.
    std::string all_of(Session& at) {
        std::string arrived;
        std::array<char, 1000> room;
        for (;;) {
            last_ = at.decrypt(room);
            if (last_.progress != Progress::done) return arrived;
            arrived.append(room.data(), last_.octets);
        }
    }
    [[nodiscard]] Progress last() const { return last_.progress; }
    [[nodiscard]] BufferPool& pool() { return pool_; }

private:
    // Tickets come after the handshake, and are no content.
    void go_on(Session& end) {
        if (end.is_established()) {
            EXPECT_EQ(all_of(end), "");
        } else {
            static_cast<void>(end.handshake());
        }
    }

    Ledger ledger_{64 * 1024 * 1024};
    BufferPool pool_{ledger_};
    std::unique_ptr<Session> server_;
    std::unique_ptr<Session> client_;
    Decrypted last_;
};

}  // namespace portico::tls
