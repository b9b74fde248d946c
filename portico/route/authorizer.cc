// portico/route/authorizer.cc — see authorizer.h.
#include "portico/route/authorizer.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <utility>

#include "portico/http/basic_auth.h"
#include "portico/route/password.h"
#include "portico/route/secret.h"

namespace portico::route {
namespace {

// If there are more users than this, those who have been away the longest are checked again.
constexpr std::size_t remembered_max = 256;
// If more addresses than this send wrong passwords within suspected_for, the oldest ones are forgotten.
constexpr std::size_t suspects_max = 256;
constexpr std::chrono::minutes suspected_for{1};

}  // namespace

Authorizer::Authorizer(io::Core& core, Passwords passwords)
    : BasicAuth(passwords.realm), core_(&core), passwords_(std::move(passwords)), keys_{}, queue_(core) {
    assert(!passwords_.users.empty());
    std::array<char, sizeof(keys_)> random;
    core.kernel().random(random);
    std::memcpy(keys_.data(), random.data(), random.size());
}

std::optional<http::Result<void>> Authorizer::check_at_once(const http::Credentials& credentials) {
    if (is_trusted(fingerprint(credentials))) return http::Result<void>{};
    return std::nullopt;
}

Task<http::Result<void>> Authorizer::check(link::Exchange& exchange) {
    const Outcome outcome = co_await check_in_turn(exchange.request(), io::network_of(exchange.peer()));
    if (outcome == Outcome::right) co_return http::Result<void>{};
    const std::chrono::milliseconds pause = passwords_.limits.refusal_pause;
    if (pause.count() > 0) {
        const bool slept = co_await io::sleep_for(*core_, pause);
        static_cast<void>(slept);  // the answer is no in either case
    }
    if (outcome == Outcome::wrong) co_return wrong_credentials();
    co_return http::refuse(http::Status::service_unavailable, "too many passwords to check");
}

Task<Authorizer::Outcome> Authorizer::check_in_turn(const http::Request& request, std::uint64_t network) {
    const Secret secret(*http::basic_credentials(request.fields));  // admit_at_once() has refused everything else
    const Fingerprint mark = fingerprint(*secret);
    CheckTurn turn(queue_, Applicant{mark, network, standing_of(mark, network)}, passwords_.limits);
    while (turn.phase() == CheckTurn::Phase::waiting) {
        const bool woken = co_await turn.wait();
        if (!woken) co_return Outcome::busy;
    }
    if (turn.phase() == CheckTurn::Phase::refused) co_return Outcome::busy;
    if (turn.phase() == CheckTurn::Phase::settled) co_return Outcome::right;
    const std::optional<bool> right = co_await compare(*secret);
    if (!right) co_return Outcome::busy;
    if (!*right) {
        suspect(network);
        co_return Outcome::wrong;
    }
    remember(mark);
    queue_.settle(mark);
    co_return Outcome::right;
}

Task<std::optional<bool>> Authorizer::compare(const http::Credentials& credentials) {
    bool known = false;
    const std::string& hash = hash_for(credentials, known);
    auto work = [&credentials, &hash] { return password_matches(credentials.password, hash); };
    const auto matches = co_await io::offload(*core_, work);
    if (!matches) co_return std::nullopt;
    co_return known && *matches;
}

// For an unknown user, uses the hash of an existing one, always the same for that name, so that the time a hash takes
// does not reveal which names exist.
const std::string& Authorizer::hash_for(const http::Credentials& credentials, bool& known) const {
    const std::vector<Credential>& users = passwords_.users;
    const std::string* hash = &users[sip_hash<2, 4>(keys_[0], credentials.user) % users.size()].hash;
    for (const Credential& user : users) {
        const bool same = http::constant_time_equal(user.user, credentials.user);
        if (same && !known) hash = &user.hash;
        known = known || same;
    }
    return *hash;
}

Fingerprint Authorizer::fingerprint(const http::Credentials& credentials) const {
    // A user's name has no colon, so every pair has a different text.
    std::string both = credentials.user + ':' + credentials.password;
    const Fingerprint hashes = {sip_hash<2, 4>(keys_[0], both), sip_hash<2, 4>(keys_[1], both)};
    wipe(both);
    return hashes;
}

Authorizer::Remembered* Authorizer::recall(const Fingerprint& fingerprint) {
    const io::TimePoint now = core_->now();
    std::erase_if(remembered_, [now](const Remembered& one) { return one.known_until <= now; });
    const auto found = std::find_if(remembered_.begin(), remembered_.end(),
                                    [&fingerprint](const Remembered& one) { return one.fingerprint == fingerprint; });
    return found == remembered_.end() ? nullptr : &*found;
}

bool Authorizer::is_trusted(const Fingerprint& fingerprint) {
    Remembered* const found = recall(fingerprint);
    if (found == nullptr || found->trusted_until <= core_->now()) return false;
    renew(*found);
    return true;
}

void Authorizer::remember(const Fingerprint& fingerprint) {
    Remembered* found = recall(fingerprint);
    if (found == nullptr) {
        if (remembered_.size() >= remembered_max) {
            remembered_.erase(std::min_element(
                remembered_.begin(), remembered_.end(),
                [](const Remembered& one, const Remembered& other) { return one.used_at < other.used_at; }));
        }
        found = &remembered_.emplace_back();
        found->fingerprint = fingerprint;
    }
    renew(*found);
}

void Authorizer::renew(Remembered& one) const {
    one.used_at = core_->now();
    const PasswordLimits& limits = passwords_.limits;
    one.trusted_until = one.used_at + limits.trusted_for;
    one.known_until = one.used_at + std::max(limits.trusted_for, limits.known_for);
}

Standing Authorizer::standing_of(const Fingerprint& fingerprint, std::uint64_t network) {
    if (recall(fingerprint) != nullptr) return Standing::known;
    const io::TimePoint now = core_->now();
    const bool is_suspect = std::any_of(suspects_.begin(), suspects_.end(), [network, now](const Suspect& one) {
        return one.network == network && one.until > now;
    });
    return is_suspect ? Standing::suspect : Standing::unknown;
}

void Authorizer::suspect(std::uint64_t network) {
    std::erase_if(suspects_, [network, now = core_->now()](const Suspect& one) {
        return one.network == network || one.until <= now;
    });
    if (suspects_.size() >= suspects_max) suspects_.erase(suspects_.begin());
    suspects_.push_back(Suspect{network, core_->now() + suspected_for});
}

}  // namespace portico::route
