// portico/route/extra_fields.h — adds the fields that the owner of a site wants in every answer.
//
// Room route: see handler.h.
// Threads:   one core's; check_extra_field() is pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/task.h"
#include "portico/route/middleware.h"

namespace portico::route {

// A field's name and its value.
using ExtraField = std::pair<std::string, std::string>;

// Reads "NAME:VALUE". Error: why no answer may have such a field, as the end of a sentence that begins with the name.
// These are refused: a name that is no token, a value with control characters (RFC 9110 §5.1, §5.5), fields that
// frame the message (RFC 9112 §6), and fields that describe this answer's own content, which can't be the same for all.
[[nodiscard]] std::expected<ExtraField, std::string> parse_extra_field(std::string_view text);

// Adds fields to every answer. A field that the answer has already is replaced; Vary, a list, gets another line.
class ExtraFields final : public Middleware {
public:
    explicit ExtraFields(std::vector<ExtraField> fields) : fields_(std::move(fields)) {}

    [[nodiscard]] bool pass_at_once(link::Exchange& exchange, const Route& rest) override;
    [[nodiscard]] Task<void> pass(link::Exchange& exchange, Route rest) override;

private:
    void add_to(http::Response& response) const;

    std::vector<ExtraField> fields_;
};

}  // namespace portico::route
