// portico/embed/middleware_notes.h — what middleware says of itself, for descriptions of the routes (openapi.h).
//
//   server.use(portico::Middleware(check_key)
//                  .describe_security(portico::SecurityScheme::field("X-Api-Key", "Ask us for one."))
//                  .describe_answer(portico::Status::unauthorized));
//
// Room embed: see response.h.
// Threads:   values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "portico/embed/route_notes.h"
#include "portico/http/status.h"

namespace portico {

// How clients show who they are (OpenAPI 3.1 §4.8.27). `text` is for people, and may be empty.
class SecurityScheme {
public:
    // Where the secret is: in Authorization, or in a field, cookie or parameter of the query; or the client has a
    // certificate.
    enum class Kind : std::uint8_t { bearer, basic, field, cookie, query, mutual_tls };

    // Authorization with a token (RFC 6750), or with a user and a password (RFC 7617).
    [[nodiscard]] static SecurityScheme bearer(std::string text = {}) { return {Kind::bearer, {}, std::move(text)}; }
    [[nodiscard]] static SecurityScheme basic(std::string text = {}) { return {Kind::basic, {}, std::move(text)}; }
    // A secret in the field, the cookie, or the parameter of the query with this name.
    [[nodiscard]] static SecurityScheme field(std::string name, std::string text = {}) {
        return {Kind::field, std::move(name), std::move(text)};
    }
    [[nodiscard]] static SecurityScheme cookie(std::string name, std::string text = {}) {
        return {Kind::cookie, std::move(name), std::move(text)};
    }
    [[nodiscard]] static SecurityScheme query(std::string name, std::string text = {}) {
        return {Kind::query, std::move(name), std::move(text)};
    }

    // A certificate that clients show in the TLS handshake: see Request::client_certificate().
    [[nodiscard]] static SecurityScheme mutual_tls(std::string text = {}) {
        return {Kind::mutual_tls, {}, std::move(text)};
    }

    // What it was made with.
    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] const std::string& name() const { return name_; }  // empty: it has none
    [[nodiscard]] const std::string& text() const { return text_; }  // may be empty
    // Whether kind, name and text are the same.
    [[nodiscard]] bool operator==(const SecurityScheme&) const = default;

private:
    SecurityScheme(Kind kind, std::string name, std::string text)
        : kind_(kind), name_(std::move(name)), text_(std::move(text)) {}

    Kind kind_;
    std::string name_;
    std::string text_;
};

// A field that an answer has. Its value is a T: a number, a bool or a std::string.
class AnswerField {
public:
    // `text`: for people; may be empty.
    template <class T = std::string>
    [[nodiscard]] static AnswerField of(std::string name, std::string text = std::string()) {
        return {std::move(name), std::move(text), detail::value_type<T>()};
    }

    // What it was made with.
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::string& text() const { return text_; }  // may be empty
    // For the description.
    [[nodiscard]] const detail::ValueType& type() const { return type_; }

private:
    AnswerField(std::string name, std::string text, detail::ValueType type)
        : name_(std::move(name)), text_(std::move(text)), type_(type) {}

    std::string name_;
    std::string text_;
    detail::ValueType type_;
};

// What a Middleware has been told to say; see Middleware::describe_security() and describe_answer().
struct MiddlewareNotes {
    // How clients show who they are.
    struct Security {
        SecurityScheme scheme;  // how they show it
        Presence presence;      // whether they must
    };
    // An answer that the middleware gives instead of the handler.
    struct Answer {
        http::Status status;              // such as 401
        std::string text;                 // for people
        std::vector<AnswerField> fields;  // besides those of every answer
    };

    std::vector<Security> security;  // in the order of the calls
    std::vector<Answer> answers;     // the same
};

}  // namespace portico
