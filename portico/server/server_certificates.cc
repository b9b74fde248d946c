// portico/server/server_certificates.cc — see server_certificates.h.
#include "portico/server/server_certificates.h"

#include <fmt/core.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <optional>
#include <set>
#include <utility>

#include "portico/acme/answers.h"
#include "portico/acme/staple_service.h"
#include "portico/acme/store.h"
#include "portico/server/local_authority.h"
#include "portico/tls/certificate_request.h"

namespace portico::server {
namespace {

using Problem = std::unexpected<CertificateNews>;

// How long a local certificate is used. It is valid for 90 days.
constexpr std::chrono::days local_certificate_time{30};

}  // namespace

// Opens what the plan says: at the start, and whenever there is something new.
class ServerCertificates::Opener {
public:
    Opener(CertificatePlan plan, TellOperator tell) : plan_(std::move(plan)), tell_(std::move(tell)) {
        if (plan_.use == CertificateUse::local || plan_.stapling == Stapling::from_files) return;
        staples_.emplace([this](const std::string& message) { tell_(CertificateNews{message}); });
    }

    [[nodiscard]] const CertificatePlan& plan() const { return plan_; }
    [[nodiscard]] const TellOperator& tell() const { return tell_; }
    [[nodiscard]] OpenedCertificates open() {
        tls::ServerTlsOptions options;
        options.profile = plan_.profile;
        options.unknown_names = plan_.unknown_names;
        options.early_data = plan_.early_data;
        if (staples_) options.staples = staples_->staples();
        if (plan_.offer == Applications::listed) options.applications = plan_.applications;
        if (plan_.use == CertificateUse::files) return open_certificates(plan_.files, std::move(options), tell_);
        auto rules = read_client_rules(plan_.client_authorities, plan_.clients);
        if (!rules) return Problem(rules.error());
        const auto added =
            plan_.use == CertificateUse::local ? add_local(*rules, options) : add_issued(*rules, options);
        if (!added) return Problem(added.error());
        auto context = tls::ServerContext::open(options);
        if (!context) return Problem(CertificateNews{context.error()});
        return *std::move(context);
    }
    // Another text each time that there is something new.
    [[nodiscard]] std::string state() const {
        switch (plan_.use) {
            case CertificateUse::files: return state_of(plan_.files);
            case CertificateUse::local: {
                // It is replaced long before it expires.
                const auto period = std::chrono::system_clock::now().time_since_epoch() / local_certificate_time;
                return fmt::format("{};", period) + state_of_files({plan_.client_authorities});
            }
            case CertificateUse::acme: {
                // Each file has a certificate and its key. Another process may be the one that has ordered them.
                std::vector<std::string> files{plan_.client_authorities};
                for (const std::string& name : plan_.acme.names) {
                    files.push_back(plan_.acme.folder + "/" + acme::certificate_path(name));
                }
                return state_of_files(files);
            }
            case CertificateUse::none: break;
        }
        return {};
    }

private:
    using Added = std::expected<void, CertificateNews>;

    [[nodiscard]] Added add_local(const tls::ClientRules& rules, tls::ServerTlsOptions& options) const {
        auto credentials = local_credentials(plan_.names);
        if (!credentials) return Problem(credentials.error());
        options.credentials.emplace_back(*std::move(credentials), rules);
        return {};
    }
    // The certificates that have been issued, and one that nobody vouches for where there is none yet.
    [[nodiscard]] Added add_issued(const tls::ClientRules& rules, tls::ServerTlsOptions& options) {
        options.challenge = [challenges = plan_.challenges](const std::string& name) {
            return challenges->certificate(name);
        };
        for (const std::string& name : plan_.acme.names) {
            auto credentials = issued(name);
            if (!credentials) return Problem(credentials.error());
            options.credentials.emplace_back(*std::move(credentials), rules);
        }
        return {};
    }
    [[nodiscard]] std::expected<tls::Credentials, CertificateNews> issued(const std::string& name) {
        auto stored = acme::stored_credentials(plan_.acme.folder, name);
        if (!stored) return Problem(CertificateNews{stored.error().message});
        if (*stored) {
            missing_.erase(name);
            return **std::move(stored);
        }
        if (missing_.insert(name).second) {
            tell_(CertificateNews{
                fmt::format("there is no certificate for {} yet: until there is one, clients are shown a certificate "
                            "that nobody vouches for",
                            name)});
        }
        const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        const auto made = tls::make_self_signed({name}, now);
        if (!made) return Problem(CertificateNews{made.error()});
        auto credentials = tls::Credentials::read(made->chain, made->key);
        if (!credentials) return Problem(CertificateNews{credentials.error()});
        return *std::move(credentials);
    }

    const CertificatePlan plan_;
    const TellOperator tell_;
    std::set<std::string> missing_;               // names without a certificate: told once
    std::optional<acme::StapleService> staples_;  // nothing: no OCSP responses are fetched
};

ServerCertificates::ServerCertificates(std::shared_ptr<Opener> opener,
                                       std::shared_ptr<const tls::ServerContext> context, TicketKeySource ticket_keys)
    : opener_(std::move(opener)), context_(std::move(context)), ticket_keys_(std::move(ticket_keys)) {}

ServerCertificates::~ServerCertificates() = default;

std::expected<std::unique_ptr<ServerCertificates>, CertificateNews> ServerCertificates::open(
    CertificatePlan plan, TicketKeySource ticket_keys, TellOperator tell) {
    assert(plan.use != CertificateUse::none);
    if (plan.use == CertificateUse::acme && plan.challenges == nullptr) {
        plan.challenges = std::make_shared<acme::Challenges>();
    }
    auto opener = std::make_shared<Opener>(std::move(plan), std::move(tell));
    const OpenedCertificates opened = opener->open();
    if (!opened) return Problem(opened.error());
    auto context = (*opened)->with(ticket_keys.keys());
    return std::unique_ptr<ServerCertificates>(
        new ServerCertificates(std::move(opener), std::move(context), std::move(ticket_keys)));
}

route::Precedence ServerCertificates::precedence() const {
    const auto& challenges = opener_->plan().challenges;
    return challenges == nullptr ? route::Precedence() : acme::answers_with(challenges);
}

void ServerCertificates::keep(CertificateWatch::Replace replace) {
    assert(ticket_keys_ && "once");
    CertificateWatch::Source source;
    source.state = [opener = opener_] { return opener->state(); };
    source.open = [opener = opener_] { return opener->open(); };
    source.tell = opener_->tell();
    watch_.emplace(std::move(replace), context_, std::move(source), *std::move(ticket_keys_));
    ticket_keys_.reset();
    const CertificatePlan& plan = opener_->plan();
    if (plan.use != CertificateUse::acme) return;
    auto started =
        acme::Service::start(plan.acme, plan.challenges,
                             [tell = opener_->tell()](const std::string& message) { tell(CertificateNews{message}); });
    if (started) {
        orders_ = *std::move(started);
    } else {
        opener_->tell()(CertificateNews{"no certificate can be ordered: " + started.error()});
    }
}

}  // namespace portico::server
