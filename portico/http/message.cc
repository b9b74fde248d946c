// portico/http/message.cc — see message.h.
#include "portico/http/message.h"

#include <array>
#include <utility>

namespace portico::http {
namespace {

constexpr std::array<std::string_view, 10> method_spellings = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                                               "CONNECT", "OPTIONS", "TRACE", "PATCH", ""};
static_assert(method_spellings.size() == static_cast<std::size_t>(Method::other) + 1);

}  // namespace

Method recognise_method(std::string_view token) {
    const auto is = [token](Method method) { return token == method_spellings[static_cast<std::size_t>(method)]; };
    switch (token.size()) {
        case 3:
            if (is(Method::get)) return Method::get;
            return is(Method::put) ? Method::put : Method::other;
        case 4:
            if (is(Method::head)) return Method::head;
            return is(Method::post) ? Method::post : Method::other;
        case 5:
            if (is(Method::trace)) return Method::trace;
            return is(Method::patch) ? Method::patch : Method::other;
        case 6: return is(Method::delete_) ? Method::delete_ : Method::other;
        case 7:
            if (is(Method::options)) return Method::options;
            return is(Method::connect) ? Method::connect : Method::other;
        default: return Method::other;
    }
}

std::string_view spelling(Method method) { return method_spellings[static_cast<std::size_t>(method)]; }

void Request::clear() {
    method = Method::get;
    method_token = {};
    form = TargetForm::origin;
    target = {};
    scheme = Scheme::http;
    path = {};
    query = {};
    has_query = false;
    authority = {};
    protocol = {};
    fields.clear();
    has_content = false;
    content_length.reset();
    expectation = Expectation::none;
}

bool Request::asks_for_trailers() const {
    bool asks = false;
    fields.for_each(FieldName::te, [&asks](std::string_view value) {
        while (const auto element = next_element(value)) asks = asks || equals_ignoring_case(*element, "trailers");
    });
    return asks;
}

std::uint64_t Response::content_octets() const {
    std::uint64_t octets = 0;
    for (const Piece& piece : content) octets += piece.length;
    return octets;
}

std::optional<std::uint64_t> Response::known_length() const {
    if (producer || content_length) return content_length;
    return content_octets();
}

std::optional<std::uint64_t> Response::announced_length(Method method) const {
    if (!may_have_content(status)) return status == Status::not_modified ? content_length : std::nullopt;
    const bool may_announce = producer || method == Method::head;
    return may_announce ? known_length() : content_octets();
}

void Response::add_made(FieldName name, std::string value) {
    made.push_back(std::make_unique<const std::string>(std::move(value)));
    fields.add(name, *made.back());
}

void Response::add_made(std::string_view name, std::string value) {
    const FieldName known = recognise(name);
    if (known != FieldName::other) return add_made(known, std::move(value));
    made.push_back(std::make_unique<const std::string>(name));
    const std::string_view own_name = *made.back();
    made.push_back(std::make_unique<const std::string>(std::move(value)));
    fields.add(known, own_name, *made.back());
}

void Response::clear() {
    status = Status::ok;
    fields.clear();
    content.clear();
    producer = nullptr;
    content_length.reset();
    trailers.clear();
    is_endless = false;
    upgrade = {};
    is_negotiated = false;
    is_standard_page = false;
    owner.reset();
    made.clear();
}

}  // namespace portico::http
