// portico/app/tls_facts.cc — see tls_facts.h.
#include "portico/app/tls_facts.h"

#include <fmt/core.h>

#include <string_view>

#include "portico/base/printable.h"
#include "portico/server/certificates.h"

namespace portico::app {

std::vector<std::string> tls_facts(const tls::Session& session) {
    const std::string_view application = session.application();
    std::vector<std::string> lines{fmt::format("{} with {}{}{}", session.version(), session.cipher(),
                                               application.empty() ? "" : ", ALPN ", printable(application))};
    for (const tls::PeerCertificate& one : session.peer_chain()) {
        lines.push_back("certificate of " + printable(one.subject));
        lines.push_back(fmt::format("  by {}, until {}", printable(one.issuer), server::day_of(one.ends)));
    }
    return lines;
}

}  // namespace portico::app
