// portico/embed/validation.h — checks what a client has sent, and reports all errors at once.
//
//   portico::Validation check;
//   const int age = check.query(request, "age", 18);
//   check.in_range("age", age, 0, 150);
//   check.that(!title.empty(), "title", "must not be empty");
//   if (!check) return check.response();
//
// Room embed: see response.h. With portico/json.h: see read_member().
// Threads:   values.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "portico/embed/request.h"
#include "portico/embed/response.h"

namespace portico {

namespace detail {

[[nodiscard]] std::string number_text(std::int64_t number);
[[nodiscard]] std::string number_text(std::uint64_t number);
[[nodiscard]] std::string number_text(double number);

}  // namespace detail

// Collects errors, the first one of each field.
class Validation {
public:
    // Further errors are not noted: nobody reads so many, and a client may send as many as fit.
    static constexpr std::size_t errors_max = 100;
    // What is wrong with a field.
    struct Error {
        std::string field;    // as the client knows it: "title"
        std::string message;  // "must not be empty"
    };

    // Whether everything is right so far.
    explicit operator bool() const { return errors_.empty(); }
    [[nodiscard]] const std::vector<Error>& errors() const { return errors_; }  // in the order of the checks

    // Notes an error, unless the field has one.
    void add(std::string_view field, std::string message);
    // Each of these notes an error unless what it says is true, and returns whether it is.
    bool that(bool holds, std::string_view field, std::string_view message);
    // `value` is not less than `least` and not more than `most`.
    template <class T>
        requires std::integral<T> || std::floating_point<T>
    bool in_range(std::string_view field, T value, std::type_identity_t<T> least, std::type_identity_t<T> most) {
        const bool holds = value >= least && value <= most;
        if (!holds) add(field, "must be from " + text_of(least) + " to " + text_of(most));
        return holds;
    }
    // The text has so many characters, counted as Unicode does. A text that is not UTF-8 has none.
    bool has_length(std::string_view field, std::string_view text, std::size_t least, std::size_t most);

    // The parameter of the query: see Request::query(). `standard` if it is missing, or of another kind, which is
    // noted.
    template <class T>
        requires detail::QueryParameter<T>
    [[nodiscard]] T query(const Request& request, std::string_view name, T standard) {
        const std::optional<std::string> sent = request.query(name);
        if (!sent) return standard;
        std::optional<T> value = detail::from_text<T>(*sent);
        if (!value) add(name, "must be " + std::string(detail::kind_of<T>()));
        return value ? *std::move(value) : std::move(standard);
    }

    // 422 as application/problem+json (RFC 9457) with the member "errors": a list of {"field": …, "message": …}.
    [[nodiscard]] Response response() const;

private:
    template <class T>
    static std::string text_of(T number) {
        if constexpr (std::floating_point<T>) {
            return detail::number_text(static_cast<double>(number));
        } else if constexpr (std::unsigned_integral<T>) {
            return detail::number_text(static_cast<std::uint64_t>(number));
        } else {
            return detail::number_text(static_cast<std::int64_t>(number));
        }
    }

    std::vector<Error> errors_;
};

}  // namespace portico
