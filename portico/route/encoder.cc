// portico/route/encoder.cc — see encoder.h.
#include "portico/route/encoder.h"

#include <cstring>
#include <utility>

#include "portico/route/encode.h"

namespace portico::route {
namespace {

// Hashing a larger content would keep the core's other connections waiting.
constexpr std::size_t hashed_octets_max = 256 * 1024;

}  // namespace

Task<std::optional<std::string>> Encoder::encode(http::Coding coding, std::string_view octets) {
    if (is_busy()) co_return std::nullopt;
    const UnderWay guard(*this);
    auto work = [coding, octets] { return route::encode(coding, octets); };
    std::optional<std::optional<std::string>> encoded = co_await io::offload(*core_, work);
    if (!encoded) co_return std::nullopt;
    co_return *std::move(encoded);
}

EncodedContents::EncodedContents(io::Core& core, std::size_t octets_max, unsigned at_once_max)
    : core_(&core), octets_max_(octets_max), encoder_(core, at_once_max), hash_keys_{} {
    std::array<char, sizeof(hash_keys_)> random;
    core.kernel().random(random);
    std::memcpy(hash_keys_.data(), random.data(), random.size());
}

EncodedContents::Key EncodedContents::key_of(http::Coding coding, std::string_view octets) const {
    return {sip_hash<1, 3>(hash_keys_[0], octets), sip_hash<1, 3>(hash_keys_[1], octets), octets.size(),
            static_cast<std::uint64_t>(coding)};
}

Task<SharedText> EncodedContents::obtain(http::Coding coding, std::string_view octets) {
    const bool may_be_kept = octets.size() <= hashed_octets_max;
    const Key key = may_be_kept ? key_of(coding, octets) : Key();
    const auto found = places_.find(key);
    if (found != places_.end()) {
        kept_.splice(kept_.begin(), kept_, found->second);
        co_return kept_.front().encoded;
    }
    std::optional<std::string> encoded = co_await encoder_.encode(coding, octets);
    if (!encoded) co_return nullptr;
    encoded->shrink_to_fit();
    const auto shared = std::make_shared<const std::string>(*std::move(encoded));
    if (may_be_kept && !core_->ledger().is_full()) keep(key, shared);
    co_return shared;
}

void EncodedContents::keep(const Key& key, const SharedText& encoded) {
    constexpr std::size_t overhead_octets = 256;
    // Another request may have made the same in the meantime. A content that takes a quarter of the room would drive
    // out too many others.
    if (places_.contains(key) || encoded->size() > octets_max_ / 4) return;
    const std::size_t octets = encoded->size() + overhead_octets;
    forget_until(octets_max_ - octets);
    octets_ += octets;
    kept_.push_front(Kept{key, encoded, Charge(core_->ledger(), octets)});
    places_[key] = kept_.begin();
}

void EncodedContents::forget_until(std::size_t octets_max) {
    while (octets_ > octets_max) {
        octets_ -= kept_.back().charge.octets();
        places_.erase(kept_.back().key);
        kept_.pop_back();
    }
}

}  // namespace portico::route
