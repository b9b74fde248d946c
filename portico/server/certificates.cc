// portico/server/certificates.cc — see certificates.h.
#include "portico/server/certificates.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <utility>

#include "portico/io/thread.h"
#include "portico/server/server.h"

namespace portico::server {
namespace {

using Problem = std::unexpected<CertificateNews>;

constexpr std::chrono::seconds time_between_looks{2};

// A chain of certificates takes a few kilobytes. What is larger is another kind of file.
constexpr std::size_t file_octets_max = 1024 * 1024;

std::expected<std::string, CertificateNews> read_file(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text;
    text.resize(file_octets_max + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad()) {
        const char* const reason = std::strerror(errno == 0 ? EIO : errno);
        return Problem(CertificateNews{fmt::format("cannot read '{}': {}", path, reason), "ls -l", path});
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() <= file_octets_max) return text;
    return Problem(CertificateNews{fmt::format("'{}' is too large for a certificate or a key", path)});
}

std::expected<tls::Credentials, CertificateNews> read_credentials(const CertificateFiles& files) {
    const auto chain = read_file(files.chain);
    if (!chain) return Problem(chain.error());
    const auto key = read_file(files.key);
    if (!key) return Problem(key.error());
    auto credentials = tls::Credentials::read(*chain, *key);
    if (credentials) return *std::move(credentials);
    return Problem(
        CertificateNews{fmt::format("cannot use '{}' with '{}': {}", files.chain, files.key, credentials.error()),
                        "openssl x509 -noout -subject -dates -in", files.chain});
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

std::string day_of(std::chrono::sys_seconds time) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                       static_cast<unsigned>(day.day()));
}

OpenedCertificates open_certificates(const std::vector<CertificateFiles>& files, tls::Profile profile,
                                     const TellOperator& tell) {
    tls::ServerTlsOptions options;
    options.profile = profile;
    for (const CertificateFiles& one : files) {
        auto credentials = read_credentials(one);
        if (!credentials) return Problem(credentials.error());
        tell_of_dates(one, *credentials, tell);
        options.credentials.push_back(*std::move(credentials));
    }
    auto context = tls::ServerContext::open(options);
    if (!context) return Problem(CertificateNews{context.error()});
    return *std::move(context);
}

std::string state_of(const std::vector<CertificateFiles>& files) {
    std::string state;
    for (const CertificateFiles& one : files) {
        for (const std::string& path : {one.chain, one.key}) {
            struct stat status{};
            if (::stat(path.c_str(), &status) != 0) {
                state += fmt::format("{};", errno);
                continue;
            }
            state += fmt::format("{} {} {} {}.{};", status.st_dev, status.st_ino, status.st_size, status.st_ctim.tv_sec,
                                 status.st_ctim.tv_nsec);
        }
    }
    return state;
}

CertificateWatch::CertificateWatch(Server& server, Source source)
    : server_(&server), source_(std::move(source)), seen_(source_.state()) {
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
    std::string state = source_.state();
    if (state == seen_) return;
    seen_ = std::move(state);
    const OpenedCertificates renewed = source_.open();
    if (renewed) {
        server_->replace_tls(*renewed);
        source_.tell(CertificateNews{"the certificates have been renewed"});
    } else {
        CertificateNews news = renewed.error();
        news.message += "; the certificates in use stay";
        source_.tell(news);
    }
}

}  // namespace portico::server
