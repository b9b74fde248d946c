// portico/tls/staples.h — OCSP responses that are fetched while a server runs, and shown from then on.
//
// Room tls: see session.h.
// Threads:   any. A handshake whose client asks for a response locks its certificate's place for a look.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "portico/tls/credentials.h"
#include "portico/tls/staple.h"

namespace portico::tls {

// The newest response for one certificate. It exists as long as a server's context shows the certificate.
class StaplePlace {
public:
    // Nothing: there is none yet.
    [[nodiscard]] std::optional<Staple> get() const;
    void set(Staple staple);

private:
    mutable std::mutex lock_;
    std::optional<Staple> staple_;  // guarded by lock_
};

// The certificates of one server that name a responder. A context that follows another one finds what has been fetched
// for the certificates that they have in common.
class Staples {
public:
    // Is called on the thread that opens a context with a new certificate.
    using Begin = std::function<void(const Credentials&, const std::weak_ptr<StaplePlace>&)>;

    explicit Staples(Begin begin) : begin_(std::move(begin)) {}
    Staples(const Staples&) = delete;
    Staples& operator=(const Staples&) = delete;
    ~Staples() = default;

    // For a context that shows this certificate; null if the certificate names no responder.
    [[nodiscard]] std::shared_ptr<StaplePlace> place_for(const Credentials& credentials);

private:
    const Begin begin_;
    std::mutex lock_;
    std::map<std::string, std::weak_ptr<StaplePlace>> places_;  // by fingerprint; guarded by lock_
};

}  // namespace portico::tls
