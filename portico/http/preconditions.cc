// portico/http/preconditions.cc — see preconditions.h.
#include "portico/http/preconditions.h"

#include <algorithm>

#include "portico/http/date.h"
#include "portico/http/etag.h"

namespace portico::http {
namespace {

using std::chrono::sys_seconds;
using Match = bool (*)(const EntityTag&, const EntityTag&);

// Whether one of the entity tags in the lines with that name matches the representation's. "*" matches any
// representation.
bool any_matches(const FieldSection& request, FieldName name, std::string_view etag, Match match) {
    const auto current = parse_entity_tag(etag);
    bool found = false;
    request.for_each(name, [&](std::string_view value) {
        if (trim(value) == "*") found = true;
        while (current && !found) {
            const auto listed = next_entity_tag(value);
            if (!listed) break;
            found = match(*listed, *current);
        }
    });
    return found;
}

// The date in a field that must be one date. Nothing if the field must be ignored.
std::optional<sys_seconds> only_date(const FieldSection& request, FieldName name, sys_seconds now) {
    if (request.count(name) != 1) return std::nullopt;
    return parse_date(*request.find(name), now);
}

// RFC 9110 §13.2.1: methods that neither select nor change a representation are not conditional.
bool may_be_conditional(Method method) {
    return method != Method::connect && method != Method::options && method != Method::trace;
}

// RFC 9110 §13.2.2, steps 1 and 2: whether the client means another version than the present one.
bool speaks_of_other_version(const FieldSection& request, const Validators& validators, sys_seconds now) {
    if (request.has(FieldName::if_match)) {
        return !any_matches(request, FieldName::if_match, validators.etag, match_strongly);
    }
    if (!request.has(FieldName::if_unmodified_since) || !validators.last_modified) return false;
    const auto since = only_date(request, FieldName::if_unmodified_since, now);
    return since && *validators.last_modified > *since;
}

}  // namespace

Verdict evaluate_preconditions(const FieldSection& request, Method method, const Validators& validators,
                               sys_seconds now) {
    if (!may_be_conditional(method)) return Verdict::proceed;
    if (speaks_of_other_version(request, validators, now)) return Verdict::precondition_failed;  // steps 1 and 2
    const bool reads = method == Method::get || method == Method::head;
    if (request.has(FieldName::if_none_match)) {  // step 3
        if (!any_matches(request, FieldName::if_none_match, validators.etag, match_weakly)) return Verdict::proceed;
        return reads ? Verdict::not_modified : Verdict::precondition_failed;
    }
    if (!reads || !request.has(FieldName::if_modified_since) || !validators.last_modified) return Verdict::proceed;
    const auto since = only_date(request, FieldName::if_modified_since, now);  // step 4
    return since && *validators.last_modified <= *since ? Verdict::not_modified : Verdict::proceed;
}

bool if_range_holds(const FieldSection& request, const Validators& validators, sys_seconds now) {
    if (!request.has(FieldName::if_range)) return true;
    if (request.count(FieldName::if_range) != 1) return false;
    const std::string_view value = *request.find(FieldName::if_range);
    if (const auto asked = parse_entity_tag(value)) {
        const auto current = parse_entity_tag(validators.etag);
        return current && match_strongly(*asked, *current);
    }
    const auto date = parse_date(value, now);
    return date && date == validators.last_modified && *date < now;
}

sys_seconds last_modified_of(std::chrono::sys_time<std::chrono::nanoseconds> modified, sys_seconds now) {
    return std::min(std::chrono::floor<std::chrono::seconds>(modified), now);
}

}  // namespace portico::http
