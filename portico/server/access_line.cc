// portico/server/access_line.cc — see access_line.h.
#include "portico/server/access_line.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstring>
#include <ctime>

#include "portico/base/quantity.h"
#include "portico/http/json.h"

namespace portico::server {
namespace {

using std::chrono::microseconds;
using std::chrono::sys_seconds;

// How an octet is written: as it is, as a backslash and this letter, or as its number.
enum : char { as_itself = 0, as_number = 1 };
using Escapes = std::array<char, 256>;

// The octets that Apache's log escapes (ap_escape_logitem): everything that is not printable ASCII, the quotation mark
// and the backslash.
constexpr Escapes make_apache_escapes() {
    Escapes escapes{};
    for (std::size_t octet = 0; octet < escapes.size(); ++octet) {
        if (octet < 0x20 || octet > 0x7e) escapes[octet] = as_number;
    }
    escapes['\b'] = 'b';
    escapes['\n'] = 'n';
    escapes['\r'] = 'r';
    escapes['\t'] = 't';
    escapes['\v'] = 'v';
    escapes['\\'] = '\\';
    escapes['"'] = '"';
    return escapes;
}

// Spaces separate words, so a space inside a word of `text` would split it.
constexpr Escapes make_word_escapes() {
    Escapes escapes = make_apache_escapes();
    escapes['"'] = as_itself;
    escapes[' '] = as_number;
    return escapes;
}

constexpr Escapes apache_escapes = make_apache_escapes();
constexpr Escapes word_escapes = make_word_escapes();
constexpr std::string_view hex_digits = "0123456789abcdef";

// "\u001f" in JSON is the longest text for one octet.
constexpr std::size_t escaped_octets_max = http::json_octets_max;
// The longest possible line without the entry's strings: times, numbers, names, punctuation, an address with its zone.
constexpr std::size_t fixed_octets_max = 512;

char* put(char* to, std::string_view text) {
    if (text.empty()) return to;  // it may be a view without data, which memcpy does not accept
    std::memcpy(to, text.data(), text.size());
    return to + text.size();
}

template <class Number>
char* put_number(char* to, Number number) {
    return std::to_chars(to, to + 24, number).ptr;
}

char* put_two(char* to, unsigned number) {
    to[0] = static_cast<char>('0' + number / 10 % 10);
    to[1] = static_cast<char>('0' + number % 10);
    return to + 2;
}

char* put_digits(char* to, std::uint64_t number, int digits) {
    for (int i = digits - 1; i >= 0; --i) {
        to[i] = static_cast<char>('0' + number % 10);
        number /= 10;
    }
    return to + digits;
}

char* put_escaped(char* to, std::string_view text, const Escapes& escapes) {
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        const char* const run = at;
        while (at != end && escapes[static_cast<unsigned char>(*at)] == as_itself) ++at;
        to = put(to, {run, static_cast<std::size_t>(at - run)});
        if (at == end) break;
        const auto octet = static_cast<unsigned char>(*at++);
        if (escapes[octet] == as_number) {
            to = put(to, "\\x");
            *to++ = hex_digits[octet >> 4];
            *to++ = hex_digits[octet & 15];
        } else {
            *to++ = '\\';
            *to++ = escapes[octet];
        }
    }
    return to;
}

char* put_word(char* to, std::string_view text) {
    return text.empty() ? put(to, "-") : put_escaped(to, text, word_escapes);
}

char* put_item(char* to, std::string_view text) {
    return text.data() == nullptr ? put(to, "-") : put_escaped(to, text, apache_escapes);
}

// The front of the memory that is left for a line: an output for the writer of JSON.
struct Room {
    char* at;
    void append(std::string_view text) { at = put(at, text); }
    void push_back(char octet) { *at++ = octet; }
};

// Writes `number`, a count of smaller units of which `parts` make one `unit`, as three digits, with at most two after
// the point.
char* put_rounded(char* to, std::uint64_t number, std::uint64_t parts, std::string_view unit) {
    const std::uint64_t whole = number / parts;
    to = put_number(to, whole);
    const int digits = whole >= 100 ? 0 : whole >= 10 ? 1 : 2;
    if (digits > 0) {
        *to++ = '.';
        to = put_digits(to, number % parts * (digits == 1 ? 10 : 100) / parts, digits);
    }
    return put(to, unit);
}

std::uint64_t microseconds_of(std::chrono::steady_clock::duration duration) {
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(std::chrono::duration_cast<microseconds>(duration).count(), 0));
}

