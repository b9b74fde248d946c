// portico/app/certificates.cc — see certificates.h.
#include "portico/app/certificates.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <expected>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "portico/acme/store.h"
#include "portico/app/local_authority.h"
#include "portico/app/machine.h"
#include "portico/app/notice.h"
#include "portico/app/retype.h"
#include "portico/io/net/interfaces.h"
#include "portico/tls/certificate_request.h"

namespace portico::app {
namespace {

// How long a local certificate is used. It is valid for 90 days.
constexpr std::chrono::days local_certificate_time{30};

tls::ServerTlsOptions options_of(const TlsPlan& plan) {
    tls::ServerTlsOptions options;
    options.profile = plan.profile;
    options.unknown_names = plan.unknown_names;
    options.early_data = plan.early_data;
    if (plan.staples != nullptr) options.staples = plan.staples->staples();
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

// The certificates that have been issued, and one that nobody vouches for where there is none yet.
class IssuedCertificates {
public:
    explicit IssuedCertificates(const TlsPlan& plan) : plan_(plan) {}

    [[nodiscard]] server::OpenedCertificates open() {
        auto rules = server::read_client_rules(plan_.client_authorities, plan_.clients);
        if (!rules) return std::unexpected(rules.error());
        tls::ServerTlsOptions options = options_of(plan_);
        options.challenge = [challenges = plan_.challenges](const std::string& name) {
            return challenges->certificate(name);
        };
        for (const std::string& name : plan_.acme.names) {
            auto credentials = one(name);
            if (!credentials) return std::unexpected(credentials.error());
            options.credentials.emplace_back(*std::move(credentials), *rules);
        }
        auto context = tls::ServerContext::open(options);
        if (!context) return std::unexpected(server::CertificateNews{context.error()});
        return *std::move(context);
    }

private:
    std::expected<tls::Credentials, server::CertificateNews> one(const std::string& name) {
        auto stored = acme::stored_credentials(plan_.acme.folder, name);
        if (!stored) return std::unexpected(server::CertificateNews{stored.error().message});
        if (*stored) {
            missing_.erase(name);
            return **std::move(stored);
        }
        if (missing_.insert(name).second) {
            tell(server::CertificateNews{
                fmt::format("there is no certificate for {} yet: until there is one, clients are shown a certificate "
                            "that nobody vouches for",
                            name)});
        }
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        const auto made = tls::make_self_signed({name}, now);
        if (!made) return std::unexpected(server::CertificateNews{made.error()});
        auto credentials = tls::Credentials::read(made->chain, made->key);
        if (!credentials) return std::unexpected(server::CertificateNews{credentials.error()});
        return *std::move(credentials);
    }

    const TlsPlan plan_;
    std::set<std::string> missing_;  // names without a certificate: told once
};

// The files of the certificates, each with its key. Another process may be the one that has ordered them.
std::vector<std::string> files_of(const TlsPlan& plan) {
    std::vector<std::string> files{plan.client_authorities};
    for (const std::string& name : plan.acme.names) {
        files.push_back(plan.acme.folder + "/" + acme::certificate_path(name));
    }
    return files;
}

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
    if (plan.use == TlsUse::acme) return IssuedCertificates(plan).open();
    return server::open_certificates(plan.files, options_of(plan), tell);
}

server::CertificateWatch::Source source_of(const TlsPlan& plan) {
    server::CertificateWatch::Source source;
    if (plan.use == TlsUse::local) {
        source.state = [authorities = plan.client_authorities] {
            const auto period = std::chrono::system_clock::now().time_since_epoch() / local_certificate_time;
            return fmt::format("{};", period) + server::state_of_files({authorities});
        };
    } else if (plan.use == TlsUse::acme) {
        source.state = [files = files_of(plan)] { return server::state_of_files(files); };
        const auto issued = std::make_shared<IssuedCertificates>(plan);
        source.open = [issued] { return issued->open(); };
        source.tell = tell;
        return source;
    } else {
        source.state = [files = plan.files] { return server::state_of(files); };
    }
    source.open = [plan] { return open_tls(plan); };
    source.tell = tell;
    return source;
}

std::expected<std::unique_ptr<acme::Service>, std::string> start_orders(const TlsPlan& plan) {
    if (plan.use != TlsUse::acme) return nullptr;
    auto started = acme::Service::start(plan.acme, plan.challenges, [](const std::string& message) { note(message); });
    if (!started) return std::unexpected("no certificate can be ordered: " + started.error());
    return started;
}

}  // namespace portico::app
