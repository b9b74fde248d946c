// examples/time.cc — a UDP service that sends the time in the format that the client asks for.
//
// usage: time [ENDPOINT]        (127.0.0.1:3737)
//
//   $ echo iso | nc -u -w1 127.0.0.1 3737        2026-03-01T12:34:56.789Z
//   $ echo unix | nc -u -w1 127.0.0.1 3737       1772368496.789
//
// One datagram is a question, and one datagram is its answer. There is no connection, so there is nothing to wait for
// and nothing to remember. The price is that anybody can forge a datagram's source address. So the answers are short;
// otherwise this service would help to flood a third party.
#include <portico/portico.h>

#include <chrono>
#include <cstdio>

namespace {

using Milliseconds = std::chrono::sys_time<std::chrono::milliseconds>;

int fraction_of(Milliseconds now) { return static_cast<int>(now.time_since_epoch().count() % 1000); }

// Seconds since 1970 without leap seconds (POSIX.1 §4.19).
std::string unix_time(Milliseconds now) {
    char text[48];
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    std::snprintf(text, sizeof(text), "%lld.%03d\n", static_cast<long long>(seconds), fraction_of(now));
    return text;
}

// RFC 3339, in UTC.
std::string iso_time(Milliseconds now) {
    const auto midnight = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date(midnight);
    const std::chrono::hh_mm_ss clock(now - midnight);
    char text[96];
    std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ\n", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()), fraction_of(now));
    return text;
}

std::string answer(std::string_view datagram) {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const std::string_view asked = datagram.substr(0, datagram.find_first_of("\r\n"));
    if (asked == "iso") return iso_time(now);
    if (asked == "unix") return unix_time(now);
    return "iso or unix?\n";
}

}  // namespace

int main(int argc, char** argv) { return portico::UdpServer(answer).run(argc > 1 ? argv[1] : "127.0.0.1:3737"); }
