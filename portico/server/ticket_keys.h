// portico/server/ticket_keys.h — where a server's keys for session tickets come from, as time goes on.
//
// Room server: see limits.h.
// Threads:   one at a time.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "portico/io/core.h"
#include "portico/tls/ticket_keys.h"

namespace portico::server {

// Something that an operator should know about certificates, or what belongs to them.
struct CertificateNews {
    std::string message;       // a sentence: what failed, on which file, and why
    std::string command = {};  // shows more, or mends it; may be empty
    std::string path = {};     // the command's last word, not quoted; may be empty
};

// Which files these are and when they were last changed, as a text that changes with them. A tool may replace a file,
// write to it, or turn a link to another one.
[[nodiscard]] std::string state_of_files(const std::vector<std::string>& paths);
// A small file's octets.
[[nodiscard]] std::expected<std::string, CertificateNews> read_small_file(const std::string& path);

// The keys of a file, which several machines may share, or the server's own, which it replaces every twelve hours.
class TicketKeySource {
public:
    static constexpr std::chrono::hours time_of_own_key{12};

    // `path` is empty: keys of the server's own.
    [[nodiscard]] static std::expected<TicketKeySource, CertificateNews> open(const std::string& path,
                                                                              io::TimePoint now);
    [[nodiscard]] const std::shared_ptr<const tls::TicketKeys>& keys() const { return keys_; }
    // Whether there are others now. The error says why a changed file can't be used, once; the keys stay.
    [[nodiscard]] std::expected<bool, CertificateNews> look(io::TimePoint now);

private:
    TicketKeySource(std::string path, io::TimePoint now) : path_(std::move(path)), changed_at_(now) {}
    [[nodiscard]] std::expected<void, CertificateNews> read();

    std::string path_;
    std::string seen_;  // the state of the file that is in use, or that was told
    io::TimePoint changed_at_;
    std::shared_ptr<const tls::TicketKeys> keys_;
};

}  // namespace portico::server
