// portico/http/fields.h — field lines and sections of them (RFC 9110 §5, §6.3, §6.5).
//
// Room http: see status.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace portico::http {

// The fields that this server reads or writes. A name is recognised once, when the line is added, so that a later
// lookup is an index and needs no comparison of text. Each is spelled like the field, with "_" for "-":
// `content_length`.
enum class FieldName : std::uint8_t {
    other,  // any field that is not in this list
    accept,
    accept_encoding,
    accept_ranges,
    access_control_allow_headers,
    access_control_allow_methods,
    access_control_allow_origin,
    access_control_expose_headers,
    access_control_max_age,
    access_control_request_headers,
    access_control_request_method,
    age,
    allow,
    authorization,
    cache_control,
    connection,
    content_disposition,
    content_encoding,
    content_language,
    content_length,
    content_location,
    content_range,
    content_security_policy,
    content_type,
    cookie,
    date,
    etag,
    expect,
    expires,
    forwarded,
    host,
    if_match,
    if_modified_since,
    if_none_match,
    if_range,
    if_unmodified_since,
    keep_alive,
    last_modified,
    link,
    location,
    max_forwards,
    origin,
    pragma,
    proxy_authenticate,
    proxy_authorization,
    proxy_connection,
    range,
    referer,
    retry_after,
    server,
    set_cookie,
    strict_transport_security,
    te,
    trailer,
    transfer_encoding,
    upgrade,
    user_agent,
    vary,
    via,
    www_authenticate,
    x_content_type_options,
    x_forwarded_for,
};
// The number of known names, including `other`.
inline constexpr std::size_t field_name_count = static_cast<std::size_t>(FieldName::x_forwarded_for) + 1;

// The name as we write it, "Content-Length". Empty for `other`.
std::string_view spelling(FieldName name);

// Returns which field a received name is; names are case-insensitive (RFC 9110 §5.1). Costs a hash of length and
// letters, and then one comparison.
FieldName recognise(std::string_view name);

// One line of a section (RFC 9110 §5.2).
struct FieldLine {
    FieldName known = FieldName::other;  // which field the line belongs to
    std::string_view name;               // as received, or spelling(known)
    std::string_view value;              // without the optional white space around it
};

// A header or trailer section: field lines in the order of the message. Names and values are views; the code that
// filled the section defines their lifetime. clear() keeps the memory, so a section that is reused does not allocate.
class FieldSection {
public:
    FieldSection() = default;
    FieldSection(const FieldSection&) = default;
    FieldSection& operator=(const FieldSection&) = default;
    // Leave `other` without lines. The second one gives it our memory, so that neither has to allocate again.
    FieldSection(FieldSection&& other) noexcept;
    FieldSection& operator=(FieldSection&& other) noexcept;
    ~FieldSection() = default;

    void add(FieldName name, std::string_view value);         // name other than `other`
    void add(std::string_view name, std::string_view value);  // recognises the name
    // Like add() above, if both are known: `name`, as received, must be recognised as `known`.
    void add(FieldName known, std::string_view name, std::string_view value);
    // Replaces the first line with that name, or adds one.
    void set(FieldName name, std::string_view value);
    void remove(FieldName name);         // every line with that name
    void remove(std::string_view name);  // the same, for any name
    void clear();                        // no lines; the memory stays

    // Whether there is a line with that name; always false for `other`.
    [[nodiscard]] bool has(FieldName name) const { return first_[static_cast<std::size_t>(name)] != none; }
    // The first line's value. For list fields use for_each: lines with the same name form one list (RFC 9110 §5.3).
    [[nodiscard]] std::optional<std::string_view> find(FieldName name) const;
    // Like find() above, for any name: compares the names (case-insensitively).
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] std::size_t count(FieldName name) const;  // lines with that name
    // Every line, in the order of the message.
    [[nodiscard]] const std::vector<FieldLine>& lines() const { return lines_; }
    [[nodiscard]] std::size_t size() const { return lines_.size(); }  // the number of all lines

    // Calls visit(value) for each line with that name, in order.
    template <class Visit>
    void for_each(FieldName name, Visit visit) const {
        if (!has(name)) return;
        for (std::size_t i = first_[static_cast<std::size_t>(name)]; i < lines_.size(); ++i) {
            if (lines_[i].known == name) visit(lines_[i].value);
        }
    }

private:
    static constexpr std::uint16_t none = 0xffff;
    static constexpr std::array<std::uint16_t, field_name_count> nothing_known() {
        std::array<std::uint16_t, field_name_count> all{};
        all.fill(none);
        return all;
    }

    std::vector<FieldLine> lines_;
    // The index in lines_ of the first line of each known name, or `none`. The entry for `other` is always none.
    std::array<std::uint16_t, field_name_count> first_ = nothing_known();
};

// Whether two texts are equal except for case: of ASCII letters only, as RFC 9110 §5.6.2 compares tokens.
bool equals_ignoring_case(std::string_view a, std::string_view b);

// Removes optional white space (SP, HTAB; RFC 9110 §5.6.3) from both ends.
std::string_view trim(std::string_view text);

// Whether `text` is a token: one octet or more, each a tchar (RFC 9110 §5.6.2).
bool is_token(std::string_view text);

// Whether a field may have this value: it has no control characters except HTAB (RFC 9110 §5.5).
bool is_field_value(std::string_view text);

// Returns the next element of a comma-separated list (RFC 9110 §5.6.1); commas in quoted strings do not separate, and
// empty elements are skipped. Removes what it read from the front of `list`. Returns nothing at the end. With the
// separator ';' it reads a value and its parameters (§5.6.6) in the same way.
std::optional<std::string_view> next_element(std::string_view& list, char separator = ',');

}  // namespace portico::http
