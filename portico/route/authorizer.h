// portico/route/authorizer.h — admits users by their passwords (RFC 7617).
//
// Room route: see handler.h.
// Threads:   one core's; passwords are hashed on its helper threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/core.h"
#include "portico/io/net/address.h"
#include "portico/route/basic_auth.h"
#include "portico/route/check_queue.h"
#include "portico/route/passwords.h"
#include "portico/route/sip_hash.h"

namespace portico::route {

// Admits users whose passwords' hashes it has.
class Authorizer final : public BasicAuth {
public:
    // There is at least one user (asserted). `core` outlives the authorizer, which outlives its tasks.
    Authorizer(io::Core& core, Passwords passwords);

    [[nodiscard]] const CheckQueue& queue() const { return queue_; }

private:
    // Credentials that were right.
    struct Remembered {
        Fingerprint fingerprint{};
        io::TimePoint used_at;
        io::TimePoint trusted_until;
        io::TimePoint known_until;
    };
    // An address that has sent wrong credentials.
    struct Suspect {
        std::uint64_t network;
        io::TimePoint until;
    };
    enum class Outcome : std::uint8_t { right, wrong, busy };

    // Decides without waiting if the credentials are trusted.
    [[nodiscard]] std::optional<http::Result<void>> check_at_once(const http::Credentials& credentials) override;
    // Hashes the password on a helper thread, within PasswordLimits. An unknown user takes as much time as a wrong
    // password.
    //
    // Refusals: 401 wrong user or password (RFC 9110 §15.5.2)
    //           503 too many requests wait for this already, or the task was asked to stop
    [[nodiscard]] Task<http::Result<void>> check(link::Exchange& exchange) override;

    [[nodiscard]] Fingerprint fingerprint(const http::Credentials& credentials) const;
    [[nodiscard]] Remembered* recall(const Fingerprint& fingerprint);
    [[nodiscard]] bool is_trusted(const Fingerprint& fingerprint);
    void remember(const Fingerprint& fingerprint);
    void renew(Remembered& one) const;
    [[nodiscard]] Standing standing_of(const Fingerprint& fingerprint, std::uint64_t network);
    void suspect(std::uint64_t network);
    Task<Outcome> check_in_turn(const http::Request& request, std::uint64_t network);
    // Nothing if the task was asked to stop.
    Task<std::optional<bool>> compare(const http::Credentials& credentials);
    [[nodiscard]] const std::string& hash_for(const http::Credentials& credentials, bool& known) const;

    io::Core* core_;
    const Passwords passwords_;
    std::array<HashKey, 2> keys_;
    std::vector<Remembered> remembered_;
    std::vector<Suspect> suspects_;
    CheckQueue queue_;
};

}  // namespace portico::route
