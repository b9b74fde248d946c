// portico/acme/failure.h — why there is no certificate.
//
// Room acme: see base64url.h.
// Threads:   none. Values.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace portico::acme {

struct Failure {
    // What the caller can do about it.
    enum class What : std::uint8_t {
        unreachable,   // the authority gives no answer: another one may
        refused,       // the authority refuses, or its answer can't be used
        rate_limited,  // the authority wants to be asked later
        not_proven,    // the authority was not convinced that the name is ours
        local,         // something on this machine fails
        stopped,       // the task was asked to stop
    };
    What what = What::refused;
    std::string message;                                // a sentence for people
    std::string type = {};                              // the authority's word for it: "badNonce"; or empty
    std::optional<std::chrono::seconds> wait_min = {};  // as the authority asks
};

template <class T>
using Result = std::expected<T, Failure>;

[[nodiscard]] inline std::unexpected<Failure> fail(Failure::What what, std::string message) {
    Failure failure;
    failure.what = what;
    failure.message = std::move(message);
    return std::unexpected(std::move(failure));
}

}  // namespace portico::acme
