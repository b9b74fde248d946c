// portico/embed/credentials_text_fuzz.cc — any octets as what a client shows: a session's cookie, a bearer token; and
// as what proxies say of it.
//
// Room embed: see response.h.
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "portico/embed/session_text.h"
#include "portico/http/bearer_auth.h"
#include "portico/http/forwarded.h"
#include "portico/http/message.h"
#include "portico/io/net/address.h"
#include "portico/route/trusted_proxies.h"

namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

void read_as_cookie(std::string_view text) {
    const std::vector<std::string> keys{std::string(32, 'a'), std::string(32, 'b')};
    const sys_seconds now(seconds(1000));
    assert(!portico::read_session(text, "session", keys, now));  // nobody guesses a signature

    portico::SignedSession session;
    session.valid_until = sys_seconds(seconds(text.size() % 2 == 0 ? 1001 : 1000));
    for (std::size_t i = 0; i < text.size(); i += 7) {
        session.values.insert_or_assign(std::string(text.substr(i, 2)), std::string(text.substr(i + 1, 6)));
    }
    const std::string written = portico::write_session(session, "session", keys[1]);
    const auto read = portico::read_session(written, "session", keys, now);
    const bool fits = written.size() + 8 <= portico::session_octets_max;
    assert(read.has_value() == (fits && text.size() % 2 == 0));
    if (!read) return;
    assert(read->values == session.values && read->valid_until == session.valid_until);
    assert(!portico::read_session(written, "other", keys, now));
    std::string tampered = written;
    tampered[text.size() % tampered.size()] ^= 1;
    assert(!portico::read_session(tampered, "session", keys, now));
}

void read_as_forwarded(std::string_view text) {
    using namespace portico;
    const auto node = http::parse_forwarded_node(text);
    if (node) assert(!node->address.empty() && node->address.find_first_of("%/ \"") == std::string_view::npos);
    const auto element = http::parse_forwarded_element(text);
    if (element) assert(http::is_field_value(element->node) && http::is_field_value(element->scheme));
    for (const route::ForwardedFields kind : {route::ForwardedFields::x_forwarded, route::ForwardedFields::forwarded}) {
        const auto proxies = route::TrustedProxies::make({"10.0.0.0/8"}, kind);
        http::Request request;
        for (const char* const name : {"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"}) {
            request.fields.add(name, text);
        }
        const auto peer = io::SocketAddress::of(io::IpAddress::v4({10, 0, 0, 1}), 80);
        const auto client = (*proxies)->client_of(request, peer);
        assert(client && client->address.family != io::Family::unix_path);
        assert(client->host.empty() || http::is_forwarded_host(client->host));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_as_cookie(text);
    read_as_forwarded(text);
    const auto token = portico::http::parse_bearer(text);
    if (token) assert(!token->empty() && token->find_first_of(" ,\"\r\n") == std::string_view::npos);
    return 0;
}
