// portico/acme/authority.h — one certificate authority, as its client sees it (RFC 8555).
//
// Room acme: see base64url.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/acme/channel.h"
#include "portico/acme/documents.h"
#include "portico/acme/failure.h"
#include "portico/acme/jws.h"
#include "portico/acme/prover.h"
#include "portico/base/task.h"
#include "portico/io/core.h"
#include "portico/tls/credentials.h"
#include "portico/tls/signing_key.h"

namespace portico::acme {

struct AuthorityOptions {
    std::string directory;                    // its address: "https://acme.example.org/directory"
    std::string email;                        // for messages about expiring certificates; may be empty
    std::optional<ExternalAccount> external;  // for an authority that demands one
    // How long an order may take in all.
    std::chrono::seconds order_time_max{300};
};

struct Wanted {
    std::vector<std::string> names;  // in lower case; the first may be a wildcard
    std::string request;             // for these names, in DER
    std::string replaces = {};       // the certificate that this one is to replace: see renewal_id(); or empty
    unsigned attempt = 0;            // see Prover::types()
};

// Which accounts will do.
enum class AccountUse : std::uint8_t {
    made_or_found,
    found,  // one that exists (§7.3.1)
};

struct RenewalAdvice {
    RenewalWindow window;
    std::optional<std::chrono::seconds> ask_again;  // in so long a time
};

class Authority {
public:
    // How often one request is repeated because the authority did not accept its nonce (§6.5).
    static constexpr unsigned nonce_tries_max = 4;
    static constexpr std::size_t nonce_octets_max = 512;

    // The core, the channel and the options outlive it.
    Authority(io::Core& core, Channel& channel, const AuthorityOptions& options);

    // Reads the directory. Every other call needs that first (asserted).
    [[nodiscard]] Task<Result<void>> open();
    // Makes the account with this key, or finds it. The following calls need that first (asserted).
    [[nodiscard]] Task<Result<void>> open_account(tls::SigningKey key, AccountUse use);
    // Orders a certificate. Returns its chain, PEM text as the authority has sent it.
    [[nodiscard]] Task<Result<std::string>> order(Wanted wanted, Prover& prover);
    // Revokes a certificate of the account (§7.6). `der`: the certificate.
    [[nodiscard]] Task<Result<void>> revoke(std::string der);

    // When the authority would like the certificate to be renewed (RFC 9773); needs no account. Nothing if it does not
    // say. `id`: see renewal_id().
    [[nodiscard]] Task<Result<std::optional<RenewalAdvice>>> renewal_advice(std::string id);

    [[nodiscard]] const Directory& directory() const { return directory_; }

private:
    [[nodiscard]] Task<Result<Answer>> ask(Question question);
    [[nodiscard]] Task<Result<std::string>> take_nonce();
    [[nodiscard]] Task<Result<Answer>> post(std::string url, std::string payload);
    [[nodiscard]] Task<Result<std::string>> make_order(const Wanted& wanted, Order& order);
    [[nodiscard]] Task<Result<void>> prove(std::string url, const Wanted& wanted, Prover& prover,
                                           io::TimePoint deadline);
    [[nodiscard]] Task<Result<void>> meet(Challenge challenge, std::string name, std::string url, Prover& prover,
                                          io::TimePoint deadline);
    [[nodiscard]] Task<Result<void>> await_authorization(std::string url, std::string name, io::TimePoint deadline);
    [[nodiscard]] Task<Result<Order>> await_order(std::string url, OrderStatus passing, io::TimePoint deadline);
    [[nodiscard]] Task<Result<void>> pause(const Answer& answer, io::TimePoint deadline);
    [[nodiscard]] Failure failure_of(const Answer& answer) const;
    [[nodiscard]] std::unexpected<Failure> unreadable(const std::string& what, const std::string& why) const;
    [[nodiscard]] std::chrono::sys_seconds now() const;

    io::Core* core_;
    Channel* channel_;
    const AuthorityOptions* options_;
    std::optional<tls::SigningKey> key_;
    Directory directory_;
    std::string account_;  // its URL
    std::string nonce_;    // for the next request; empty: one has to be asked for
};

// How renewal_advice() and an order name a certificate (RFC 9773 §4.1); empty if the certificate has not what that
// needs.
[[nodiscard]] std::string renewal_id(const tls::Credentials& credentials);
// "acme.example.org" for its directory's address, for messages.
[[nodiscard]] std::string_view host_of(std::string_view url);

}  // namespace portico::acme
