// portico/embed/form.h — HTML forms, and the URLs and texts of pages.
//
//   server.post("/notes", [](portico::Form form) { return form.find("title").value_or("no title"); });
//
// Room embed: see response.h.
// Threads:   values.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/embed/route.h"

namespace portico {

// The names and values of an HTML form, decoded (WHATWG URL §5: application/x-www-form-urlencoded), in the form's
// order.
class Form {
public:
    // `text`: "a=1&b=x+y%21".
    explicit Form(std::string_view text);

    // The first value with this name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    // All names and values, repeated ones included.
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& values() const { return values_; }

private:
    std::vector<std::pair<std::string, std::string>> values_;
};

// Reads content of at most 1 MiB. 415 if the Content-Type is not that of a form.
template <>
struct FromContent<Form> {
    // For descriptions of routes.
    static constexpr std::string_view content_type() { return "application/x-www-form-urlencoded"; }
    // Returns the form, or the answer that explains why there is none.
    static Task<std::expected<Form, Response>> read(Request& request);
};

// Builds a URL from a path and a query, and escapes both: Url("/notes").segment("a b").query("q", "x&y").text() is
// "/notes/a%20b?q=x%26y".
class Url {
public:
    // `path`: the beginning of the URL, not escaped: "/notes" or "https://host/notes".
    explicit Url(std::string path) : path_(std::move(path)) {}

    // Appends a segment. A slash in it is escaped, but no route matches an escaped slash (404). Empty, "." and ".."
    // make the URL invalid: even if escaped, they would lead to another page than one below this path (RFC 3986
    // §5.2.4).
    Url& segment(std::string_view name);
    // Appends a parameter; name and value are escaped.
    Url& query(std::string_view name, std::string_view value);
    // Whether all segments are valid. Ask this if they come from a client.
    [[nodiscard]] bool is_valid() const { return is_valid_; }
    // The URL, for a link, Location or the target of a request. In HTML, escape it like any text. Empty if the URL is
    // invalid, so that a link never leads to a wrong page.
    [[nodiscard]] std::string text() const;

private:
    std::string path_;
    std::string query_;
    bool is_valid_ = true;
};

// Escapes text for an HTML page, also for values in quotation marks: the five markup characters.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace portico
