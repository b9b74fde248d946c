// portico/acme/staple_service.h — keeps the OCSP responses of a server's certificates, on a thread of its own.
//
// Room acme: see base64url.h.
// Threads:   the service has one of its own, from the first certificate that names a responder; its functions are for
// the
//            thread that made it, staples() for any.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "portico/acme/stapler.h"
#include "portico/tls/staples.h"

namespace portico::acme {

// What one question to a responder may cost.
inline constexpr std::chrono::seconds responder_time_max{15};
inline constexpr std::size_t responder_octets_max = std::size_t{64} * 1024;

// Fetches responses as long as it exists.
class StapleService {
public:
    // `tell` is called on the service's thread.
    explicit StapleService(Stapler::Tell tell);
    StapleService(const StapleService&) = delete;
    StapleService& operator=(const StapleService&) = delete;
    // Ends what is under way, and waits for it.
    ~StapleService();

    // For the contexts of the server. They may outlive the service: then nothing is fetched any more.
    [[nodiscard]] const std::shared_ptr<tls::Staples>& staples() const { return staples_; }

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
    std::shared_ptr<tls::Staples> staples_;
};

}  // namespace portico::acme
