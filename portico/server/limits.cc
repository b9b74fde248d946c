// portico/server/limits.cc — the limits, by name.
//
// Room server: see limits.h.
#include "portico/server/limits.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "portico/base/nearest.h"
#include "portico/base/quantity.h"

namespace portico::server {
namespace {

using std::chrono::milliseconds;
static_assert(std::is_same_v<std::size_t, std::uint64_t>, "one kind of member pointer serves octets and counts");
using Member = std::variant<milliseconds Limits::*, std::uint64_t Limits::*>;

enum class Kind : std::uint8_t { duration, octets, count };

struct Entry {
    std::string_view name;
    Kind kind;
    Member member;
    std::uint64_t least;  // milliseconds, octets, or how many
    std::string_view meaning;
    std::optional<std::uint64_t> most = std::nullopt;  // if it is less than the kind's maximum
};

std::uint64_t value_of(const Entry& entry, const Limits& limits) {
    const auto* const duration = std::get_if<milliseconds Limits::*>(&entry.member);
    return duration != nullptr ? static_cast<std::uint64_t>((limits.*(*duration)).count())
                               : limits.*std::get<std::uint64_t Limits::*>(entry.member);
}

// What is set up when the server is opened: its listeners, threads and memory. Early data's limit comes with the
// certificates.
constexpr std::array<std::string_view, 9> of_the_process{"unsent_octets_max",
                                                         "reader_unsent_octets_max",
                                                         "fast_readers_max",
                                                         "unacknowledged_octets_max",
                                                         "early_data_octets_max",
                                                         "connections_max",
                                                         "memory_max",
                                                         "connections_per_address_max",
                                                         "helpers_max"};

constexpr std::uint64_t count_most = std::uint64_t{1} << 40;
constexpr std::uint64_t day = 86'400'000;

// In the order of the struct. A zero in the fourth column means that zero makes sense: no waiting, no content, no rate.
const std::array entries{
    Entry{"head_time_max", Kind::duration, &Limits::head_time_max, 1,
          "time for a request's head, from its first byte: 408"},
    Entry{"keep_alive_max", Kind::duration, &Limits::keep_alive_max, 1,
          "how long a connection may wait for its next request"},
    Entry{"content_idle_max", Kind::duration, &Limits::content_idle_max, 1, "how long content may pause: 408"},
    Entry{"response_idle_max", Kind::duration, &Limits::response_idle_max, 1, "time without acknowledgement: reset"},
    Entry{"rate_min", Kind::count, &Limits::rate_min, 0, "minimum bytes per second, on average, after rate_grace"},
    Entry{"rate_grace", Kind::duration, &Limits::rate_grace, 0, "how long a transfer may be slower than rate_min"},
    Entry{"unsent_octets_max", Kind::octets, &Limits::unsent_octets_max, 0, "unsent response bytes in the kernel"},
    Entry{"reader_unsent_octets_max", Kind::octets, &Limits::reader_unsent_octets_max, 0,
          "the same for a client that has proved to read"},
    Entry{"fast_readers_max", Kind::count, &Limits::fast_readers_max, 0, "such clients of one thread at the same time"},
    Entry{"unacknowledged_octets_max", Kind::octets, &Limits::unacknowledged_octets_max, 0,
          "unacknowledged response bytes in the kernel"},
    Entry{"head_octets_max", Kind::octets, &Limits::head_octets_max, 128, "size of a request's head: 431"},
    Entry{"field_count_max", Kind::count, &Limits::field_count_max, 1, "number of header fields in a head: 431"},
    Entry{"target_octets_max", Kind::octets, &Limits::target_octets_max, 1, "size of a request target: 414"},
    Entry{"content_octets_max", Kind::octets, &Limits::content_octets_max, 0, "size of a request's content: 413"},
    Entry{"chunk_line_octets_max", Kind::octets, &Limits::chunk_line_octets_max, 16,
          "size of a chunk-size line with its extensions: 400"},
    Entry{"trailer_octets_max", Kind::octets, &Limits::trailer_octets_max, 2, "size of a trailer section: 431"},
    Entry{"h2_streams_max", Kind::count, &Limits::h2_streams_max, 1, "HTTP/2: simultaneous requests per connection",
          1024},
    Entry{"h2_resets_max", Kind::count, &Limits::h2_resets_max, 1, "HTTP/2: reset requests per ten seconds"},
    Entry{"h2_control_frames_max", Kind::count, &Limits::h2_control_frames_max, 1,
          "HTTP/2: frames per second that carry no message", 1'000'000},
    Entry{"h2_header_list_octets_max", Kind::octets, &Limits::h2_header_list_octets_max, 1024,
          "HTTP/2: size of a header section: 431"},
    Entry{"h2_block_octets_max", Kind::octets, &Limits::h2_block_octets_max, 1024,
          "HTTP/2: compressed size of a header section"},
    Entry{"h2_continuations_max", Kind::count, &Limits::h2_continuations_max, 0,
          "HTTP/2: CONTINUATION frames per header section"},
    Entry{"h2_stream_window_octets", Kind::octets, &Limits::h2_stream_window_octets, 1024,
          "HTTP/2: unread content of one request", (std::uint64_t{1} << 31) - 1},
    Entry{"h2_connection_window_octets", Kind::octets, &Limits::h2_connection_window_octets, 65'535,
          "HTTP/2: unread content of one connection", (std::uint64_t{1} << 31) - 1},
    Entry{"h2_stall_time_max", Kind::duration, &Limits::h2_stall_time_max, 1,
          "HTTP/2: how long a response's window may stay closed"},
    Entry{"h2_output_octets_max", Kind::octets, &Limits::h2_output_octets_max, 32 * 1024,
          "HTTP/2: response bytes ready to be sent"},
    Entry{"h2_settings_time_max", Kind::duration, &Limits::h2_settings_time_max, 1,
          "HTTP/2: time for settings and begun frames"},
    Entry{"early_data_octets_max", Kind::octets, &Limits::early_data_octets_max, 1,
          "requests before the TLS handshake is complete", std::uint64_t{1} << 20},
    Entry{"connections_max", Kind::count, &Limits::connections_max, 1, "simultaneous connections"},
    Entry{"connections_per_address_max", Kind::count, &Limits::connections_per_address_max, 1,
          "the same from one address (an IPv6 /64 is one)"},
    Entry{"memory_max", Kind::octets, &Limits::memory_max, std::uint64_t{1} << 20,
          "memory for buffers, files and responses, all cores"},
    Entry{"helpers_max", Kind::count, &Limits::helpers_max, 1, "helper threads per core for blocking work", 1024},
    Entry{"drain_time_max", Kind::duration, &Limits::drain_time_max, 0,
          "how long to keep reading after the last answer"},
    Entry{"drain_octets_max", Kind::octets, &Limits::drain_octets_max, 0,
          "how much to keep reading after the last answer"},
    Entry{"shutdown_time_max", Kind::duration, &Limits::shutdown_time_max, 0,
          "time for requests in progress after SIGTERM"},
    Entry{"shutdown_idle_max", Kind::duration, &Limits::shutdown_idle_max, 0, "the same for idle connections"},
};

std::string text_of(Kind kind, std::uint64_t value) {
    switch (kind) {
        case Kind::duration: return duration_text(milliseconds(value));
        case Kind::octets: return octets_text(value);
        case Kind::count: return std::to_string(value);
    }
    return {};
}

std::string_view example_of(Kind kind) {
    switch (kind) {
        case Kind::duration: return "a time such as 500ms, 3s or 2m";
        case Kind::octets: return "a size such as 512, 16k or 1m";
        case Kind::count: return "a number";
    }
    return {};
}

std::uint64_t most_of(const Entry& entry) {
    return entry.most.value_or(entry.kind == Kind::duration ? 365 * day : count_most);
}

// Why an entry can't have this value, which is shown as `text`. Nothing if it can.
std::optional<std::string> wrong_of(const Entry& entry, std::uint64_t value, std::string_view text) {
    if (value < entry.least) {
        return fmt::format("{}: {} is too small; the least is {}", entry.name, text, text_of(entry.kind, entry.least));
    }
    if (value > most_of(entry)) {
        return fmt::format("{}: {} is too large; the most is {}", entry.name, text,
                           text_of(entry.kind, most_of(entry)));
    }
    return std::nullopt;
}

std::optional<std::uint64_t> parse_as(Kind kind, std::string_view text) {
    switch (kind) {
        case Kind::duration: {
            const auto duration = parse_duration(text);
            if (!duration) return std::nullopt;
            return static_cast<std::uint64_t>(duration->count());
        }
        case Kind::octets: return parse_octets(text);
        case Kind::count: return parse_count(text);
    }
    return std::nullopt;
}

std::string unknown(std::string_view name) {
    std::array<std::string_view, entries.size()> names;
    std::ranges::transform(entries, names.begin(), &Entry::name);
    const auto meant = nearest(name, names);
    if (meant) return fmt::format("there is no limit '{}'; did you mean '{}'?", name, *meant);
    return fmt::format("there is no limit '{}'", name);
}

}  // namespace

std::expected<void, std::string> set_limit(Limits& limits, std::string_view name_and_value) {
    const std::size_t equals = name_and_value.find('=');
    const std::string_view name = name_and_value.substr(0, equals);
    const auto entry = std::ranges::find(entries, name, &Entry::name);
    if (entry == entries.end()) return std::unexpected(unknown(name));
    if (equals == std::string_view::npos) {
        return std::unexpected(
            fmt::format("the limit '{0}' has no value; write {0}=VALUE, {1}", name, example_of(entry->kind)));
    }
    const std::string_view text = name_and_value.substr(equals + 1);
    const auto value = parse_as(entry->kind, text);
    if (!value) return std::unexpected(fmt::format("{}: '{}' is not {}", name, text, example_of(entry->kind)));
    if (auto wrong = wrong_of(*entry, *value, text)) return std::unexpected(*std::move(wrong));
    if (const auto* const duration = std::get_if<milliseconds Limits::*>(&entry->member)) {
        limits.*(*duration) = milliseconds(*value);
    } else {
        limits.*std::get<std::uint64_t Limits::*>(entry->member) = *value;
    }
    return {};
}

std::expected<void, std::string> check_limits(const Limits& limits) {
    for (const Entry& entry : entries) {
        std::uint64_t value = 0;
        std::string text;
        if (const auto* const duration = std::get_if<milliseconds Limits::*>(&entry.member)) {
            const auto count = (limits.*(*duration)).count();
            if (count < 0) return std::unexpected(fmt::format("{}: {}ms is less than nothing", entry.name, count));
            value = static_cast<std::uint64_t>(count);
            text = fmt::format("{}ms", count);
        } else {
            value = limits.*std::get<std::uint64_t Limits::*>(entry.member);
            text = std::to_string(value);
        }
        if (auto wrong = wrong_of(entry, value, text)) return std::unexpected(*std::move(wrong));
    }
    return {};
}

std::expected<void, std::string> check_replacement(const Limits& present, const Limits& next) {
    auto checked = check_limits(next);
    if (!checked) return checked;
    for (const Entry& entry : entries) {
        if (std::ranges::find(of_the_process, entry.name) == of_the_process.end()) continue;
        if (value_of(entry, present) == value_of(entry, next)) continue;
        return std::unexpected(
            fmt::format("{}: can't change while the server runs; restart it with the new value", entry.name));
    }
    return {};
}

std::vector<LimitRow> limit_rows() {
    const Limits standard;
    std::vector<LimitRow> rows;
    for (const Entry& entry : entries) {
        rows.push_back({entry.name, text_of(entry.kind, value_of(entry, standard)), entry.meaning});
    }
    return rows;
}

}  // namespace portico::server
