// portico/embed/session_text.cc — see session_text.h.
#include "portico/embed/session_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "portico/acme/base64url.h"
#include "portico/embed/request.h"
#include "portico/http/basic_auth.h"
#include "portico/tls/signing_key.h"

namespace portico {
namespace {

// A NUL ends the cookie's name, which has none. So a text that is signed for one cookie is worth nothing in another.
std::string signature(std::string_view text, std::string_view cookie, std::string_view key) {
    std::string message = "portico session ";
    message.append(cookie).append(1, '\0').append(text);
    return tls::hmac_sha256(key, message);
}

}  // namespace

std::string write_session(const SignedSession& session, std::string_view cookie, std::string_view key) {
    std::string form;
    for (const auto& [name, value] : session.values) append_to_form(form, name, value);
    std::string text = std::to_string(session.valid_until.time_since_epoch().count()) + "." + form;
    return text + "." + acme::base64url(signature(text, cookie, key));
}

std::optional<SignedSession> read_session(std::string_view text, std::string_view cookie,
                                          std::span<const std::string> keys, std::chrono::sys_seconds now) {
    const std::size_t end = text.rfind('.');
    if (cookie.size() + 1 + text.size() > session_octets_max || end == std::string_view::npos) return std::nullopt;
    const auto sent = acme::from_base64url(text.substr(end + 1));
    text = text.substr(0, end);
    const bool is_signed = sent && std::ranges::any_of(keys, [&](const std::string& key) {
                               return http::constant_time_equal(*sent, signature(text, cookie, key));
                           });
    if (!is_signed) return std::nullopt;
    std::int64_t ending = 0;
    const auto [stopped_at, failure] = std::from_chars(text.data(), text.data() + text.size(), ending);
    if (failure != std::errc{} || stopped_at == text.data() + text.size() || *stopped_at != '.') return std::nullopt;
    SignedSession session;
    session.valid_until = std::chrono::sys_seconds(std::chrono::seconds(ending));
    if (session.valid_until <= now) return std::nullopt;
    std::string_view form = text.substr(static_cast<std::size_t>(stopped_at - text.data()) + 1);
    std::string_view name;
    std::string_view value;
    while (next_in_form(form, name, value)) session.values.insert_or_assign(decode_form(name), decode_form(value));
    return session;
}

}  // namespace portico
