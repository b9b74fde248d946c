// portico/route/encoder.h — compresses contents on helper threads, and keeps what it has made.
//
// Room route: see handler.h.
// Threads:   one core's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/http/negotiate.h"
#include "portico/io/core.h"
#include "portico/route/sip_hash.h"

namespace portico::route {

// Compresses a limited number of contents at the same time, so that they never occupy all helper threads.
class Encoder {
public:
    // Counts a content while it is being compressed.
    class UnderWay {
    public:
        explicit UnderWay(Encoder& encoder) : encoder_(&encoder) { ++encoder.under_way_; }
        UnderWay(const UnderWay&) = delete;
        UnderWay& operator=(const UnderWay&) = delete;
        ~UnderWay() { --encoder_->under_way_; }

    private:
        Encoder* encoder_;
    };

    // `core` outlives the encoder, which outlives its tasks.
    Encoder(io::Core& core, unsigned at_once_max) : core_(&core), at_once_max_(at_once_max) {}
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;

    // Whether a further content has to wait. Then its uncompressed form is the better answer.
    [[nodiscard]] bool is_busy() const { return under_way_ >= at_once_max_; }
    // Nothing if the encoder is busy, the library failed, or the task was asked to stop. `octets` outlive the task.
    [[nodiscard]] Task<std::optional<std::string>> encode(http::Coding coding, std::string_view octets);

private:
    io::Core* core_;
    unsigned at_once_max_;
    unsigned under_way_ = 0;
};

using SharedText = std::shared_ptr<const std::string>;

// The encoded forms of contents that are made anew for each request, but are often the same. The least recently used
// ones are dropped.
class EncodedContents {
public:
    // Keeps up to `octets_max` of encoded contents. `core` outlives it; it outlives its tasks.
    EncodedContents(io::Core& core, std::size_t octets_max, unsigned at_once_max);

    // The kept form, or a new one. Null: see Encoder::encode(). `octets` outlive the task.
    [[nodiscard]] Task<SharedText> obtain(http::Coding coding, std::string_view octets);
    // Drops all of them.
    void forget() { forget_until(0); }
    [[nodiscard]] std::size_t octets() const { return octets_; }  // kept

private:
    // A keyed hash of the content, its length and the coding: contents that only their hash tells apart can't be made.
    using Key = std::array<std::uint64_t, 4>;
    struct Kept {
        Key key;
        SharedText encoded;
        Charge charge;
    };

    [[nodiscard]] Key key_of(http::Coding coding, std::string_view octets) const;
    void keep(const Key& key, const SharedText& encoded);
    void forget_until(std::size_t octets_max);

    io::Core* core_;
    std::size_t octets_max_;
    std::size_t octets_ = 0;
    Encoder encoder_;
    std::array<HashKey, 2> hash_keys_;
    std::list<Kept> kept_;  // the most recently used first
    std::map<Key, std::list<Kept>::iterator> places_;
};

}  // namespace portico::route
