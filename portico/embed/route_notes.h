// portico/embed/route_notes.h — what is known of a route, for its description (openapi.h).
//
//   server.get("/notes/{id}", show_note)
//       .describe("Shows a note.")
//       .query<bool>("deleted", "also if it was deleted", false);
//
// Room embed: see response.h.
// Threads:   one thread describes the routes, before a server answers with them.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "portico/http/status.h"

namespace portico {

// Whether every request has a parameter.
enum class Presence : std::uint8_t { optional, required };

class RouteNotes;

namespace detail {

// The type of a parameter.
struct ValueType {
    enum class Kind : std::uint8_t { text, boolean, integer, unsigned_integer, number };
    Kind kind = Kind::text;
    std::size_t octets = 0;  // of a number
};

template <class T>
constexpr ValueType value_type() {
    using Kind = ValueType::Kind;
    if constexpr (std::same_as<T, bool>) {
        return {Kind::boolean, 0};
    } else if constexpr (std::integral<T>) {
        return {std::unsigned_integral<T> ? Kind::unsigned_integer : Kind::integer, sizeof(T)};
    } else if constexpr (std::floating_point<T>) {
        return {Kind::number, sizeof(T)};
    } else {
        return {};
    }
}

// Where a parameter is that is not in the path.
enum class ParameterPlace : std::uint8_t { query, field, cookie };

// The default of a parameter. std::monostate: it has none.
using Standard = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string>;

template <class T>
Standard standard_of(T value) {
    if constexpr (std::same_as<T, bool>) {
        return value;
    } else if constexpr (std::unsigned_integral<T>) {
        return std::uint64_t{value};
    } else if constexpr (std::integral<T>) {
        return std::int64_t{value};
    } else if constexpr (std::floating_point<T>) {
        return static_cast<double>(value);
    } else {
        return std::string(std::move(value));
    }
}

// One kind of answer.
struct AnswerType {
    std::uint16_t status = 0;  // 0: any other
    std::string_view content_type;
};

// What the compiler knows of a handler.
struct HandlerTypes {
    bool are_known = false;
    std::vector<ValueType> path;      // of its path parameters
    bool reads_content = false;       // it has an argument that is read from the content
    std::string_view content_type{};  // of that; empty: not known
    std::vector<AnswerType> answers;
    std::vector<void (*)(RouteNotes&)> arguments{};  // FromRequest<T>::describe of those that have it
};

}  // namespace detail

// A route's notes, which its functions add to and return. Texts are for people, unless they are said to be JSON; what
// is not JSON there is an error of the server's: it does not start.
class RouteNotes {
public:
    struct Description;  // for the library itself
    explicit RouteNotes(std::shared_ptr<Description> description) : description_(std::move(description)) {}

    // What the route is for: a sentence, and perhaps more after an empty line.
    RouteNotes& describe(std::string text);
    // What a parameter of the path means.
    RouteNotes& parameter(std::string name, std::string text);
    // A parameter of the query, as Request::query<T>() reads it. Each of these functions replaces what was said of the
    // same parameter.
    template <class T>
    RouteNotes& query(std::string name, std::string text = {}, Presence presence = Presence::optional) {
        return add(detail::ParameterPlace::query, std::move(name), std::move(text), presence, detail::value_type<T>());
    }
    // The same, with its default, as in Request::query<T>(name, standard).
    template <class T>
    RouteNotes& query(std::string name, std::string text, std::type_identity_t<T> standard) {
        return add(detail::ParameterPlace::query, std::move(name), std::move(text), Presence::optional,
                   detail::value_type<T>(), detail::standard_of<T>(std::move(standard)));
    }
    // A field of the request that the handler, middleware or a FromRequest reads.
    template <class T = std::string>
    RouteNotes& field(std::string name, std::string text = std::string(), Presence presence = Presence::optional) {
        return add(detail::ParameterPlace::field, std::move(name), std::move(text), presence, detail::value_type<T>());
    }
    // The same for a cookie.
    template <class T = std::string>
    RouteNotes& cookie(std::string name, std::string text = std::string(), Presence presence = Presence::optional) {
        return add(detail::ParameterPlace::cookie, std::move(name), std::move(text), presence, detail::value_type<T>());
    }
    // The content that the handler reads: a JSON Schema, or an example. The compiler knows only that it is JSON.
    RouteNotes& content_schema(std::string json);
    RouteNotes& content_example(std::string json);
    // An answer, and perhaps the JSON Schema of its content. It replaces what the handler's type says of this status.
    RouteNotes& answer(http::Status status, std::string text, std::string json_schema = {});
    // Leaves the route out of the description.
    RouteNotes& hide();

private:
    RouteNotes& add(detail::ParameterPlace place, std::string name, std::string text, Presence presence,
                    detail::ValueType type, detail::Standard standard = {});

    std::shared_ptr<Description> description_;
};

}  // namespace portico
