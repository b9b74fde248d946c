// portico/acme/http_channel.h — asks authorities by HTTPS.
//
// Room acme: see base64url.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>

#include "portico/acme/channel.h"
#include "portico/acme/documents.h"
#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/link/client.h"

namespace portico::acme {

class HttpChannel final : public Channel {
public:
    // `core` outlives it. `authorities`: whom to trust, PEM text; empty: the system's.
    HttpChannel(io::Core& core, std::string authorities, std::chrono::milliseconds time_max = std::chrono::seconds(60),
                std::size_t octets_max = document_octets_max);

    [[nodiscard]] Task<std::expected<Answer, std::string>> ask(Question question) override;

private:
    io::Core* core_;
    std::chrono::milliseconds time_max_;  // for one question, with its answer
    std::size_t octets_max_;              // of an answer's content
    link::Client client_;
};

}  // namespace portico::acme
