// portico/link/announced.h — whether content that is made while it is sent has the length that was announced.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace portico::link {

// Counts content against its announced length, if it has one. The peer would take what is more for the next message
// (RFC 9112 §6.3), or for an error (RFC 9113 §8.1.1).
class Announced {
public:
    explicit Announced(std::optional<std::uint64_t> octets = std::nullopt) : left_(octets) {}

    [[nodiscard]] bool has_length() const { return left_.has_value(); }
    // Whether so many more octets may be sent: call it before they are. After a refusal, none may be.
    [[nodiscard]] bool takes(std::size_t octets) {
        if (left_ && octets > *left_) is_exceeded_ = true;
        if (is_exceeded_) return false;
        if (left_) *left_ -= octets;
        return true;
    }
    // Whether more was to be sent than was announced.
    [[nodiscard]] bool is_exceeded() const { return is_exceeded_; }
    // Whether everything that was announced may have been sent, and nothing more.
    [[nodiscard]] bool is_complete() const { return !is_exceeded_ && left_.value_or(0) == 0; }

private:
    std::optional<std::uint64_t> left_;
    bool is_exceeded_ = false;
};

}  // namespace portico::link
