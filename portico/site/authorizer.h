// portico/site/authorizer.h — step 4 of 5: whether the client may have the resource (RFC 9110 §11, RFC 7617).
//
// Room site: see options.h.
// Threads:   one core's; passwords are hashed on its helper threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/core.h"
#include "portico/io/net/address.h"
#include "portico/site/check_queue.h"
#include "portico/site/sip_hash.h"
#include "portico/site/site.h"

namespace portico::http {
struct Credentials;
}

namespace portico::site {

class Authorizer {
public:
    // `core` outlives the authorizer, which outlives its tasks.
    Authorizer(io::Core& core, std::shared_ptr<const Site> site);

    // Decides without waiting if it can: no password is needed, none was sent, or the one that was sent is trusted.
    // Otherwise returns nothing: then call authorize_slowly().
    [[nodiscard]] std::optional<http::Result<void>> authorize(const http::Request& request);

    // Hashes the password on a helper thread, within PasswordLimits. An unknown user takes as much time as a wrong
    // password. `request` and `peer` outlive the task.
    //
    // Refusals: 401 wrong user or password (RFC 9110 §15.5.2)
    //           503 too many requests wait for this already, or the task was asked to stop
    [[nodiscard]] Task<http::Result<void>> authorize_slowly(const http::Request& request,
                                                            const io::SocketAddress& peer);

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

    [[nodiscard]] Fingerprint fingerprint(const http::Credentials& credentials) const;
    [[nodiscard]] Remembered* recall(const Fingerprint& fingerprint);
    [[nodiscard]] bool is_trusted(const Fingerprint& fingerprint, const PasswordLimits& limits);
    void remember(const Fingerprint& fingerprint, const PasswordLimits& limits);
    void renew(Remembered& one, const PasswordLimits& limits) const;
    [[nodiscard]] Standing standing_of(const Fingerprint& fingerprint, std::uint64_t network);
    void suspect(std::uint64_t network);
    Task<Outcome> check_in_turn(const http::Request& request, std::uint64_t network);
    // Nothing if the task was asked to stop.
    Task<std::optional<bool>> check(const http::Credentials& credentials);
    [[nodiscard]] const std::string& hash_for(const http::Credentials& credentials, bool& known) const;

    io::Core* core_;
    std::shared_ptr<const Site> site_;
    std::array<HashKey, 2> keys_;
    std::vector<Remembered> remembered_;
    std::vector<Suspect> suspects_;
    CheckQueue queue_;
};

}  // namespace portico::site
