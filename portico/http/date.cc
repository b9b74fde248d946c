// portico/http/date.cc — see date.h.
#include "portico/http/date.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace portico::http {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 7> day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::string_view short_day_names = "SunMonTueWedThuFriSat";
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";

constexpr sys_seconds earliest = sys_days(year(0) / 1 / 1);
constexpr sys_seconds latest = sys_days(year(10'000) / 1 / 1) - seconds(1);

void write_two(char* to, unsigned number) {
    to[0] = static_cast<char>('0' + number / 10);
    to[1] = static_cast<char>('0' + number % 10);
}

// Reads a date from front to back. Each step reads the part in its name or marks the scan as bad. A bad scan stays bad,
// so that one check at the end covers all steps.
class Scan {
public:
    explicit Scan(std::string_view text) : left_(text) {}

    // Reads the number that `digits` decimal digits form.
    int number(std::size_t digits) {
        if (!bad_ && left_.size() < digits) bad_ = true;
        int value = 0;
        for (std::size_t i = 0; i < digits && !bad_; ++i) {
            if (left_[i] < '0' || left_[i] > '9') bad_ = true;
            value = value * 10 + (left_[i] - '0');
        }
        take(digits);
        return value;
    }

    void literal(std::string_view text) {
        if (!left_.starts_with(text)) bad_ = true;
        take(text.size());
    }

    // Reads one of `names`, which have three octets each, and returns its index from 0.
    unsigned name_of_three(std::string_view names) {
        for (std::size_t i = 0; i < names.size() && left_.size() >= 3; i += 3) {
            if (left_.substr(0, 3) == names.substr(i, 3)) {
                take(3);
                return static_cast<unsigned>(i / 3);
            }
        }
        bad_ = true;
        return 0;
    }

    [[nodiscard]] char front() const { return left_.empty() ? '\0' : left_.front(); }
    [[nodiscard]] bool at_end() const { return !bad_ && left_.empty(); }

private:
    void take(std::size_t octets) {
        if (!bad_) left_.remove_prefix(octets);
    }

    std::string_view left_;
    bool bad_ = false;
};

struct Parts {
    int year = 0;
    unsigned month = 0;  // the first is 0
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
};

void read_time_of_day(Scan& scan, Parts& parts) {
    parts.hour = scan.number(2);
    scan.literal(":");
    parts.minute = scan.number(2);
    scan.literal(":");
    parts.second = scan.number(2);
}

// The instant, if the day and the time of day exist.
std::optional<sys_seconds> instant(const Parts& parts) {
    const year_month_day date(year(parts.year), std::chrono::month(parts.month + 1),
                              std::chrono::day(static_cast<unsigned>(parts.day)));
    if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
    return sys_days(date) + hours(parts.hour) + minutes(parts.minute) + seconds(parts.second);
}

// "06 Nov 1994 08:49:37 GMT", after the day's name
std::optional<sys_seconds> read_imf_fixdate(Scan scan) {
    Parts parts;
    parts.day = scan.number(2);
    scan.literal(" ");
    parts.month = scan.name_of_three(month_names);
    scan.literal(" ");
    parts.year = scan.number(4);
    scan.literal(" ");
    read_time_of_day(scan, parts);
    scan.literal(" GMT");
    return scan.at_end() ? instant(parts) : std::nullopt;
}

// "06-Nov-94 08:49:37 GMT", after the day's name
std::optional<sys_seconds> read_rfc850(Scan scan, sys_seconds now) {
    Parts parts;
    parts.day = scan.number(2);
    scan.literal("-");
    parts.month = scan.name_of_three(month_names);
    scan.literal("-");
    const int year_of_century = scan.number(2);
    scan.literal(" ");
    read_time_of_day(scan, parts);
    scan.literal(" GMT");
    if (!scan.at_end()) return std::nullopt;

    // The last year with these digits that is not more than 50 years in the future.
    const sys_days today = std::chrono::floor<days>(now);
    const year_month_day in_fifty_years = year_month_day(today) + std::chrono::years(50);
    const int last_year = static_cast<int>(in_fifty_years.year());
    parts.year = last_year / 100 * 100 + year_of_century;
    auto time = instant(parts);
    if (parts.year > last_year || (time && *time > sys_days(in_fifty_years) + (now - today))) {
        parts.year -= 100;
        time = instant(parts);
    }
    return time;
}

// "Nov  6 08:49:37 1994", after the day's name
std::optional<sys_seconds> read_asctime(Scan scan) {
    Parts parts;
    parts.month = scan.name_of_three(month_names);
    scan.literal(" ");
    const bool one_digit = scan.front() == ' ';
    if (one_digit) scan.literal(" ");
    parts.day = scan.number(one_digit ? 1 : 2);
    scan.literal(" ");
    read_time_of_day(scan, parts);
    scan.literal(" ");
    parts.year = scan.number(4);
    return scan.at_end() ? instant(parts) : std::nullopt;
}

}  // namespace

void write_imf_fixdate(sys_seconds time, std::span<char, imf_fixdate_octets> room) {
    time = std::clamp(time, earliest, latest);
    const sys_days day = std::chrono::floor<days>(time);
    const year_month_day date(day);
    const auto year_number = static_cast<unsigned>(static_cast<int>(date.year()));
    const auto second_of_day = static_cast<unsigned>((time - day).count());

    char* const to = room.data();
    std::memcpy(to, "Thu, 01 Jan 1970 00:00:00 GMT", imf_fixdate_octets);
    std::memcpy(to, &short_day_names[3 * std::chrono::weekday(day).c_encoding()], 3);
    write_two(to + 5, static_cast<unsigned>(date.day()));
    std::memcpy(to + 8, &month_names[3 * (static_cast<unsigned>(date.month()) - 1)], 3);
    write_two(to + 12, year_number / 100);
    write_two(to + 14, year_number % 100);
    write_two(to + 17, second_of_day / 3600);
    write_two(to + 20, second_of_day / 60 % 60);
    write_two(to + 23, second_of_day % 60);
}

std::optional<sys_seconds> parse_date(std::string_view field_value, sys_seconds now) {
    const std::string_view short_name = field_value.substr(0, 3);
    for (const std::string_view day_name : day_names) {
        if (short_name != day_name.substr(0, 3)) continue;
        const std::string_view behind_short = field_value.substr(3);
        if (behind_short.starts_with(", ")) return read_imf_fixdate(Scan(behind_short.substr(2)));
        if (behind_short.starts_with(' ')) return read_asctime(Scan(behind_short.substr(1)));
        if (!field_value.starts_with(day_name)) return std::nullopt;
        const std::string_view behind_long = field_value.substr(day_name.size());
        if (behind_long.starts_with(", ")) return read_rfc850(Scan(behind_long.substr(2)), now);
        return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace portico::http
