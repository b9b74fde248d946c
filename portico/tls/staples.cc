// portico/tls/staples.cc — see staples.h.
#include "portico/tls/staples.h"

#include <utility>

#include "portico/tls/credentials_parts.h"

namespace portico::tls {

std::optional<Staple> StaplePlace::get() const {
    const std::lock_guard guard(lock_);
    return staple_;
}

void StaplePlace::set(Staple staple) {
    const std::lock_guard guard(lock_);
    staple_ = std::move(staple);
}

std::shared_ptr<StaplePlace> Staples::place_for(const Credentials& credentials) {
    if (responders_of(credentials).empty()) return nullptr;
    const auto fresh = std::make_shared<StaplePlace>();
    {
        const std::lock_guard guard(lock_);
        std::erase_if(places_, [](const auto& one) { return one.second.expired(); });
        const auto [at, is_new] = places_.try_emplace(fingerprint_of(*credentials.parts().chain.front()), fresh);
        if (auto present = at->second.lock(); !is_new && present != nullptr) return present;
        at->second = fresh;
    }
    begin_(credentials, fresh);
    return fresh;
}

}  // namespace portico::tls
