// portico/app/certificates.cc — see certificates.h.
#include "portico/app/certificates.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "portico/app/local_authority.h"
#include "portico/app/machine.h"
#include "portico/app/notice.h"
#include "portico/app/retype.h"
#include "portico/io/net/interfaces.h"

namespace portico::app {
namespace {

// How long a local certificate is used. It is valid for 90 days.
constexpr std::chrono::days local_certificate_time{30};

tls::ServerTlsOptions options_of(const TlsPlan& plan) {
    tls::ServerTlsOptions options;
    options.profile = plan.profile;
    options.unknown_names = plan.unknown_names;
    if (plan.applications == Applications::any) options.applications.clear();
    return options;
}

server::OpenedCertificates open_local(const TlsPlan& plan) {
    auto credentials = local_credentials(plan.names);
    if (!credentials) {
        return std::unexpected(server::CertificateNews{credentials.error().message, credentials.error().advice});
    }
    auto rules = server::read_client_rules(plan.client_authorities, plan.clients);
    if (!rules) return std::unexpected(rules.error());
    tls::ServerTlsOptions options = options_of(plan);
    options.credentials.emplace_back(*std::move(credentials), *std::move(rules));
    auto context = tls::ServerContext::open(options);
    if (!context) return std::unexpected(server::CertificateNews{context.error()});
    return *std::move(context);
}

void tell(const server::CertificateNews& news) { note(news.message, advice_of(news)); }

}  // namespace

std::string advice_of(const server::CertificateNews& news) {
    return news.path.empty() ? news.command : news.command + " " + shell_quoted(news.path);
}

std::vector<OwnAddress> own_addresses() {
    std::vector<OwnAddress> own;
    const auto interfaces = io::list_interfaces();
    if (!interfaces) return own;
    for (const io::Interface& interface : *interfaces) {
        if (!interface.is_up) continue;
        for (const io::InterfaceAddress& address : interface.addresses) own.push_back({interface.name, address.ip});
    }
    return own;
}

std::vector<std::string> names_of_this_machine() {
    std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};
    const auto add = [&names](const std::string& name) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    };
    for (const std::string& name : own_names(host_name())) add(name);
    for (const OwnAddress& own : own_addresses()) {
        // A link-local address is written with a zone, which a certificate can't have.
        if (own.ip.reach() != io::Reach::loopback && own.ip.reach() != io::Reach::link_local) add(own.ip.text());
    }
    return names;
}

server::OpenedCertificates open_tls(const TlsPlan& plan) {
    if (plan.use == TlsUse::local) return open_local(plan);
    return server::open_certificates(plan.files, options_of(plan), tell);
}

server::CertificateWatch::Source source_of(const TlsPlan& plan) {
    server::CertificateWatch::Source source;
    if (plan.use == TlsUse::local) {
        source.state = [authorities = plan.client_authorities] {
            const auto period = std::chrono::system_clock::now().time_since_epoch() / local_certificate_time;
            return fmt::format("{};", period) + server::state_of_files({authorities});
        };
    } else {
        source.state = [files = plan.files] { return server::state_of(files); };
    }
    source.open = [plan] { return open_tls(plan); };
    source.tell = tell;
    return source;
}

}  // namespace portico::app
