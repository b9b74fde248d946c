// portico/site/authorizer.h — step 4 of 5: whether whoever asks may have it (RFC 9110 §11, RFC 7617).
//
// Room site: see options.h.
// Threads:   one core's; passwords are hashed on its helper threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "portico/base/task.h"
#include "portico/http/message.h"
#include "portico/io/core.h"
#include "portico/site/sip_hash.h"
#include "portico/site/site.h"
#include "portico/site/waiting.h"

namespace portico::http {
struct Credentials;
}

namespace portico::site {

class Authorizer {
public:
    explicit Authorizer(io::Core& core);

    // Decides without waiting, if it can: nobody needs a password, none was sent, or it was found right a moment ago.
    // Nothing: call authorize_slowly.
    [[nodiscard]] std::optional<http::Result<void>> authorize(const http::Request& request, const Site& site);

    // Hashes what was sent, on a helper thread. A user who doesn't exist costs as much time as a wrong password.
    //
    // Refusals: 401 wrong user or password (RFC 9110 §15.5.2)
    //           503 too many wait for this already, or we were asked to stop
    [[nodiscard]] Task<http::Result<void>> authorize_slowly(const http::Request& request,
                                                            std::shared_ptr<const Site> site);

    // Trusts nobody any more.
    void forget() { trusted_.clear(); }

private:
    // Credentials that were right, as two keyed hashes: the password itself is not kept.
    struct Trusted {
        std::array<std::uint64_t, 2> fingerprint;
        io::TimePoint until;
    };

    [[nodiscard]] std::array<std::uint64_t, 2> fingerprint(const http::Credentials& credentials) const;
    [[nodiscard]] bool is_trusted(const std::array<std::uint64_t, 2>& fingerprint);
    void trust(const std::array<std::uint64_t, 2>& fingerprint, const PasswordLimits& limits);
    Task<bool> check(http::Credentials credentials, std::shared_ptr<const Site> site);
    [[nodiscard]] const std::string& hash_for(const http::Credentials& credentials, const Site& site,
                                              bool& known) const;

    io::Core* core_;
    std::array<HashKey, 2> keys_;
    std::vector<Trusted> trusted_;
    unsigned checking_ = 0;
    Waiting turn_;
};

}  // namespace portico::site
