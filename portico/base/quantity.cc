// portico/base/quantity.cc — durations and sizes as people write them.
//
// Room base: see fd.h.
#include "portico/base/quantity.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

namespace portico {
namespace {

struct NumberAndUnit {
    std::uint64_t number;
    std::string_view unit;
};

std::optional<NumberAndUnit> split(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped_at, failure] = std::from_chars(text.data(), end, number);
    if (failure != std::errc{}) return std::nullopt;
    return NumberAndUnit{number, {stopped_at, end}};
}

// Units from the smallest to the largest. Each has the number of smallest units that it contains.
using Unit = std::pair<std::string_view, std::uint64_t>;
constexpr std::array duration_units{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000}, Unit{"h", 3'600'000},
                                    Unit{"d", 86'400'000}};
constexpr std::array octets_units{Unit{"", 1}, Unit{"k", std::uint64_t{1} << 10}, Unit{"m", std::uint64_t{1} << 20},
                                  Unit{"g", std::uint64_t{1} << 30}, Unit{"t", std::uint64_t{1} << 40}};
constexpr std::uint64_t duration_most = std::uint64_t{100} * 366 * 86'400'000;
constexpr std::uint64_t octets_most = INT64_MAX;

template <std::size_t count>
std::string in_largest_unit(std::uint64_t quantity, const std::array<Unit, count>& units) {
    const Unit* chosen = &units.front();
    for (const Unit& unit : units) {
        if (quantity != 0 && quantity % unit.second == 0) chosen = &unit;
    }
    return std::to_string(quantity / chosen->second) + std::string(chosen->first);
}

template <std::size_t count>
std::optional<std::uint64_t> in_smallest_unit(const NumberAndUnit& what, const std::array<Unit, count>& units,
                                              std::uint64_t most) {
    for (const auto& [name, size] : units) {
        if (name != what.unit) continue;
        if (what.number > most / size) return std::nullopt;
        return what.number * size;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    auto parts = split(text);
    if (!parts) return std::nullopt;
    if (parts->unit.empty()) parts->unit = "s";
    const auto length = in_smallest_unit(*parts, duration_units, duration_most);
    if (!length) return std::nullopt;
    return std::chrono::milliseconds(*length);
}

std::string duration_text(std::chrono::milliseconds duration) {
    if (duration.count() == 0) return "0s";
    return in_largest_unit(static_cast<std::uint64_t>(duration.count()), duration_units);
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
    const auto parts = split(text);
    if (!parts || !parts->unit.empty()) return std::nullopt;
    return parts->number;
}

std::optional<std::uint64_t> parse_octets(std::string_view text) {
    const auto parts = split(text);
    if (!parts) return std::nullopt;
    std::string unit;
    for (const char octet : parts->unit) {
        unit += octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet - 'A' + 'a') : octet;
    }
    if (unit == "b") unit.clear();
    if (unit.ends_with("ib") && unit.size() == 3) unit.resize(1);
    return in_smallest_unit({parts->number, unit}, octets_units, octets_most);
}

std::string octets_text(std::uint64_t octets) { return in_largest_unit(octets, octets_units); }

std::string size_text(std::uint64_t octets) {
    constexpr std::array<std::string_view, 6> units{" kB", " MB", " GB", " TB", " PB", " EB"};
    if (octets < 1'000) return std::to_string(octets) + " B";
    std::uint64_t parts = 1'000;
    std::size_t unit = 0;
    while (unit + 1 < units.size() && octets / parts >= 1'000) {
        parts *= 1'000;
        ++unit;
    }
    const std::uint64_t whole = octets / parts;
    const std::uint64_t hundredths = octets % parts / (parts / 100);
    std::string text = std::to_string(whole);
    if (whole < 100) {
        text += '.';
        text += static_cast<char>('0' + hundredths / 10);
    }
    if (whole < 10) text += static_cast<char>('0' + hundredths % 10);
    return text += units[unit];
}

}  // namespace portico
