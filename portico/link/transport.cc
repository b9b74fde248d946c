// portico/link/transport.cc — the part of a Transport that TLS needs: see transport.h.
#include "portico/link/transport.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

namespace portico::link {
namespace {

// The first records after a pause are small: the peer can use the content of a record only when all of it has arrived,
// and at first that takes a round trip for every ten segments. Later ones are large, which costs less.
constexpr std::size_t small_record_octets = 4 * 1024;
constexpr std::uint64_t small_records_until_octets = 64 * 1024;
constexpr auto pause = std::chrono::seconds(1);

// How much of a file is encrypted before it is sent.
constexpr std::size_t file_octets_at_once = 64 * 1024;

// How long the last words of a session may take. The peer has everything else.
constexpr auto farewell_time = std::chrono::milliseconds(100);

void take(tls::Session& session, Buffer received) {
    if (received.empty()) {
        session.receive_end();
    } else {
        session.receive(std::move(received));
    }
}

}  // namespace

Task<io::Result<void>> Transport::handshake(std::optional<Buffer> received, io::TimePoint deadline) {
    tls::Session& session = *security_->session;
    if (received) take(session, *std::move(received));
    for (;;) {
        const tls::Progress progress = session.handshake();
        const io::Result<void> sent = co_await send_output(deadline, nullptr);
        if (progress == tls::Progress::failed || progress == tls::Progress::ended) co_return io::fail(EPROTO, "TLS");
        if (!sent) co_return std::unexpected(sent.error());
        if (progress == tls::Progress::done) co_return io::Result<void>();
        io::Result<Buffer> further = co_await receive(deadline);
        if (!further) co_return std::unexpected(further.error());
        take(session, std::move(*further));
    }
}

io::Result<Opened> Transport::open(std::optional<Buffer> received) {
    if (received) take(*security_->session, std::move(*received));
    Opened opened;
    opened.octets = core().buffers().try_borrow(Lending::input);
    if (!opened.octets.has_block()) return io::fail(ENOBUFS, "read");
    const tls::Decrypted found = security_->session->decrypt(opened.octets.room());
    if (found.progress == tls::Progress::failed) return io::fail(EPROTO, "TLS");
    opened.progress = found.progress;
    if (found.progress == tls::Progress::done) {
        opened.octets.grow(found.octets);
    } else {
        opened.octets = Buffer();  // not while the peer is waited for
    }
    return opened;
}

Task<io::Result<Buffer>> Transport::read_ahead(io::TimePoint deadline) {
    if (security_ == nullptr) {
        io::Result<Buffer> received = co_await receive(deadline);
        co_return std::move(received);
    }
    std::optional<Buffer> received;
    for (;;) {
        io::Result<Opened> opened = open(std::exchange(received, std::nullopt));
        if (!opened) co_return std::unexpected(opened.error());
        if (opened->progress != tls::Progress::needs_input) co_return std::move(opened->octets);
        io::Result<Buffer> further = co_await receive(deadline);
        if (!further) co_return std::move(further);
        received = std::move(*further);
    }
}

Task<io::Result<std::size_t>> Transport::read_secure(std::span<char> room, io::TimePoint deadline, WaitingPlace* ring) {
    tls::Session& session = *security_->session;
    for (;;) {
        const tls::Decrypted found = session.decrypt(room);
        if (found.progress == tls::Progress::done) co_return found.octets;
        if (found.progress == tls::Progress::ended) co_return std::size_t{0};
        if (found.progress == tls::Progress::failed) co_return io::fail(EPROTO, "TLS");
        io::ReadBuffer wait = receive(deadline);
        std::optional<WaitingPlace> place;
        if (ring != nullptr) place.emplace(*ring, wait);
        io::Result<Buffer> received = co_await wait;
        if (!received) co_return std::unexpected(received.error());
        take(session, std::move(*received));
    }
}

// Sends what is encrypted, to its end.
Task<io::Result<void>> Transport::send_output(io::TimePoint deadline, WaitingPlace* ring) {
    Security& own = *security_;
    for (;;) {
        if (own.sent == own.sending.size()) {
            own.sending = own.session->take_output();
            own.sent = 0;
            if (own.sending.empty()) co_return io::Result<void>{};
        }
        const std::string_view rest = own.sending.octets().substr(own.sent);
        const iovec span{const_cast<char*>(rest.data()), rest.size()};
        io::Write wait = stream_.write({&span, 1}, deadline);
        std::optional<WaitingPlace> place;
        if (ring != nullptr) place.emplace(*ring, wait);
        const io::Result<std::size_t> written = co_await wait;
        if (!written) co_return std::unexpected(written.error());
        own.sent += *written;
    }
}

// Sends what encrypt() or encrypt_file() has encrypted, and returns how much content that was. If the deadline passes
// first, the caller calls again with the same content, which is not encrypted again.
Task<io::Result<std::size_t>> Transport::send_encrypted(io::TimePoint deadline, WaitingPlace* ring) {
    const io::Result<void> sent = co_await send_output(deadline, ring);
    if (!sent) co_return std::unexpected(sent.error());
    security_->last_write = core().now();
    security_->since_pause += security_->encrypted;
    co_return std::exchange(security_->encrypted, 0);
}

std::size_t Transport::record_octets() {
    if (core().now() - security_->last_write >= pause) security_->since_pause = 0;
    const bool is_small = security_->since_pause + security_->encrypted < small_records_until_octets;
    return is_small ? small_record_octets : tls::record_octets_max;
}

io::Result<void> Transport::encrypt(std::span<const iovec> spans) {
    const std::size_t octets = security_->session->encrypt(spans, record_octets());
    if (octets == 0) return io::fail(security_->session->failure().empty() ? ENOBUFS : EPROTO, "TLS");
    security_->encrypted += octets;
    return {};
}

Task<io::Result<std::size_t>> Transport::write_secure(std::span<const iovec> spans, io::TimePoint deadline,
                                                      WaitingPlace* ring) {
    if (security_->encrypted == 0) {
        const io::Result<void> encrypted = encrypt(spans);
        if (!encrypted) co_return std::unexpected(encrypted.error());
    }
    const io::Result<std::size_t> sent = co_await send_encrypted(deadline, ring);
    co_return sent;
}

// Reads a part of the file, which is in memory, and encrypts it. Nothing is encrypted if the file has become shorter.
io::Result<void> Transport::encrypt_file(const Fd& file, std::uint64_t offset, std::uint64_t length) {
    Buffer content = core().buffers().try_borrow(Lending::answer, tls::record_octets_max);
    if (!content.has_block()) return io::fail(ENOBUFS, "read");
    const std::uint64_t wanted = std::min<std::uint64_t>(length, file_octets_at_once);
    while (security_->encrypted < wanted) {
        const std::uint64_t at = security_->encrypted;
        const std::size_t octets = std::min<std::uint64_t>(wanted - at, tls::record_octets_max);
        const io::Result<std::size_t> read =
            core().kernel().files().read_at(file, offset + at, content.room().first(octets));
        if (!read) return std::unexpected(read.error());
        if (*read == 0) return {};
        const iovec span{content.room().data(), *read};
        const io::Result<void> encrypted = encrypt({&span, 1});
        if (!encrypted) return encrypted;
    }
    return {};
}

Task<io::Result<std::size_t>> Transport::send_file_secure(const Fd& file, std::uint64_t offset, std::uint64_t length,
                                                          io::TimePoint deadline, WaitingPlace* ring) {
    if (security_->encrypted == 0) {
        const io::Result<void> encrypted = encrypt_file(file, offset, length);
        if (!encrypted) co_return std::unexpected(encrypted.error());
    }
    const io::Result<std::size_t> sent = co_await send_encrypted(deadline, ring);
    co_return sent;
}

Task<void> Transport::say_end(io::TimePoint deadline) {
    if (security_ == nullptr) co_return;
    security_->session->close();
    const io::Result<void> sent = co_await send_output(deadline, nullptr);
    static_cast<void>(sent);  // the connection ends in any case
}

Task<io::Result<void>> Transport::end_sending(io::TimePoint deadline) {
    if (security_ != nullptr) {
        security_->session->close();
        const io::Result<void> sent = co_await send_output(deadline, nullptr);
        if (!sent) co_return sent;
    }
    co_return finish_sending();
}

Task<void> Transport::drain(io::Duration time_max, std::size_t octets_max) {
    return security_ == nullptr ? io::drain(stream_, time_max, octets_max) : drain_secure(time_max, octets_max);
}

// A session whose handshake is not complete can't say that it ends. The peer's last message is on its way. Content that
// comes before it is dropped, as it is afterwards.
Task<void> Transport::complete_handshake(io::TimePoint deadline, std::size_t octets_max) {
    std::size_t octets = 0;
    std::optional<Buffer> received;
    while (security_->session->is_early() && octets <= octets_max) {
        const io::Result<Opened> opened = open(std::exchange(received, std::nullopt));
        if (!opened || opened->progress == tls::Progress::ended) co_return;
        octets += opened->octets.size();
        if (opened->progress == tls::Progress::done || !security_->session->is_early()) continue;
        io::Result<Buffer> further = co_await receive(deadline);
        if (!further || further->empty()) co_return;
        received = std::move(*further);
    }
}

Task<void> Transport::drain_secure(io::Duration time_max, std::size_t octets_max) {
    const io::TimePoint end = core().now() + time_max;
    if (security_->session->is_early()) co_await complete_handshake(end, octets_max);
    co_await say_end(core().now() + farewell_time);
    co_await io::drain(stream_, time_max, octets_max);
}

}  // namespace portico::link
