// portico/embed/request.cc — see request.h.
#include "portico/embed/request.h"

#include <algorithm>
#include <utility>

#include "portico/embed/collected_max.h"
#include "portico/http/hex.h"
#include "portico/link/exchange.h"

namespace portico {
namespace {

std::unexpected<Refusal> refuse_as_too_large() {
    return http::refuse(Status::content_too_large, "the content is larger than this route accepts");
}

}  // namespace

Request::Request(link::Exchange& exchange)
    : exchange_(&exchange),
      message_(&exchange.request()),
      path_(exchange.path().empty() ? std::string_view("/") : exchange.path()) {}

std::optional<std::string_view> Request::field(std::string_view name) const { return message_->fields.find(name); }

std::optional<std::string> Request::query(std::string_view name) const { return find_in_form(message_->query, name); }

std::vector<std::string> Request::queries(std::string_view name) const {
    std::vector<std::string> all;
    std::string_view rest = message_->query;
    std::string_view key;
    std::string_view value;
    while (next_in_form(rest, key, value)) {
        if (decode_form(key) == name) all.push_back(decode_form(value));
    }
    return all;
}

std::optional<std::string_view> Request::cookie(std::string_view name) const {
    std::optional<std::string_view> found;
    message_->fields.for_each(http::FieldName::cookie, [&](std::string_view cookies) {
        // Quotation marks have no meaning here: every ';' ends a cookie.
        while (!cookies.empty()) {
            const std::string_view pair = cookies.substr(0, cookies.find(';'));
            cookies.remove_prefix(std::min(pair.size() + 1, cookies.size()));
            const std::string_view one = http::trim(pair);
            const std::size_t equals = one.find('=');
            if (!found && equals != std::string_view::npos && one.substr(0, equals) == name) {
                found = one.substr(equals + 1);
            }
        }
    });
    return found;
}

const io::SocketAddress& Request::peer() const { return exchange_->peer(); }
const io::SocketAddress& Request::client() const { return exchange_->client(); }

std::string_view Request::scheme() const {
    const std::optional<link::ForwardedClient>& forwarded = exchange_->notes().forwarded;
    const http::Scheme own = exchange_->session() == nullptr ? http::Scheme::http : http::Scheme::https;
    const http::Scheme scheme = forwarded ? forwarded->scheme.value_or(own) : own;
    return scheme == http::Scheme::https ? "https" : "http";
}

std::string_view Request::host() const {
    const std::optional<link::ForwardedClient>& forwarded = exchange_->notes().forwarded;
    return forwarded && !forwarded->host.empty() ? std::string_view(forwarded->host) : message_->authority;
}

std::optional<ClientCertificate> Request::client_certificate() const {
    const tls::Session* const session = exchange_->session();
    const tls::PeerCertificate* const shown = session == nullptr ? nullptr : session->client_certificate();
    if (shown == nullptr) return std::nullopt;
    ClientCertificate certificate;
    certificate.subject = shown->subject;
    certificate.issuer = shown->issuer;
    certificate.names = shown->names;
    certificate.valid_until = shown->ends;
    certificate.fingerprint = shown->fingerprint;
    return certificate;
}

bool Request::came_early() const { return exchange_->came_early(); }

io::Core& Request::core() const { return exchange_->core(); }
const std::vector<std::string_view>& Request::parameters() const { return exchange_->parameters(); }

std::string_view Request::user() const { return exchange_->notes().admitted; }

void Request::set_user(std::string name) {
    exchange_->notes().user = name;
    exchange_->notes().admitted = std::move(name);
}

std::string_view Request::pattern() const { return exchange_->notes().pattern; }
std::string_view Request::id() const { return exchange_->notes().request_id; }
void Request::set_id(std::string id) { exchange_->notes().request_id = std::move(id); }

std::vector<std::any>& Request::attached() const { return exchange_->attached(); }

Response detail::wrong_query(std::string_view name, std::string_view kind, std::string_view value) {
    constexpr std::size_t shown_max = 100;
    std::string text = "The parameter '";
    text += name;
    text += "' of the query must be ";
    text += kind;
    text += ", not '";
    text += value.substr(0, shown_max);
    text += "'.";
    Response response = Response::error(Status::bad_request, std::move(text));
    response.set_reason("a parameter of the query is of another kind");
    return response;
}

Task<bool> Request::send_early_hints(std::string links) {
    if (!http::is_field_value(links)) co_return false;
    http::Response hints;
    hints.status = Status::early_hints;
    hints.fields.add(http::FieldName::link, std::string_view(links));
    const link::Sent sent = co_await exchange_->send_interim(hints);
    co_return sent == link::Sent::whole;
}

void Request::limit_content(std::uint64_t octets) {
    std::uint64_t& most = exchange_->content_count().most;
    most = std::min(most, octets);
}

Task<Result<std::string_view>> Request::read() {
    // The announced length is checked before the client is told to send the content (RFC 9110 §10.1.1). Once refused,
    // content stays refused.
    link::ContentCount& count = exchange_->content_count();
    const std::uint64_t octets = std::max(count.read, message_->content_length.value_or(0));
    if (octets > count.most) co_return refuse_as_too_large();
    const link::ContentStep step = co_await exchange_->read_content();
    switch (step.end) {
        case link::ContentEnd::complete:
            count.read += step.octets.size();
            if (count.read > count.most) co_return refuse_as_too_large();
            co_return step.octets;
        case link::ContentEnd::refused: co_return std::unexpected(exchange_->refusal());
        case link::ContentEnd::left: break;
    }
    co_return http::refuse(Status::bad_request, "the client left before its content was complete");
}

Task<Result<std::string>> Request::content() {
    const CollectedMax* const set = find<CollectedMax>();
    return content(set == nullptr ? CollectedMax().octets : set->octets);
}

Task<Result<std::string>> Request::content(std::size_t octets_max) {
    // Content whose announced length is too large is refused before the client is told to send it (RFC 9110 §10.1.1).
    const std::uint64_t most = std::min<std::uint64_t>(octets_max, exchange_->content_count().most);
    if (message_->content_length.value_or(0) > most) {
        co_return refuse_as_too_large();
    }
    std::string all;
    for (;;) {
        const Result<std::string_view> octets = co_await read();
        if (!octets) co_return std::unexpected(octets.error());
        if (octets->empty()) co_return std::move(all);
        if (octets->size() > octets_max - all.size()) co_return refuse_as_too_large();
        exchange_->charge_kept(octets->size());
        all += *octets;
    }
}

std::string decode_form(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = i + 2 < text.size() ? http::hex_value(text[i + 1]) : -1;
        const int low = high >= 0 ? http::hex_value(text[i + 2]) : -1;
        if (text[i] == '%' && low >= 0) {
            decoded += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            decoded += text[i] == '+' ? ' ' : text[i];
        }
    }
    return decoded;
}

