// portico/site/authorizer.cc — see authorizer.h.
#include "portico/site/authorizer.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "portico/http/basic_auth.h"
#include "portico/site/password.h"

namespace portico::site {
namespace {

// If there are more users than this, those who have been away the longest are checked again.
constexpr std::size_t remembered_max = 256;
// If more addresses than this send wrong passwords within suspected_for, the oldest ones are forgotten.
constexpr std::size_t suspects_max = 256;
constexpr std::chrono::minutes suspected_for{1};

std::unexpected<http::Refusal> unauthorized(std::string_view reason) {
    return http::refuse(http::Status::unauthorized, reason);
}

// A browser asks whether a script may read an answer before it sends the script's credentials, and without them
// (WHATWG Fetch, "CORS-preflight fetch").
bool is_preflight(const http::Request& request, const Site& site) {
    return request.method == http::Method::options && site.options().cross_origin == CrossOrigin::everyone &&
           request.fields.has(http::FieldName::access_control_request_method);
}

// Credentials that are overwritten in the end, also if the task that holds them is destroyed.
class Secret {
public:
    explicit Secret(http::Credentials credentials) : credentials_(std::move(credentials)) {}
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() {
        wipe(credentials_.user);
        wipe(credentials_.password);
    }
    [[nodiscard]] const http::Credentials& operator*() const { return credentials_; }

private:
    http::Credentials credentials_;
};

}  // namespace

Authorizer::Authorizer(io::Core& core, std::shared_ptr<const Site> site)
    : core_(&core), site_(std::move(site)), keys_{}, queue_(core) {
    std::array<char, sizeof(keys_)> random;
    core.kernel().random(random);
    std::memcpy(keys_.data(), random.data(), random.size());
}

std::optional<http::Result<void>> Authorizer::authorize(const http::Request& request) {
    if (site_->options().users.empty() || is_preflight(request, *site_)) return http::Result<void>{};
    if (!request.fields.has(http::FieldName::authorization)) return unauthorized("no credentials");
    auto credentials = http::basic_credentials(request.fields);
    if (!credentials) return unauthorized("Authorization is not one Basic credential");
    const Secret secret(*std::move(credentials));
    if (is_trusted(fingerprint(*secret), site_->options().password_limits)) return http::Result<void>{};
    return std::nullopt;
}

Task<http::Result<void>> Authorizer::authorize_slowly(const http::Request& request, const io::SocketAddress& peer) {
    const Outcome outcome = co_await check_in_turn(request, io::network_of(peer));
    if (outcome == Outcome::right) co_return http::Result<void>{};
    const std::chrono::milliseconds pause = site_->options().password_limits.refusal_pause;
    if (pause.count() > 0) {
        const bool slept = co_await io::sleep_for(*core_, pause);
        static_cast<void>(slept);  // the answer is no in either case
    }
    if (outcome == Outcome::wrong) co_return unauthorized("wrong user or password");
    co_return http::refuse(http::Status::service_unavailable, "too many passwords to check");
}

Task<Authorizer::Outcome> Authorizer::check_in_turn(const http::Request& request, std::uint64_t network) {
    const Secret secret(*http::basic_credentials(request.fields));  // authorize() has refused everything else
    const PasswordLimits& limits = site_->options().password_limits;
    const Fingerprint mark = fingerprint(*secret);
    CheckTurn turn(queue_, Applicant{mark, network, standing_of(mark, network)}, limits);
    while (turn.phase() == CheckTurn::Phase::waiting) {
        const bool woken = co_await turn.wait();
        if (!woken) co_return Outcome::busy;
    }
    if (turn.phase() == CheckTurn::Phase::refused) co_return Outcome::busy;
    if (turn.phase() == CheckTurn::Phase::settled) co_return Outcome::right;
    const std::optional<bool> right = co_await check(*secret);
    if (!right) co_return Outcome::busy;
    if (!*right) {
        suspect(network);
        co_return Outcome::wrong;
    }
    remember(mark, limits);
    queue_.settle(mark);
    co_return Outcome::right;
}

Task<std::optional<bool>> Authorizer::check(const http::Credentials& credentials) {
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
    const std::vector<Credential>& users = site_->options().users;
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

bool Authorizer::is_trusted(const Fingerprint& fingerprint, const PasswordLimits& limits) {
    Remembered* const found = recall(fingerprint);
    if (found == nullptr || found->trusted_until <= core_->now()) return false;
    renew(*found, limits);
    return true;
}

void Authorizer::remember(const Fingerprint& fingerprint, const PasswordLimits& limits) {
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
    renew(*found, limits);
}

void Authorizer::renew(Remembered& one, const PasswordLimits& limits) const {
    one.used_at = core_->now();
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

}  // namespace portico::site
