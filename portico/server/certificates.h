// portico/server/certificates.h — certificates that are kept in files, and renewed there while a server runs.
//
// Room server: see limits.h.
// Threads:   none, but for the watch, which has one of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "portico/server/certificate_files.h"
#include "portico/server/limits.h"
#include "portico/server/ticket_keys.h"
#include "portico/tls/client_rules.h"
#include "portico/tls/credentials.h"
#include "portico/tls/early_data.h"
#include "portico/tls/server_context.h"

namespace portico::server {

using OpenedCertificates = std::expected<std::shared_ptr<const tls::ServerContext>, CertificateNews>;

using TellOperator = std::function<void(const CertificateNews&)>;

// For ServerTlsOptions::early_data, of a server that begins now.
[[nodiscard]] std::shared_ptr<tls::EarlyData> begin_early_data(const Limits& limits);

// "2026-11-22", in UTC.
[[nodiscard]] std::string day_of(std::chrono::sys_seconds time);

// Reads the files. `tell` learns of certificates that are not valid today: they are used nevertheless. `options` has
// everything but the credentials.
[[nodiscard]] OpenedCertificates open_certificates(const std::vector<CertificateFiles>& files,
                                                   tls::ServerTlsOptions options, const TellOperator& tell);
// Reads the authorities of clients; no demand if `path` is empty.
[[nodiscard]] std::expected<tls::ClientRules, CertificateNews> read_client_rules(const std::string& path,
                                                                                 ClientCertificates clients);
// What to watch: see state_of_files().
[[nodiscard]] std::string state_of(const std::vector<CertificateFiles>& files);

// Asks every two seconds whether there is something new, certificates or keys for tickets, and gives it to the server.
// What can't be used is told once, and changes nothing.
class CertificateWatch {
public:
    struct Source {
        std::function<std::string()> state;  // another text each time that there is something new
        std::function<OpenedCertificates()> open;
        TellOperator tell;
    };

    // Gives the server what is new; on the watch's thread.
    using Replace = std::function<void(const std::shared_ptr<const tls::ServerContext>&)>;

    // The server was opened with `in_use`, which `source` and `ticket_keys` have given. What `replace` uses outlives
    // the watch.
    CertificateWatch(Replace replace, std::shared_ptr<const tls::ServerContext> in_use, Source source,
                     TicketKeySource ticket_keys);
    CertificateWatch(const CertificateWatch&) = delete;
    CertificateWatch& operator=(const CertificateWatch&) = delete;
    ~CertificateWatch();

private:
    void watch();
    void look();
    [[nodiscard]] bool look_at_certificates();
    [[nodiscard]] bool look_at_ticket_keys();

    const Replace replace_;
    std::shared_ptr<const tls::ServerContext> in_use_;
    TicketKeySource ticket_keys_;
    const Source source_;
    std::string seen_;  // the state that is in use, or that was told
    std::mutex lock_;
    std::condition_variable ending_;
    bool is_ending_ = false;  // guarded by lock_
    std::thread thread_;
};

}  // namespace portico::server
