// portico/tls/credentials.h — a certificate with its chain and its key.
//
// Room tls: see session.h.
// Threads:   none. Values that never change.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portico::tls {

// A certificate chain, and the private key of its first certificate. Copies share both.
class Credentials {
public:
    // Reads PEM text (RFC 7468): the server's certificate first, then those that lead to its root, each certified by
    // the next one; and a key without a pass phrase. The error says what is wrong with which of the two.
    [[nodiscard]] static std::expected<Credentials, std::string> read(std::string_view chain, std::string_view key);

    // The names and addresses that the certificate is for, "example.org", "*.example.org", "192.0.2.1", in lower case
    // (RFC 6125 §6.4). A common name counts only if there are no others.
    [[nodiscard]] const std::vector<std::string>& names() const;
    [[nodiscard]] std::chrono::sys_seconds begins() const;  // not valid before
    [[nodiscard]] std::chrono::sys_seconds ends() const;    // not valid after

    struct Parts;
    explicit Credentials(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
    [[nodiscard]] const Parts& parts() const { return *parts_; }

private:
    std::shared_ptr<const Parts> parts_;
};

}  // namespace portico::tls
