// portico/embed/form.h — what HTML forms send, and the URLs and texts of the pages that hold them.
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

// The names and values of an HTML form, decoded (WHATWG URL §5: application/x-www-form-urlencoded), in its order.
class Form {
public:
    // `text`: "a=1&b=x+y%21".
    explicit Form(std::string_view text);

    // The first value of that name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    // Names and values, those that occur more than once too.
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& values() const { return values_; }

private:
    std::vector<std::pair<std::string, std::string>> values_;
};

// Content of at most 1 MiB; 415 where its Content-Type is not a form's.
template <>
struct FromContent<Form> {
    // The form that the whole content is, or the answer that says why not.
    static Task<std::expected<Form, Response>> read(Request& request);
};

// A path and its query, put together and escaped: Url("/notes").segment("a b").query("q", "x&y").text() is
// "/notes/a%20b?q=x%26y".
class Url {
public:
    // `path`: begins the URL as it is, "/notes" or "https://host/notes".
    explicit Url(std::string path) : path_(std::move(path)) {}

    // Appends a segment; a slash in it is escaped, though no route takes one that is (404). Empty, "." and ".." would
    // name another page than one below this path, however they are escaped (RFC 3986 §5.2.4): the URL is then invalid.
    Url& segment(std::string_view name);
    // Appends a parameter, both parts escaped.
    Url& query(std::string_view name, std::string_view value);
    // Whether every segment can be one. Ask where they come from somebody else.
    [[nodiscard]] bool is_valid() const { return is_valid_; }
    // Fit for a link, Location, or a request's target; in HTML it is to be escaped like any text. Empty where the URL
    // is invalid: better no page than a wrong one.
    [[nodiscard]] std::string text() const;

private:
    std::string path_;
    std::string query_;
    bool is_valid_ = true;
};

// Text that is nothing but text in an HTML page, also within quotes: the five octets of markup are escaped.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace portico
