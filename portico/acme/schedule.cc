// portico/acme/schedule.cc — see schedule.h.
#include "portico/acme/schedule.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "portico/http/date.h"

namespace portico::acme {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds back_off_min{10};
constexpr seconds back_off_max{std::chrono::hours(12)};
constexpr seconds retry_after_max{std::chrono::hours(7 * 24)};
constexpr seconds staple_pause_min{60};
constexpr seconds staple_pause_max{std::chrono::hours(1)};
constexpr unsigned failures_max = 1'000'000;

seconds part_of(seconds time, double fraction) {
    return seconds(static_cast<std::int64_t>(static_cast<double>(time.count()) * std::clamp(fraction, 0.0, 1.0)));
}

template <class Number>
std::optional<Number> take_number(std::string_view& text) {
    Number number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

}  // namespace

sys_seconds two_thirds(sys_seconds begins, sys_seconds ends) { return begins + (ends - begins) * 2 / 3; }

sys_seconds time_in(const RenewalWindow& window, double fraction) {
    return window.start + part_of(window.end - window.start, fraction);
}

seconds back_off(unsigned failures, double fraction) {
    seconds time = back_off_min;
    for (unsigned i = 1; i < failures && time < back_off_max; ++i) time *= 2;
    time = std::min(time, back_off_max);
    return time / 2 + part_of(time / 2, fraction);
}

sys_seconds staple_due(sys_seconds begins, sys_seconds ends, sys_seconds now, double fraction) {
    const sys_seconds half = begins + (ends - begins) / 2 + part_of((ends - begins) / 10, fraction);
    if (half > now) return half;
    return now + std::clamp((ends - now) / 2, staple_pause_min, staple_pause_max);
}

std::optional<seconds> read_retry_after(std::string_view field_value, sys_seconds now) {
    std::string_view rest = field_value;
    const auto number = take_number<std::uint32_t>(rest);
    if (number && rest.empty()) return std::min(seconds(*number), retry_after_max);
    const auto date = http::parse_date(field_value, now);
    if (!date) return std::nullopt;
    return std::clamp(*date - now, seconds(0), retry_after_max);
}

std::string text_of(const Attempts& attempts) {
    return std::to_string(attempts.failures) + " " + std::to_string(attempts.next.time_since_epoch().count()) + "\n";
}

Attempts read_attempts(std::string_view text) {
    const auto failures = take_number<unsigned>(text);
    if (!failures || !text.starts_with(' ')) return {};
    text.remove_prefix(1);
    const auto next = take_number<std::uint32_t>(text);
    if (!next || text != "\n") return {};
    return {std::min(*failures, failures_max), sys_seconds(seconds(*next))};
}

}  // namespace portico::acme
