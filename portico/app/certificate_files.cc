// portico/app/certificate_files.cc — see certificate_files.h.
#include "portico/app/certificate_files.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "portico/app/local_authority.h"
#include "portico/app/notice.h"
#include "portico/app/retype.h"
#include "portico/io/thread.h"
#include "portico/server/server.h"
#include "portico/tls/credentials.h"

namespace portico::app {
namespace {

constexpr std::chrono::seconds time_between_looks{2};

// How long a local certificate is used. It is valid for 90 days.
constexpr std::chrono::days local_certificate_time{30};

// A chain of certificates takes a few kilobytes. What is larger is another kind of file.
constexpr std::size_t file_octets_max = 1024 * 1024;

std::expected<std::string, Misuse> read_file(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text;
    text.resize(file_octets_max + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad()) {
        return std::unexpected(
            Misuse{fmt::format("cannot read '{}': {}", path, std::strerror(errno == 0 ? EIO : errno)),
                   "ls -l " + shell_quoted(path)});
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() <= file_octets_max) return text;
    return std::unexpected(Misuse{fmt::format("'{}' is too large for a certificate or a key", path), ""});
}

std::expected<tls::Credentials, Misuse> read_credentials(const CertificateFiles& files) {
    const auto chain = read_file(files.chain);
    if (!chain) return std::unexpected(chain.error());
    const auto key = read_file(files.key);
    if (!key) return std::unexpected(key.error());
    auto credentials = tls::Credentials::read(*chain, *key);
    if (!credentials) {
        return std::unexpected(
            Misuse{fmt::format("cannot use '{}' with '{}': {}", files.chain, files.key, credentials.error()),
                   "openssl x509 -noout -subject -dates -in " + shell_quoted(files.chain)});
    }
    return *std::move(credentials);
}

// Browsers refuse such a certificate. It may still be what the user wants, for a test.
void note_dates(const CertificateFiles& files, const tls::Credentials& credentials) {
    const auto now = std::chrono::system_clock::now();
    if (credentials.ends() <= now) {
        note(fmt::format("the certificate in '{}' expired on {}", files.chain, day_of(credentials.ends())));
    } else if (credentials.begins() > now) {
        note(fmt::format("the certificate in '{}' is not valid before {}", files.chain, day_of(credentials.begins())));
    }
}

}  // namespace

std::string day_of(std::chrono::sys_seconds time) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                       static_cast<unsigned>(day.day()));
}

std::expected<std::shared_ptr<const tls::ServerContext>, Misuse> open_tls(const TlsPlan& plan) {
    tls::ServerTlsOptions options;
    options.profile = plan.profile;
    if (plan.use == TlsUse::local) {
        auto credentials = local_credentials(plan.names);
        if (!credentials) return std::unexpected(credentials.error());
        options.credentials.push_back(*std::move(credentials));
    }
    for (const CertificateFiles& files : plan.files) {
        auto credentials = read_credentials(files);
        if (!credentials) return std::unexpected(credentials.error());
        note_dates(files, *credentials);
        options.credentials.push_back(*std::move(credentials));
    }
    auto context = tls::ServerContext::open(options);
    if (!context) return std::unexpected(Misuse{context.error(), ""});
    return *std::move(context);
}

CertificateWatch::CertificateWatch(server::Server& server, TlsPlan plan)
    : server_(&server), plan_(std::move(plan)), seen_(state_of_files()) {
    if (plan_.use == TlsUse::none) return;
    auto thread = io::start_thread([this] { watch(); }, io::ThreadSignals::blocked);
    if (thread) {
        thread_ = *std::move(thread);
    } else {
        note("no thread can be started to watch the certificate files: restart portico when they are renewed");
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

// Which files they are, and when they were last changed. A tool may replace a file, write to it, or turn a link to
// another one.
std::string CertificateWatch::state_of_files() const {
    std::string state;
    if (plan_.use == TlsUse::local) {
        const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
        return fmt::format("{}", since_1970 / local_certificate_time);
    }
    for (const CertificateFiles& files : plan_.files) {
        for (const std::string& path : {files.chain, files.key}) {
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

void CertificateWatch::look() {
    std::string state = state_of_files();
    if (state == seen_) return;
    seen_ = std::move(state);
    const auto renewed = open_tls(plan_);
    if (renewed) {
        server_->replace_tls(*renewed);
        if (plan_.use == TlsUse::files) note("the certificates have been renewed");
    } else {
        note(renewed.error().message + "; the certificates in use stay", renewed.error().advice);
    }
}

}  // namespace portico::app
