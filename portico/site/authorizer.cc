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

// More users than this at the same time are asked to prove themselves more often.
constexpr std::size_t trusted_max = 256;

std::unexpected<http::Refusal> unauthorized(std::string_view reason) {
    return http::refuse(http::Status::unauthorized, reason);
}

// A browser asks whether a script may read an answer before it sends the script's credentials, and without them
// (WHATWG Fetch, "CORS-preflight fetch").
bool is_preflight(const http::Request& request, const Site& site) {
    return request.method == http::Method::options && site.options().cross_origin == CrossOrigin::everyone &&
           request.fields.has(http::FieldName::access_control_request_method);
}

// Two Authorization lines are not one list: whoever stands in front of us may have read the other.
std::optional<http::Credentials> credentials_of(const http::Request& request) {
    if (request.fields.count(http::FieldName::authorization) != 1) return std::nullopt;
    return http::parse_basic(*request.fields.find(http::FieldName::authorization));
}

void wipe_both(http::Credentials& credentials) {
    wipe(credentials.user);
    wipe(credentials.password);
}

}  // namespace

Authorizer::Authorizer(io::Core& core) : core_(&core), keys_{} {
    std::array<char, sizeof(keys_)> random;
    core.kernel().random(random);
    std::memcpy(keys_.data(), random.data(), random.size());
}

std::optional<http::Result<void>> Authorizer::authorize(const http::Request& request, const Site& site) {
    if (site.options().users.empty() || is_preflight(request, site)) return http::Result<void>{};
    if (!request.fields.has(http::FieldName::authorization)) return unauthorized("no credentials");
    auto credentials = credentials_of(request);
    if (!credentials) return unauthorized("Authorization is not one Basic credential");
    const bool trusted = is_trusted(fingerprint(*credentials));
    wipe_both(*credentials);
    if (trusted) return http::Result<void>{};
    return std::nullopt;
}

Task<http::Result<void>> Authorizer::authorize_slowly(const http::Request& request, std::shared_ptr<const Site> site) {
    auto credentials = credentials_of(request);
    assert(credentials);  // authorize() has refused everything else
    const PasswordLimits& limits = site->options().password_limits;
    const auto mark = fingerprint(*credentials);
    if (checking_ >= limits.at_once_max) {
        bool woken = false;
        if (turn_.size() < limits.waiting_max) woken = co_await turn_.wait(*core_);
        if (!woken) {
            wipe_both(*credentials);
            co_return http::refuse(http::Status::service_unavailable, "too many passwords to check");
        }
    }
    ++checking_;
    // Whoever was before us in the line may have had the same credentials.
    bool right = is_trusted(mark);
    if (!right) right = co_await check(std::move(*credentials), site);
    --checking_;
    if (right) trust(mark, limits);
    turn_.wake_one();
    if (!right) co_return unauthorized("wrong user or password");
    co_return http::Result<void>{};
}

Task<bool> Authorizer::check(http::Credentials credentials, std::shared_ptr<const Site> site) {
    bool known = false;
    const std::string& hash = hash_for(credentials, *site, known);
    auto work = [&credentials, &hash] { return password_matches(credentials.password, hash); };
    const auto matches = co_await io::offload(*core_, std::move(work));
    wipe_both(credentials);
    co_return known&& matches.value_or(false);
}

// For a user whom nobody knows, one of the known users' hashes: always the same for that name, so that names can't be
// told from each other by the time that their hashes take.
const std::string& Authorizer::hash_for(const http::Credentials& credentials, const Site& site, bool& known) const {
    const std::vector<Credential>& users = site.options().users;
    const std::string* hash = &users[sip_hash<2, 4>(keys_[0], credentials.user) % users.size()].hash;
    for (const Credential& user : users) {
        const bool same = http::constant_time_equal(user.user, credentials.user);
        if (same && !known) hash = &user.hash;
        known = known || same;
    }
    return *hash;
}

std::array<std::uint64_t, 2> Authorizer::fingerprint(const http::Credentials& credentials) const {
    // No user has a colon in the name, so no other pair is written the same.
    std::string both = credentials.user + ':' + credentials.password;
    const std::array<std::uint64_t, 2> hashes = {sip_hash<2, 4>(keys_[0], both), sip_hash<2, 4>(keys_[1], both)};
    wipe(both);
    return hashes;
}

bool Authorizer::is_trusted(const std::array<std::uint64_t, 2>& fingerprint) {
    const io::TimePoint now = core_->now();
    std::erase_if(trusted_, [now](const Trusted& one) { return one.until <= now; });
    return std::any_of(trusted_.begin(), trusted_.end(),
                       [&fingerprint](const Trusted& one) { return one.fingerprint == fingerprint; });
}

void Authorizer::trust(const std::array<std::uint64_t, 2>& fingerprint, const PasswordLimits& limits) {
    if (limits.trusted_for.count() == 0 || is_trusted(fingerprint)) return;
    if (trusted_.size() >= trusted_max) trusted_.erase(trusted_.begin());
    trusted_.push_back(Trusted{fingerprint, core_->now() + limits.trusted_for});
}

}  // namespace portico::site
