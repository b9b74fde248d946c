// portico/acme/channel.h — how an authority is reached: a question, and its answer.
//
// Room acme: see base64url.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "portico/base/task.h"

namespace portico::acme {

enum class Method : std::uint8_t { get, head, post };

struct Question {
    Method method = Method::get;
    std::string url;
    std::string content;                                 // of a POST
    std::string content_type = "application/jose+json";  // of a POST (RFC 8555 §6.2)
};

// What counts in a response. A field that is missing is empty.
struct Answer {
    unsigned status = 0;
    std::string nonce;         // Replay-Nonce
    std::string location;      // Location
    std::string retry_after;   // Retry-After
    std::string content_type;  // Content-Type
    std::string content;       // not coded
};

// Asks authorities, by HTTPS; or a test does in its place.
class Channel {
public:
    virtual ~Channel() = default;
    // The error says, for people, why there is no answer. A content that is too long is an error.
    [[nodiscard]] virtual Task<std::expected<Answer, std::string>> ask(Question question) = 0;
};

}  // namespace portico::acme
