// portico/server/ticket_keys.cc — see ticket_keys.h.
#include "portico/server/ticket_keys.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>

namespace portico::server {
namespace {

// A chain of certificates takes a few kilobytes. What is larger is another kind of file.
constexpr std::size_t small_file_octets_max = 1024 * 1024;

}  // namespace

std::string state_of_files(const std::vector<std::string>& paths) {
    std::string state;
    for (const std::string& path : paths) {
        struct stat status{};
        if (::stat(path.c_str(), &status) != 0) {
            state += fmt::format("{};", errno);
            continue;
        }
        state += fmt::format("{} {} {} {}.{};", status.st_dev, status.st_ino, status.st_size, status.st_ctim.tv_sec,
                             status.st_ctim.tv_nsec);
    }
    return state;
}

std::expected<std::string, CertificateNews> read_small_file(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text;
    text.resize(small_file_octets_max + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad()) {
        const char* const reason = std::strerror(errno == 0 ? EIO : errno);
        return std::unexpected(CertificateNews{fmt::format("cannot read '{}': {}", path, reason), "ls -l", path});
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() <= small_file_octets_max) return text;
    return std::unexpected(CertificateNews{fmt::format("'{}' is too large for a certificate or a key", path)});
}

std::expected<TicketKeySource, CertificateNews> TicketKeySource::open(const std::string& path, io::TimePoint now) {
    TicketKeySource source(path, now);
    if (path.empty()) {
        source.keys_ = tls::TicketKeys::make();
        return source;
    }
    source.seen_ = state_of_files({path});
    const auto read = source.read();
    if (!read) return std::unexpected(read.error());
    return source;
}

std::expected<void, CertificateNews> TicketKeySource::read() {
    const auto octets = read_small_file(path_);
    if (!octets) return std::unexpected(octets.error());
    auto keys = tls::TicketKeys::read(*octets);
    if (!keys) {
        return std::unexpected(
            CertificateNews{fmt::format("cannot use '{}' for session tickets: {}", path_, keys.error()),
                            "openssl rand -out NEW-FILE 80"});
    }
    keys_ = *std::move(keys);
    return {};
}

std::expected<bool, CertificateNews> TicketKeySource::look(io::TimePoint now) {
    if (path_.empty()) {
        if (now - changed_at_ < time_of_own_key) return false;
        changed_at_ = now;
        keys_ = keys_->rotated();
        return true;
    }
    std::string state = state_of_files({path_});
    if (state == seen_) return false;
    seen_ = std::move(state);
    const auto changed = read();
    if (!changed) return std::unexpected(changed.error());
    return true;
}

}  // namespace portico::server
