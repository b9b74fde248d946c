// portico/server/misdirected.cc — see misdirected.h.
#include "portico/server/misdirected.h"

#include <string_view>

#include "portico/route/hosts.h"
#include "portico/tls/server_context.h"

namespace portico::server {

bool is_misdirected(const tls::Session* session, const http::Request& request) {
    // The authority form names the tunnel's destination, not the server that is asked for it (RFC 9112 §3.2.3).
    if (session == nullptr || request.form == http::TargetForm::authority) return false;
    // Nearly every request is for the name that its connection was opened for.
    const std::string_view name = session->server_name();
    const std::string_view host = request.authority.substr(0, name.size());
    const std::string_view rest = request.authority.substr(host.size());
    const bool ends_host = rest.empty() || rest.front() == ':';
    if (!name.empty() && ends_host && http::equals_ignoring_case(host, name)) return false;
    return !tls::may_serve(*session, route::host_of(request.authority));
}

}  // namespace portico::server
