// portico/app/certificates.cc — see certificates.h.
#include "portico/app/certificates.h"

#include <fmt/core.h>

#include <utility>

#include "portico/app/local_authority.h"
#include "portico/app/notice.h"

namespace portico::app {
namespace {

// How long a local certificate is used. It is valid for 90 days.
constexpr std::chrono::days local_certificate_time{30};

server::OpenedCertificates open_local(const TlsPlan& plan) {
    auto credentials = local_credentials(plan.names);
    if (!credentials) {
        return std::unexpected(server::CertificateProblem{credentials.error().message, credentials.error().advice});
    }
    tls::ServerTlsOptions options;
    options.profile = plan.profile;
    options.credentials.push_back(*std::move(credentials));
    auto context = tls::ServerContext::open(options);
    if (!context) return std::unexpected(server::CertificateProblem{context.error(), ""});
    return *std::move(context);
}

void tell(const std::string& sentence, const std::string& advice) { note(sentence, advice); }

}  // namespace

std::string day_of(std::chrono::sys_seconds time) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                       static_cast<unsigned>(day.day()));
}

server::OpenedCertificates open_tls(const TlsPlan& plan) {
    if (plan.use == TlsUse::local) return open_local(plan);
    return server::open_certificates(plan.files, plan.profile, tell);
}

server::CertificateWatch::Source source_of(const TlsPlan& plan) {
    server::CertificateWatch::Source source;
    if (plan.use == TlsUse::local) {
        source.state = [] {
            return fmt::format("{}", std::chrono::system_clock::now().time_since_epoch() / local_certificate_time);
        };
    } else {
        source.state = [files = plan.files] { return server::state_of(files); };
    }
    source.open = [plan] { return open_tls(plan); };
    source.tell = tell;
    return source;
}

}  // namespace portico::app
