// portico/tls/ticket_keys.h — the keys that protect session tickets (RFC 5077 §4, RFC 8446 §4.6.1).
//
// Room tls: see session.h.
// Threads:   values that never change; every core reads them.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace portico::tls {

// A server keeps nothing about the sessions that can be resumed: a ticket holds it all, encrypted by the server's own
// keys. The first key makes tickets, every key opens them. Whoever has a key can read what the sessions have carried
// that were resumed by its tickets (in TLS 1.2), so a key is used for hours, and never longer.
class TicketKeys {
public:
    // One key in a file: 16 octets that name it, 32 for HMAC with SHA-256, 32 for AES-256, as nginx has it.
    static constexpr std::size_t key_octets = 80;
    static constexpr std::size_t keys_max = 16;

    // A new key that only this process has.
    [[nodiscard]] static std::shared_ptr<const TicketKeys> make();
    // Keys that several machines share: 1 to 16 of them, one after another, the newest first. The error says what is
    // wrong with the octets.
    [[nodiscard]] static std::expected<std::shared_ptr<const TicketKeys>, std::string> read(std::string_view octets);
    // A new key before these, of which the two newest stay: a ticket can be used until its key has been replaced three
    // times.
    [[nodiscard]] std::shared_ptr<const TicketKeys> rotated() const;

    struct Parts;
    explicit TicketKeys(std::unique_ptr<const Parts> parts);
    TicketKeys(const TicketKeys&) = delete;
    TicketKeys& operator=(const TicketKeys&) = delete;
    ~TicketKeys();
    [[nodiscard]] std::size_t count() const;
    [[nodiscard]] const Parts& parts() const { return *parts_; }

private:
    std::unique_ptr<const Parts> parts_;
};

}  // namespace portico::tls
