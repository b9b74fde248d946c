// portico/acme/keeper.h — orders certificates, and renews them as long as it runs.
//
// Room acme: see base64url.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "portico/acme/authority.h"
#include "portico/acme/channel.h"
#include "portico/acme/failure.h"
#include "portico/acme/prover.h"
#include "portico/acme/schedule.h"
#include "portico/acme/store.h"
#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/tls/credentials.h"

namespace portico::acme {

// Keeps the certificates of several names in a store.
class Keeper {
public:
    // Something that an operator should know: a sentence.
    using Tell = std::function<void(const std::string&)>;

    // All references outlive it. `authorities`: at least one, unless nothing is kept; the next one is asked if
    // the one before fails.
    Keeper(io::Core& core, Store& store, Channel& channel, Prover& prover, std::vector<AuthorityOptions> authorities,
           Tell tell);

    // Orders a certificate for the name if there is none, and a new one when it is due. Ends when the task is asked to
    // stop. Failures are told, and the order is tried again: see back_off().
    [[nodiscard]] Task<void> keep(std::string name);
    // Revokes the stored certificate at the authority that it is from, and takes it out of the store.
    [[nodiscard]] Task<Result<void>> revoke(std::string name);

private:
    // What is in the store.
    struct Held {
        tls::Credentials credentials;
        std::string directory;  // of its authority
    };
    // What is known about the present certificate of one name.
    struct Outlook {
        std::string fingerprint;  // of the certificate that this is about
        std::optional<RenewalWindow> window;
        std::chrono::sys_seconds renew_at{};  // in the window
        std::chrono::sys_seconds ask_at{};    // when to ask the authority next
        std::string told;                     // the last trouble with the store
    };

    [[nodiscard]] Task<io::Duration> look_after(const std::string& name, Outlook& outlook);
    [[nodiscard]] Task<io::Duration> renew_if_free(const std::string& name, std::string known, Outlook& outlook);
    [[nodiscard]] Task<Result<std::optional<Held>>> load(std::string name);
    [[nodiscard]] Task<void> update(Outlook& outlook, const Held& held);
    [[nodiscard]] Task<Result<std::optional<RenewalAdvice>>> advice_on(const Held& held);
    [[nodiscard]] Task<Result<void>> obtain(std::string name, std::string replaces, unsigned attempt);
    [[nodiscard]] Task<Result<void>> obtain_from(const AuthorityOptions& options, std::string name,
                                                 std::string replaces, unsigned attempt);
    [[nodiscard]] Task<Result<void>> enter(Authority& authority, const AuthorityOptions& options, AccountUse use);
    [[nodiscard]] Task<Result<tls::SigningKey>> account_key(const AuthorityOptions& options);
    [[nodiscard]] Task<Result<std::unique_ptr<Store::Lock>>> lock(std::string folder);
    void note_trouble(Outlook& outlook, const Failure& failure);
    [[nodiscard]] std::chrono::sys_seconds now() const;

    io::Core* core_;
    Store* store_;
    Channel* channel_;
    Prover* prover_;
    const std::vector<AuthorityOptions> authorities_;
    const Tell tell_;
    std::map<std::string, std::chrono::sys_seconds> not_before_;  // by directory: when it may be asked again
};

}  // namespace portico::acme
