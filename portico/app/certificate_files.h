// portico/app/certificate_files.h — certificates that are kept in files, and are renewed there.
//
// Room app: see command.h.
// Threads:   the watch has one of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "portico/app/command.h"
#include "portico/app/serve_plan.h"
#include "portico/tls/server_context.h"

namespace portico::server {
class Server;
}

namespace portico::app {

// "2026-11-22", in UTC.
std::string day_of(std::chrono::sys_seconds time);

// Reads the files of the plan, or makes its local certificate. The advice says what to do if that fails.
[[nodiscard]] std::expected<std::shared_ptr<const tls::ServerContext>, Misuse> open_tls(const TlsPlan& plan);

// Looks at the files every two seconds, and gives the server what has been written to them. What can't be used is
// reported once, and changes nothing. A local certificate is replaced long before it expires.
class CertificateWatch {
public:
    // The server outlives the watch. Watches nothing without TLS.
    CertificateWatch(server::Server& server, TlsPlan plan);
    CertificateWatch(const CertificateWatch&) = delete;
    CertificateWatch& operator=(const CertificateWatch&) = delete;
    ~CertificateWatch();

private:
    void watch();
    void look();
    [[nodiscard]] std::string state_of_files() const;

    server::Server* server_;
    const TlsPlan plan_;
    std::string seen_;  // the state of the files that are in use, or that were reported
    std::mutex lock_;
    std::condition_variable ending_;
    bool is_ending_ = false;  // guarded by lock_
    std::thread thread_;
};

}  // namespace portico::app
