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
#include <string_view>
#include <thread>
#include <vector>

#include "portico/server/certificate_files.h"
#include "portico/tls/credentials.h"
#include "portico/tls/server_context.h"

namespace portico::server {

class Server;

// Something that an operator should know about certificates.
struct CertificateNews {
    std::string message;       // a sentence: what failed, on which file, and why
    std::string command = {};  // shows more, or mends it; may be empty
    std::string path = {};     // the command's last word, not quoted; may be empty
};

using OpenedCertificates = std::expected<std::shared_ptr<const tls::ServerContext>, CertificateNews>;

using TellOperator = std::function<void(const CertificateNews&)>;

// "2026-11-22", in UTC.
[[nodiscard]] std::string day_of(std::chrono::sys_seconds time);

// Reads the files. `tell` learns of certificates that are not valid today: they are used nevertheless.
[[nodiscard]] OpenedCertificates open_certificates(const std::vector<CertificateFiles>& files, tls::Profile profile,
                                                   const TellOperator& tell);
// Which files they are and when they were last changed, as a text that changes with them. A tool may replace a file,
// write to it, or turn a link to another one.
[[nodiscard]] std::string state_of(const std::vector<CertificateFiles>& files);

// Asks every two seconds whether there is something new, and gives it to the server. What can't be used is told once,
// and changes nothing.
class CertificateWatch {
public:
    struct Source {
        std::function<std::string()> state;  // another text each time that there is something new
        std::function<OpenedCertificates()> open;
        TellOperator tell;
    };

    // The server outlives the watch, and was opened with what `source` returned before.
    CertificateWatch(Server& server, Source source);
    CertificateWatch(const CertificateWatch&) = delete;
    CertificateWatch& operator=(const CertificateWatch&) = delete;
    ~CertificateWatch();

private:
    void watch();
    void look();

    Server* server_;
    const Source source_;
    std::string seen_;  // the state that is in use, or that was told
    std::mutex lock_;
    std::condition_variable ending_;
    bool is_ending_ = false;  // guarded by lock_
    std::thread thread_;
};

}  // namespace portico::server
