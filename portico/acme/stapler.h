// portico/acme/stapler.h — fetches OCSP responses from the authorities of certificates, as long as they are shown.
//
// Room acme: see base64url.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "portico/acme/channel.h"
#include "portico/acme/failure.h"
#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/tls/credentials.h"
#include "portico/tls/staples.h"

namespace portico::acme {

class Stapler {
public:
    // Something that an operator should know: a sentence.
    using Tell = std::function<void(const std::string&)>;

    // The time by which responses are valid.
    using Clock = std::function<std::chrono::sys_seconds()>;

    // All references outlive it. By default, the clock is the core's.
    Stapler(io::Core& core, Channel& channel, Tell tell, Clock clock = nullptr);

    // Fetches a response for the certificate at once, and the next ones when they are due: see staple_due(). After a
    // failure, the response before is shown until it ends, and the responder is asked again: see back_off(), but every
    // hour unless it asks for more time. Ends when no context shows the certificate any more, or when the task is asked
    // to stop.
    [[nodiscard]] Task<void> keep(tls::Credentials credentials, std::weak_ptr<tls::StaplePlace> place);

private:
    [[nodiscard]] Task<Result<tls::Staple>> fetch(const tls::Credentials& credentials);
    [[nodiscard]] Task<Result<tls::Staple>> fetch_from(std::string responder, const tls::Credentials& credentials);

    io::Core* core_;
    Channel* channel_;
    const Tell tell_;
    const Clock clock_;
};

}  // namespace portico::acme
