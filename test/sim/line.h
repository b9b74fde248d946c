// test/sim/line.h — a client's end of one connection, with TLS or without.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/io/stream.h"
#include "portico/tls/server_context.h"
#include "portico/tls/session.h"

namespace portico::sim {

// What the server shows, in every run. Keys and signatures have lengths that never vary, and there are no tickets:
// OpenSSL's random numbers change octets from run to run, but never how many there are.
[[nodiscard]] const std::shared_ptr<const tls::ServerContext>& server_certificates();

// What a client with TLS offers by ALPN.
enum class Offer : std::uint8_t { http1, h2 };

// Shares no code with the server but tls::Session: io::Stream's operations, over either. Its memory is charged to
// `pool`, which is the clients' own.
class Line {
public:
    explicit Line(io::Stream stream) : stream_(std::move(stream)) {}
    Line(io::Stream stream, Offer offer, BufferPool& pool);

    [[nodiscard]] bool is_secure() const { return session_ != nullptr; }
    [[nodiscard]] io::Core& core() const { return stream_.core(); }
    // Completes the handshake. False if it fails.
    Task<bool> shake_hands(io::TimePoint deadline);
    // Begins the handshake, and sends some of its octets or all.
    Task<void> begin_handshake(std::size_t octets_max, io::TimePoint deadline);
    // 0 at the end: see was_cut().
    Task<io::Result<std::size_t>> read(std::span<char> room, io::TimePoint deadline);
    Task<io::Result<void>> write_all(std::string_view octets, io::TimePoint deadline);
    // Says that nothing more follows. `deadline`: for the octets of close_notify.
    Task<void> finish_sending(io::TimePoint deadline);
    void abort_on_close() { stream_.abort_on_close(); }
    // Whether the server's octets ended without close_notify.
    [[nodiscard]] bool was_cut() const { return session_ != nullptr && !session_->has_peer_said_end(); }

private:
    Task<io::Result<void>> send_output(io::TimePoint deadline);
    Task<io::Result<void>> receive(io::TimePoint deadline);

    io::Stream stream_;
    BufferPool* pool_ = nullptr;             // null without TLS
    std::unique_ptr<tls::Session> session_;  // null without TLS
    bool is_sending_ = false;                // a part of a record may have been sent
};

}  // namespace portico::sim
