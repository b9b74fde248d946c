// portico/server/certificates.cc — see certificates.h.
#include "portico/server/certificates.h"

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "portico/io/thread.h"

namespace portico::server {
namespace {

using Problem = std::unexpected<CertificateNews>;

constexpr std::chrono::seconds time_between_looks{2};

std::expected<tls::Credentials, CertificateNews> read_credentials(const CertificateFiles& files) {
    const auto chain = read_small_file(files.chain);
    if (!chain) return Problem(chain.error());
    const auto key = read_small_file(files.key);
    if (!key) return Problem(key.error());
    auto credentials = tls::Credentials::read(*chain, *key);
    if (credentials) return *std::move(credentials);
    return Problem(
        CertificateNews{fmt::format("cannot use '{}' with '{}': {}", files.chain, files.key, credentials.error()),
                        "openssl x509 -noout -subject -dates -in", files.chain});
}

std::string staple_path(const CertificateFiles& files) { return files.chain + ".ocsp"; }

// The OCSP response beside the certificate; nothing if there is none. One that can't be used is told and left out:
// clients then ask the authority themselves.
std::optional<tls::Staple> read_staple(const CertificateFiles& files, const tls::Credentials& credentials,
                                       const TellOperator& tell) {
    const std::string path = staple_path(files);
    std::error_code unknown;
    if (!std::filesystem::exists(path, unknown)) return std::nullopt;
    const auto response = read_small_file(path);
    if (!response) {
        tell(response.error());
        return std::nullopt;
    }
    auto staple = tls::Staple::read(*response, credentials);
    if (staple) return *std::move(staple);
    tell(CertificateNews{fmt::format("cannot use '{}' as the certificate's OCSP response: {}", path, staple.error()),
                         "openssl ocsp -noverify -resp_text -respin", path});
    return std::nullopt;
}

// Clients refuse such a certificate. It may still be what is wanted, for a test.
void tell_of_dates(const CertificateFiles& files, const tls::Credentials& credentials, const TellOperator& tell) {
    const auto now = std::chrono::system_clock::now();
    if (credentials.ends() <= now) {
        tell(CertificateNews{
            fmt::format("the certificate in '{}' expired on {}", files.chain, day_of(credentials.ends()))});
    } else if (credentials.begins() > now) {
        tell(CertificateNews{
            fmt::format("the certificate in '{}' is not valid before {}", files.chain, day_of(credentials.begins()))});
    }
}

}  // namespace

std::shared_ptr<tls::EarlyData> begin_early_data(const Limits& limits) {
    return std::make_shared<tls::EarlyData>(static_cast<std::uint32_t>(limits.early_data_octets_max),
                                            std::chrono::steady_clock::now(),
                                            std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

std::string day_of(std::chrono::sys_seconds time) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                       static_cast<unsigned>(day.day()));
}

std::expected<tls::ClientRules, CertificateNews> read_client_rules(const std::string& path,
                                                                   ClientCertificates clients) {
    if (path.empty()) return tls::ClientRules{};
    auto authorities = read_small_file(path);
    if (!authorities) return Problem(authorities.error());
    const bool is_required = clients == ClientCertificates::required;
    return tls::ClientRules{is_required ? tls::ClientDemand::required : tls::ClientDemand::optional,
                            *std::move(authorities)};
}

OpenedCertificates open_certificates(const std::vector<CertificateFiles>& files, tls::ServerTlsOptions options,
                                     const TellOperator& tell) {
    for (const CertificateFiles& one : files) {
        auto credentials = read_credentials(one);
        if (!credentials) return Problem(credentials.error());
        tell_of_dates(one, *credentials, tell);
        auto rules = read_client_rules(one.client_authorities, one.clients);
        if (!rules) return Problem(rules.error());
        tls::ServerIdentity identity(*std::move(credentials), *std::move(rules));
        identity.staple = read_staple(one, identity.credentials, tell);
        options.credentials.push_back(std::move(identity));
    }
    auto context = tls::ServerContext::open(options);
    if (!context) return Problem(CertificateNews{context.error()});
    return *std::move(context);
}

std::string state_of(const std::vector<CertificateFiles>& files) {
    std::vector<std::string> paths;
    for (const CertificateFiles& one : files) {
        paths.insert(paths.end(), {one.chain, one.key});
        if (!one.client_authorities.empty()) paths.push_back(one.client_authorities);
        paths.push_back(staple_path(one));
    }
    return state_of_files(paths);
}

CertificateWatch::CertificateWatch(Replace replace, std::shared_ptr<const tls::ServerContext> in_use, Source source,
                                   TicketKeySource ticket_keys)
    : replace_(std::move(replace)),
      in_use_(std::move(in_use)),
      ticket_keys_(std::move(ticket_keys)),
      source_(std::move(source)),
      seen_(source_.state()) {
    auto thread = io::start_thread([this] { watch(); }, io::ThreadSignals::blocked);
    if (thread) {
        thread_ = *std::move(thread);
    } else {
        source_.tell(CertificateNews{
            "no thread can be started to watch the certificates: restart the server when they are renewed"});
    }
}

CertificateWatch::~CertificateWatch() {
    {
        const std::lock_guard guard(lock_);
        is_ending_ = true;
    }
    ending_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void CertificateWatch::watch() {
    std::unique_lock guard(lock_);
    while (!ending_.wait_for(guard, time_between_looks, [this] { return is_ending_; })) look();
}

void CertificateWatch::look() {
    const bool has_certificates = look_at_certificates();
    const bool has_ticket_keys = look_at_ticket_keys();
    if (!has_certificates && !has_ticket_keys) return;
    in_use_ = in_use_->with(ticket_keys_.keys());
    replace_(in_use_);
}

// Whether there are new ones to be used.
bool CertificateWatch::look_at_certificates() {
    std::string state = source_.state();
    if (state == seen_) return false;
    seen_ = std::move(state);
    const OpenedCertificates renewed = source_.open();
    if (renewed) {
        in_use_ = *renewed;
        source_.tell(CertificateNews{"the certificates have been renewed"});
        return true;
    }
    CertificateNews news = renewed.error();
    news.message += "; the certificates in use stay";
    source_.tell(news);
    return false;
}

bool CertificateWatch::look_at_ticket_keys() {
    const auto changed = ticket_keys_.look(std::chrono::steady_clock::now());
    if (changed) return *changed;
    CertificateNews news = changed.error();
    news.message += "; the keys in use stay";
    source_.tell(news);
    return false;
}

}  // namespace portico::server