bool next_in_form(std::string_view& form, std::string_view& name, std::string_view& value) {
    while (!form.empty()) {
        const std::string_view pair = form.substr(0, form.find('&'));
        form.remove_prefix(std::min(pair.size() + 1, form.size()));
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        name = pair.substr(0, equals);
        value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
        return true;
    }
    return false;
}

std::optional<std::string> find_in_form(std::string_view form, std::string_view name) {
    std::string_view its_name;
    std::string_view value;
    while (next_in_form(form, its_name, value)) {
        if (decode_form(its_name) == name) return decode_form(value);
    }
    return std::nullopt;
}

void append_percent_encoded(std::string& out, std::string_view text) {
    for (const char octet : text) {
        const auto code = static_cast<unsigned char>(octet);
        const bool is_plain = (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
                              (octet >= 'a' && octet <= 'z') ||
                              std::string_view("-._~").find(octet) != std::string_view::npos;
        if (is_plain) {
            out += octet;
        } else {
            out += {'%', http::hex_digits_upper[code >> 4], http::hex_digits_upper[code & 15]};
        }
    }
}

void append_to_form(std::string& form, std::string_view name, std::string_view value) {
    if (!form.empty()) form += '&';
    append_percent_encoded(form, name);
    form += '=';
    append_percent_encoded(form, value);
}

}  // namespace portico
