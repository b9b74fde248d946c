// portico/http/conditional_fuzz.cc — any octets as dates, entity tags and preconditions.
//
// The first octet chooses the method. The rest is split at line feeds into values of the conditional fields; the first
// octet of each chooses the field.
//
// Room http: see status.h.
#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "portico/http/date.h"
#include "portico/http/etag.h"
#include "portico/http/preconditions.h"

namespace {

using namespace portico::http;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::array conditional = {FieldName::if_match, FieldName::if_none_match, FieldName::if_modified_since,
                                    FieldName::if_unmodified_since, FieldName::if_range};
constexpr sys_seconds modified{seconds(784111777)};
constexpr sys_seconds now = modified + std::chrono::days(1);

void check_date(std::string_view text) {
    const auto time = parse_date(text, now);
    if (!time) return;
    std::array<char, imf_fixdate_octets> room{};
    write_imf_fixdate(*time, room);
    // Only the leap second that ends the year 9999 can't be written.
    const auto last = sys_seconds(std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1)) - seconds(1);
    assert(parse_date({room.data(), room.size()}, now) == std::min(*time, last));
}

void check_tags(std::string_view list) {
    const std::size_t octets = list.size();
    std::size_t taken = 0;
    while (const auto tag = next_entity_tag(list)) {
        assert(tag->opaque.size() >= 2 && tag->opaque.front() == '"' && tag->opaque.back() == '"');
        assert(match_weakly(*tag, *tag) && match_strongly(*tag, *tag) == !tag->weak);
        assert(parse_entity_tag(tag->opaque));
        taken += tag->opaque.size();
    }
    assert(list.empty() && taken <= octets);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto method = static_cast<Method>(data[0] % (static_cast<unsigned>(Method::other) + 1));
    std::string_view left(reinterpret_cast<const char*>(data) + 1, size - 1);
    FieldSection request;
    while (!left.empty()) {
        const std::string_view line = left.substr(0, left.find('\n'));
        left.remove_prefix(std::min(line.size() + 1, left.size()));
        if (line.empty()) continue;
        check_date(line.substr(1));
        check_tags(line.substr(1));
        if (request.size() < 100) {
            request.add(conditional[static_cast<unsigned char>(line[0]) % conditional.size()], line.substr(1));
        }
    }
    const Validators validators{"\"a\"", modified};
    const Verdict verdict = evaluate_preconditions(request, method, validators, now);
    const bool reads = method == Method::get || method == Method::head;
    assert(verdict != Verdict::not_modified || reads);
    const bool ignores = method == Method::options || method == Method::trace || method == Method::connect;
    assert(verdict == Verdict::proceed || !(ignores || request.size() == request.count(FieldName::if_range)));
    assert(if_range_holds(request, validators, now) || request.has(FieldName::if_range));
    return 0;
}
