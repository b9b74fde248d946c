// portico/route/compression.h — compresses the texts that handlers have made.
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include <cstddef>

#include "portico/route/encoder.h"
#include "portico/route/middleware.h"

namespace portico::route {

struct CompressionOptions {
    // Smaller contents gain nothing: they fit into one packet anyway.
    std::size_t octets_min = 1024;
    // Larger ones take too long to compress while a client waits.
    std::size_t octets_max = 4 * 1024 * 1024;
    // At the same time, on each core. Further requests get the uncompressed content in the meantime.
    unsigned at_once_max = 2;
    // Compressed contents that each core keeps for the next request with the same content.
    std::size_t kept_octets_max = 4 * 1024 * 1024;
};

// Applies br, zstd or gzip, whichever the client prefers, to text that is in memory. Parts (206) and answers with
// Cache-Control: no-transform stay as they are. A strong ETag gets a suffix, "v1-gzip-made", because the octets are
// different (RFC 9110 §8.8.3); a request that has this tag in If-None-Match is answered with 304.
class Compression final : public Middleware {
public:
    // `core` outlives it.
    Compression(io::Core& core, const CompressionOptions& options)
        : options_(options), encoded_(core, options.kept_octets_max, options.at_once_max) {}

    [[nodiscard]] Task<void> pass(link::Exchange& exchange, Route rest) override;
    void forget_kept() override { encoded_.forget(); }

private:
    [[nodiscard]] bool may_be_encoded(const http::Response& response) const;

    CompressionOptions options_;
    EncodedContents encoded_;
};

}  // namespace portico::route
