// portico/wire/h2/field_list.h — the field lines of one section, as they come out of a field block.
//
// Room wire: see frame.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "portico/http/fields.h"
#include "portico/wire/h2/limits.h"
#include "portico/wire/h2/priority.h"
#include "portico/wire/hpack/decoder.h"

namespace portico::h2 {

// What a field section belongs to.
enum class Section : std::uint8_t {
    request,
    response,
    trailers,
    none,  // it is only decoded, because the state of the compression depends on it
};

// Decodes the sections of all connections of a core, one at a time, and checks what RFC 9113 §8.2 and §8.3 demand of
// every line. Its memory is allocated once and reused. What is over a limit or malformed is still decoded to the end,
// but takes up no memory.
class FieldList {
public:
    explicit FieldList(const Limits& limits);

    // The pseudo-header fields of a request (RFC 9113 §8.3.1), and of a response (§8.3.2).
    struct Pseudo {
        std::optional<std::string_view> method;
        std::optional<std::string_view> scheme;
        std::optional<std::string_view> authority;
        std::optional<std::string_view> path;
        std::optional<std::string_view> protocol;  // RFC 8441 §4
        std::optional<std::string_view> status;
    };

    // Decodes a whole block. Fails if the connection can't go on.
    [[nodiscard]] std::optional<hpack::Failure> decode(hpack::Decoder& decoder, std::string_view block,
                                                       Section section);

    // Why the message is malformed (RFC 9113 §8.1.1); empty if nothing was found.
    [[nodiscard]] std::string_view malformation() const { return malformation_; }
    // Whether it is over header_list_octets_max or field_count_max. Only the lines before that are here.
    [[nodiscard]] bool is_too_large() const { return is_too_large_; }
    [[nodiscard]] const Pseudo& pseudo() const { return pseudo_; }
    // The other lines, in the order of the message; Cookie lines have become one (RFC 9113 §8.2.3).
    [[nodiscard]] const std::vector<http::FieldLine>& lines() const { return lines_; }
    // From the Priority lines (RFC 9218 §5).
    [[nodiscard]] Priority priority() const { return priority_; }

    // The octets into which lines and pseudo-header fields point, except for names and values of the static table.
    // They are overwritten by the next decode().
    [[nodiscard]] std::string_view octets() const { return {memory_.get(), used_}; }
    // The octets were copied to `to`: all views now point there.
    void moved(const char* to);

private:
    void add(const hpack::DecodedLine& line, Section section);
    [[nodiscard]] std::optional<std::string_view>* place_of(std::string_view name, Section section);
    [[nodiscard]] std::string_view add_pseudo(const hpack::DecodedLine& line, Section section);
    [[nodiscard]] std::string_view check(const hpack::DecodedLine& line) const;
    [[nodiscard]] bool is_ours(std::string_view text) const;
    void join_cookies();

    const Limits* limits_;
    std::size_t memory_octets_;
    std::unique_ptr<char[]> memory_;
    std::size_t used_ = 0;         // octets of memory_
    std::size_t list_octets_ = 0;  // RFC 9113 §6.5.2
    std::size_t crumbs_ = 0;       // Cookie lines
    Pseudo pseudo_;
    std::vector<http::FieldLine> lines_;
    Priority priority_;
    std::string_view malformation_;
    bool is_too_large_ = false;
};

}  // namespace portico::h2
