// portico/acme/challenges.cc — see challenges.h.
#include "portico/acme/challenges.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "portico/tls/certificate_request.h"
#include "portico/tls/signing_key.h"

namespace portico::acme {

std::optional<std::string> Challenges::content(std::string_view token) const {
    const std::lock_guard guard(lock_);
    const auto at =
        std::ranges::find_if(shown_, [token](const Shown& one) { return !one.credentials && one.token == token; });
    if (at == shown_.end()) return std::nullopt;
    return at->content;
}

std::optional<tls::Credentials> Challenges::certificate(std::string_view name) const {
    const std::lock_guard guard(lock_);
    // The one that was shown last: an order before it, for the same name, is about to end.
    const auto at = std::find_if(shown_.rbegin(), shown_.rend(),
                                 [name](const Shown& one) { return one.credentials && one.name == name; });
    if (at == shown_.rend()) return std::nullopt;
    return at->credentials;
}

void Challenges::show_content(std::string token, std::string content) {
    const std::lock_guard guard(lock_);
    shown_.push_back({std::move(token), {}, std::move(content), std::nullopt});
}

void Challenges::show_certificate(std::string name, std::string token, tls::Credentials credentials) {
    const std::lock_guard guard(lock_);
    shown_.push_back({std::move(token), std::move(name), {}, std::move(credentials)});
}

void Challenges::take_back(std::string_view token) noexcept {
    const std::lock_guard guard(lock_);
    std::erase_if(shown_, [token](const Shown& one) { return one.token == token; });
}

ServerProver::ServerProver(io::Core& core, Challenges& challenges, std::vector<std::string> types)
    : core_(&core), challenges_(&challenges), types_(std::move(types)) {}

std::vector<std::string> ServerProver::types(unsigned attempt) const {
    std::vector<std::string> turned = types_;
    // After a failure, the next type comes first.
    if (!turned.empty()) {
        std::ranges::rotate(turned, turned.begin() + static_cast<std::ptrdiff_t>(attempt % turned.size()));
    }
    return turned;
}

Task<Result<void>> ServerProver::show(Proof proof) {
    if (proof.type == "http-01") {
        challenges_->show_content(std::move(proof.token), std::move(proof.key_authorization));
        co_return Result<void>{};
    }
    const auto now = std::chrono::floor<std::chrono::seconds>(core_->wall_clock());
    auto made = tls::make_challenge_certificate(proof.name, tls::sha256(proof.key_authorization), now);
    if (!made) co_return fail(Failure::What::local, made.error());
    challenges_->show_certificate(std::move(proof.name), std::move(proof.token), *std::move(made));
    co_return Result<void>{};
}

void ServerProver::take_back(const Proof& proof) noexcept { challenges_->take_back(proof.token); }

}  // namespace portico::acme