char* put_duration(char* to, std::chrono::steady_clock::duration duration) {
    const std::uint64_t us = microseconds_of(duration);
    return us < 1'000'000 ? put_rounded(to, us, 1'000, " ms") : put_rounded(to, us, 1'000'000, " s");
}

std::string_view colour_of(http::Status status) {
    switch (code(status) / 100) {
        case 2: return "\x1b[32m";
        case 3: return "\x1b[36m";
        case 4: return "\x1b[33m";
        case 5: return "\x1b[31m";
        default: return "\x1b[0m";
    }
}

// The version as the request line has it. Apache writes a minor number for the later versions too.
std::string_view spelling_of(http::Version version) {
    switch (version) {
        case http::Version::http_1_0: return "HTTP/1.0";
        case http::Version::http_1_1: return "HTTP/1.1";
        case http::Version::http_2: return "HTTP/2.0";
        case http::Version::http_3: return "HTTP/3.0";
    }
    return "";
}

// Writes nothing if the value is empty.
void add_member(http::JsonWriter<Room>& json, http::JsonName name, std::string_view value) {
    if (!value.empty()) json.member(name, value);
}

char* put_utc(char* to, sys_seconds second) {
    const auto day = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day date(day);
    const auto second_of_day = static_cast<unsigned>((second - day).count());
    to = put_digits(to, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
    *to++ = '-';
    to = put_two(to, static_cast<unsigned>(date.month()));
    *to++ = '-';
    to = put_two(to, static_cast<unsigned>(date.day()));
    *to++ = 'T';
    to = put_two(to, second_of_day / 3600);
    *to++ = ':';
    to = put_two(to, second_of_day / 60 % 60);
    *to++ = ':';
    return put_two(to, second_of_day % 60);
}

}  // namespace

std::size_t AccessLineWriter::octets_at_most(const AccessEntry& entry) {
    const std::size_t strings = entry.method.size() + entry.target.size() + entry.user.size() + entry.referer.size() +
                                entry.user_agent.size() + entry.reason.size();
    return fixed_octets_max + escaped_octets_max * strings;
}

std::size_t AccessLineWriter::write(const AccessEntry& entry, std::span<char> room) {
    assert(room.size() >= octets_at_most(entry));
    format_second(std::chrono::floor<std::chrono::seconds>(entry.at));
    char* end = room.data();
    switch (format_) {
        case LogFormat::off: return 0;
        case LogFormat::text: end = write_text(entry, end); break;
        case LogFormat::json: end = write_json(entry, end); break;
        case LogFormat::combined: end = write_combined(entry, end); break;
    }
    *end++ = '\n';
    return static_cast<std::size_t>(end - room.data());
}

void AccessLineWriter::format_second(sys_seconds second) {
    if (second == second_) return;
    second_ = second;
    char* to = second_text_.data();
    if (format_ == LogFormat::json) {
        second_octets_ = static_cast<std::size_t>(put_utc(to, second) - to);
        return;
    }
    const std::time_t seconds = second.time_since_epoch().count();
    std::tm local{};
    ::localtime_r(&seconds, &local);
    // The names of months would depend on the locale if one were set, but no library of ours sets one.
    const char* const form = format_ == LogFormat::combined ? "[%d/%b/%Y:%H:%M:%S %z]"
                             : date_ == LineDate::written   ? "%Y-%m-%d %H:%M:%S"
                                                            : "%H:%M:%S";
    second_octets_ = std::strftime(to, second_text_.size(), form, &local);
}

std::string_view AccessLineWriter::client_text(const io::SocketAddress& peer) {
    if (peer.family == io::Family::unix_path) return "unix:";
    const io::IpAddress ip = peer.ip.unmapped();
    if (client_text_.empty() || ip != client_) {
        client_ = ip;
        client_text_ = ip.text();
    }
    return client_text_;
}

char* AccessLineWriter::write_text(const AccessEntry& entry, char* to) {
    to = put(to, {second_text_.data(), second_octets_});
    *to++ = ' ';
    if (colour_ == Colour::always) to = put(to, colour_of(entry.status));
    to = put_number(to, code(entry.status));
    if (colour_ == Colour::always) to = put(to, "\x1b[0m");
    *to++ = ' ';
    to = put_word(to, entry.method);
    *to++ = ' ';
    to = put_word(to, entry.target);
    *to++ = ' ';
    to = put(to, size_text(entry.content_octets));
    *to++ = ' ';
    to = put_duration(to, entry.duration);
    if (!entry.complete) to = put(to, ", broken off");
    if (!entry.reason.empty()) to = put_item(put(to, ", "), entry.reason);
    return to;
}

char* AccessLineWriter::write_json(const AccessEntry& entry, char* to) {
    std::array<char, 64> time;
    char* time_end = put(time.data(), {second_text_.data(), second_octets_});
    *time_end++ = '.';
    const auto within = std::chrono::floor<microseconds>(entry.at - second_);
    time_end = put_digits(time_end, static_cast<std::uint64_t>(within.count()), 6);
    *time_end++ = 'Z';

    Room room{to};
    http::JsonWriter json(room);
    json.open_object();
    json.member("time", std::string_view(time.data(), static_cast<std::size_t>(time_end - time.data())));
    json.member("status", code(entry.status));
    json.member("method", entry.method);
    json.member("target", entry.target);
    json.member("version", spelling_of(entry.version));
    json.member("octets", entry.content_octets);
    json.member("duration_us", microseconds_of(entry.duration));
    json.member("complete", entry.complete);
    if (entry.peer != nullptr) {
        json.member("client", client_text(*entry.peer));
        if (entry.peer->family != io::Family::unix_path && entry.peer->port != 0) json.member("port", entry.peer->port);
    }
    add_member(json, "user", entry.user);
    add_member(json, "referer", entry.referer);
    add_member(json, "user_agent", entry.user_agent);
    add_member(json, "reason", entry.reason);
    json.close_object();
    return room.at;
}

char* AccessLineWriter::write_combined(const AccessEntry& entry, char* to) {
    to = entry.peer == nullptr ? put(to, "-") : put(to, client_text(*entry.peer));
    to = put(to, " - ");
    to = entry.user.data() != nullptr && entry.user.empty() ? put(to, "\"\"") : put_item(to, entry.user);
    *to++ = ' ';
    to = put(to, {second_text_.data(), second_octets_});
    to = put(to, " \"");
    if (entry.method.empty()) {
        *to++ = '-';
    } else {
        to = put_item(to, entry.method);
        *to++ = ' ';
        to = put_item(to, entry.target);
        *to++ = ' ';
        to = put(to, spelling_of(entry.version));
    }
    to = put_number(put(to, "\" "), code(entry.status));
    *to++ = ' ';
    to = entry.content_octets == 0 ? put(to, "-") : put_number(to, entry.content_octets);
    to = put(to, " \"");
    to = put_item(to, entry.referer);
    to = put(to, "\" \"");
    to = put_item(to, entry.user_agent);
    *to++ = '"';
    return to;
}

}  // namespace portico::server
