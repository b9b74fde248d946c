// test/sim/line.cc — see line.h.
#include "test/sim/line.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "portico/tls/client_context.h"
#include "portico/tls/local_authority.h"

namespace portico::sim {
namespace {

struct Security {
    std::shared_ptr<const tls::ServerContext> server;
    std::array<std::shared_ptr<const tls::ClientContext>, 2> clients;  // by Offer
};

const Security& security() {
    static const Security only = [] {
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        const auto made = *tls::make_authority("Simulation", now, tls::KeyKind::ed25519);
        const auto authority = *tls::Credentials::read(made.chain, made.key);
        const auto issued = *tls::issue(authority, {"example.org"}, now, tls::Purpose::server, tls::KeyKind::ed25519);
        tls::ServerTlsOptions server;
        server.credentials.emplace_back(*tls::Credentials::read(issued.chain, issued.key));
        server.tickets = tls::Tickets::none;
        Security all{*tls::ServerContext::open(server), {}};
        tls::ClientTlsOptions client;
        client.authorities = made.chain;
        client.applications = {"http/1.1"};
        all.clients[0] = *tls::ClientContext::open(client);
        client.applications = {"h2", "http/1.1"};
        all.clients[1] = *tls::ClientContext::open(client);
        return all;
    }();
    return only;
}

}  // namespace

const std::shared_ptr<const tls::ServerContext>& server_certificates() { return security().server; }

Line::Line(io::Stream stream, Offer offer, BufferPool& pool)
    : stream_(std::move(stream)),
      pool_(&pool),
      session_(*security().clients.at(static_cast<std::size_t>(offer))->make_session("example.org", pool)) {}

Task<io::Result<void>> Line::send_output(io::TimePoint deadline) {
    const Buffer output = session_->take_output();
    if (output.empty()) co_return io::Result<void>();
    is_sending_ = true;
    const io::Result<void> written = co_await stream_.write_all(output.octets(), deadline);
    if (written) is_sending_ = false;
    co_return written;
}

Task<io::Result<void>> Line::receive(io::TimePoint deadline) {
    std::array<char, 4096> room;
    const io::Result<std::size_t> got = co_await stream_.read(room, deadline);
    if (!got) co_return std::unexpected(got.error());
    if (*got == 0) {
        session_->receive_end();
        co_return io::Result<void>();
    }
    Buffer received = pool_->borrow(*got);
    std::copy_n(room.data(), *got, received.room().data());
    received.grow(*got);
    session_->receive(std::move(received));
    co_return io::Result<void>();
}

Task<bool> Line::shake_hands(io::TimePoint deadline) {
    for (;;) {
        const tls::Progress progress = session_->handshake();
        const io::Result<void> sent = co_await send_output(deadline);
        if (progress == tls::Progress::done) co_return sent.has_value();
        if (!sent || progress != tls::Progress::needs_input) co_return false;
        const io::Result<void> received = co_await receive(deadline);
        if (!received) co_return false;
    }
}

Task<void> Line::begin_handshake(std::size_t octets_max, io::TimePoint deadline) {
    static_cast<void>(session_->handshake());
    const Buffer output = session_->take_output();
    const io::Result<void> written = co_await stream_.write_all(output.octets().substr(0, octets_max), deadline);
    static_cast<void>(written);
}

Task<io::Result<std::size_t>> Line::read(std::span<char> room, io::TimePoint deadline) {
    if (session_ == nullptr) {
        const io::Result<std::size_t> got = co_await stream_.read(room, deadline);
        co_return got;
    }
    for (;;) {
        const tls::Decrypted found = session_->decrypt(room);
        if (found.progress == tls::Progress::done) co_return found.octets;
        if (found.progress == tls::Progress::ended) co_return std::size_t{0};
        if (found.progress == tls::Progress::failed) co_return io::fail(EPROTO, "TLS");
        const io::Result<void> received = co_await receive(deadline);
        if (!received) co_return std::unexpected(received.error());
    }
}

Task<io::Result<void>> Line::write_all(std::string_view octets, io::TimePoint deadline) {
    if (session_ == nullptr) {
        const io::Result<void> written = co_await stream_.write_all(octets, deadline);
        co_return written;
    }
    while (!octets.empty()) {
        const iovec span{const_cast<char*>(octets.data()), octets.size()};
        const std::size_t taken = session_->encrypt({&span, 1}, tls::record_octets_max);
        if (taken == 0) co_return io::fail(EPROTO, "TLS");
        octets.remove_prefix(taken);
        const io::Result<void> written = co_await send_output(deadline);
        if (!written) co_return written;
    }
    co_return io::Result<void>();
}

Task<void> Line::finish_sending(io::TimePoint deadline) {
    if (session_ != nullptr && !is_sending_) {
        session_->close();
        const io::Result<void> sent = co_await send_output(deadline);
        static_cast<void>(sent);  // the server may be gone
    }
    static_cast<void>(stream_.finish_sending());
}

}  // namespace portico::sim
