// portico/tls/staple.h — a proof that a certificate has not been revoked, which a server shows with it (OCSP stapling).
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

#include "portico/tls/credentials.h"

namespace portico::tls {

// An OCSP response (RFC 6960) for one certificate. Clients that ask for it (status_request, RFC 6066 §8) need not ask
// the authority themselves.
class Staple {
public:
    // Reads a response in DER. It must say that the first certificate of `credentials` is good, be signed by its
    // issuer, which is the second certificate of the chain, or by a responder that the issuer has certified for that,
    // and be valid now. The error says what is wrong.
    [[nodiscard]] static std::expected<Staple, std::string> read(std::string_view response,
                                                                 const Credentials& credentials);
    [[nodiscard]] std::chrono::sys_seconds begins() const;  // thisUpdate
    // When the next response should be there (nextUpdate): from then on, this one is shown no more.
    [[nodiscard]] std::chrono::sys_seconds ends() const;

    struct Parts;
    explicit Staple(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
    [[nodiscard]] const Parts& parts() const { return *parts_; }

private:
    std::shared_ptr<const Parts> parts_;
};

// Where responses for the certificate can be had, as it says itself: http or https URIs, at most four (RFC 5280
// §4.2.2.1). Nothing if the chain lacks the issuer, without which no response can be verified.
[[nodiscard]] std::vector<std::string> responders_of(const Credentials& credentials);
// What a responder is asked, in DER (RFC 6960 §4.1); empty if the chain lacks the issuer.
[[nodiscard]] std::string status_request(const Credentials& credentials);

}  // namespace portico::tls
