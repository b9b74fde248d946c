// portico/wire/websocket/frame.cc — see frame.h.
#include "portico/wire/websocket/frame.h"

#include <algorithm>
#include <cstring>

namespace portico::websocket {
namespace {

constexpr unsigned final_bit = 0x80;
constexpr unsigned compressed_bit = 0x40;
constexpr unsigned reserved_bits = 0x30;
constexpr unsigned mask_bit = 0x80;
constexpr unsigned two_octets = 126;    // a length in the next two octets follows
constexpr unsigned eight_octets = 127;  // a length in the next eight octets follows

unsigned octet(char c) { return static_cast<unsigned char>(c); }

bool is_opcode(unsigned number) { return number <= 2 || (number >= 8 && number <= 10); }

}  // namespace

bool is_close_code(unsigned code) {
    if (code >= 3000 && code <= 4999) return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

// As far as the first two octets tell.
std::size_t FrameHeadReader::octets_of_head() const {
    if (used_ < 2) return 2;
    const unsigned second = octet(octets_[1]);
    const unsigned length = second & ~mask_bit;
    std::size_t octets = 2;
    if (length == two_octets) octets += 2;
    if (length == eight_octets) octets += 8;
    if ((second & mask_bit) != 0) octets += 4;
    return octets;
}

bool FrameHeadReader::read(std::string_view& octets) {
    for (std::size_t wanted = octets_of_head(); used_ < wanted; wanted = octets_of_head()) {
        if (octets.empty()) return false;
        const std::size_t taken = std::min(wanted - used_, octets.size());
        std::memcpy(octets_.data() + used_, octets.data(), taken);
        used_ += taken;
        octets.remove_prefix(taken);
    }
    interpret();
    used_ = 0;
    return true;
}

void FrameHeadReader::interpret() {
    const unsigned first = octet(octets_[0]);
    const unsigned second = octet(octets_[1]);
    const unsigned number = first & 0x0fU;
    const unsigned length = second & ~mask_bit;
    fault_ = {};
    head_ = FrameHead();
    head_.is_final = (first & final_bit) != 0;
    head_.is_compressed = (first & compressed_bit) != 0;
    head_.is_masked = (second & mask_bit) != 0;
    head_.octets = length;
    std::size_t at = 2;
    if (length == two_octets || length == eight_octets) {
        const std::size_t end = at + (length == two_octets ? 2 : 8);
        head_.octets = 0;
        for (; at < end; ++at) head_.octets = head_.octets << 8U | octet(octets_[at]);
    }
    if (head_.is_masked) std::memcpy(head_.mask.data(), octets_.data() + at, head_.mask.size());
    if ((first & reserved_bits) != 0) fault_ = "a reserved bit is set";
    if (!is_opcode(number)) {
        fault_ = "a reserved opcode";
        return;
    }
    head_.opcode = static_cast<Opcode>(number);
    // RFC 6455 §5.2: in as few octets as possible, and below 2^63.
    const bool is_long =
        (length == two_octets && head_.octets < two_octets) || (length == eight_octets && head_.octets <= 0xffff);
    if (is_long || head_.octets >> 63U != 0) fault_ = "a frame's length is not in its shortest form";
    if (!head_.is_control()) return;
    if (!head_.is_final) fault_ = "a control frame is a fragment";
    if (head_.octets > control_octets_max) fault_ = "a control frame is longer than 125 bytes";
    if (head_.is_compressed) fault_ = "a control frame is compressed";
}

void append_frame_head(std::string& to, const FrameHead& head) {
    unsigned first = static_cast<unsigned>(head.opcode);
    if (head.is_final) first |= final_bit;
    if (head.is_compressed) first |= compressed_bit;
    to += static_cast<char>(first);
    const unsigned mask = head.is_masked ? mask_bit : 0;
    const auto append_length = [&](unsigned marker, unsigned octets) {
        to += static_cast<char>(mask | marker);
        for (unsigned shift = 8 * octets; shift > 0; shift -= 8) to += static_cast<char>(head.octets >> (shift - 8));
    };
    if (head.octets < two_octets) {
        append_length(static_cast<unsigned>(head.octets), 0);
    } else if (head.octets <= 0xffff) {
        append_length(two_octets, 2);
    } else {
        append_length(eight_octets, 8);
    }
    if (head.is_masked) to.append(head.mask.data(), head.mask.size());
}

void apply_mask(std::span<char> octets, const Mask& mask, std::uint64_t offset) {
    // Eight at a time: the mask, turned to where the payload is, twice.
    std::array<char, 8> turned;
    for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = mask[(offset + i) % mask.size()];
    std::uint64_t wide = 0;
    std::memcpy(&wide, turned.data(), sizeof wide);
    std::size_t at = 0;
    for (; at + sizeof wide <= octets.size(); at += sizeof wide) {
        std::uint64_t part = 0;
        std::memcpy(&part, octets.data() + at, sizeof part);
        part ^= wide;
        std::memcpy(octets.data() + at, &part, sizeof part);
    }
    for (; at < octets.size(); ++at) octets[at] = static_cast<char>(octets[at] ^ turned[at % turned.size()]);
}

}  // namespace portico::websocket
