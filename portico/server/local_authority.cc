// portico/server/local_authority.cc — see local_authority.h.
#include "portico/server/local_authority.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "portico/io/net/own_names.h"
#include "portico/io/temporary_file.h"
#include "portico/tls/local_authority.h"

namespace portico::server {
namespace {

using Problem = std::unexpected<CertificateNews>;

// The certificate and its key in one file, so that the two can't be from different authorities.
constexpr std::string_view secret_name = "authority-key.pem";
constexpr std::string_view public_name = "authority.pem";

// Who may read a file.
enum class Access : std::uint8_t { owner, everybody };

std::string joined(const std::string& folder, std::string_view name) { return fmt::format("{}/{}", folder, name); }

Problem cannot(std::string_view doing, const std::string& path) {
    const int reason = errno;
    return Problem(CertificateNews{fmt::format("cannot {} '{}': {}", doing, path, std::strerror(reason)), "ls -ld",
                                   std::filesystem::path(path).parent_path().string()});
}

std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Makes a file with this text, unless there is one. Another process may be faster; its file is as good.
io::Result<void> make_file(const std::string& folder, std::string_view name, std::string_view text, Access access) {
    auto file = io::TemporaryFile::create(folder);
    if (!file) return std::unexpected(file.error());
    const auto written = file->write(text);
    if (!written) return written;
    const auto synchronised = file->synchronise();
    if (!synchronised) return synchronised;
    const auto finished = file->finish();
    if (!finished) return finished;
    if (access == Access::everybody && ::chmod(file->path().c_str(), 0644) != 0) return io::fail(errno, "chmod");
    const auto kept = file->keep(joined(folder, name));
    if (!kept && kept.error().number != EEXIST) return kept;
    return {};
}

std::expected<void, CertificateNews> make_secret(const std::string& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        errno = failure.value();
        return cannot("make the folder", folder);
    }
    const std::string host = io::host_name();
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto made = tls::make_authority("Portico on " + (host.empty() ? "this machine" : host), now);
    if (!made) return Problem(CertificateNews{made.error()});
    const auto kept = make_file(folder, secret_name, made->chain + made->key, Access::owner);
    if (kept) return {};
    errno = kept.error().number;
    return cannot("make", joined(folder, secret_name));
}

// The first certificate of a PEM text, without the key that follows it.
std::string certificate_in(const std::string& text) {
    constexpr std::string_view end = "-----END CERTIFICATE-----\n";
    const std::size_t at = text.find(end);
    return at == std::string::npos ? std::string() : text.substr(0, at + end.size());
}

}  // namespace

std::string authority_folder() {
    const char* const data = std::getenv("XDG_DATA_HOME");
    if (data != nullptr && data[0] == '/') return joined(data, "portico");
    const char* const home = std::getenv("HOME");
    if (home != nullptr && home[0] == '/') return joined(home, ".local/share/portico");
    return {};
}

std::string acme_folder() {
    const std::string folder = authority_folder();
    return folder.empty() ? "/var/lib/portico/acme" : joined(folder, "acme");
}

std::string authority_path(const std::string& folder) { return joined(folder, public_name); }

std::expected<tls::Credentials, CertificateNews> local_authority(const std::string& folder) {
    if (folder.empty()) {
        return Problem(
            CertificateNews{"there is no folder for the certificate authority: neither HOME nor XDG_DATA_HOME is set",
                            "export XDG_DATA_HOME=/var/lib"});
    }
    const std::string secret = joined(folder, secret_name);
    if (::access(secret.c_str(), F_OK) != 0 && errno == ENOENT) {
        const auto made = make_secret(folder);
        if (!made) return Problem(made.error());
    }
    if (::access(secret.c_str(), R_OK) != 0) return cannot("read", secret);
    const std::string text = read_text(secret);
    auto authority = tls::Credentials::read(certificate_in(text), text);
    if (!authority) {
        return Problem(
            CertificateNews{fmt::format("cannot use the certificate authority in '{}': {}", secret, authority.error()),
                            "rm -i", secret});
    }
    const std::string shown = authority_path(folder);
    if (read_text(shown) != certificate_in(text)) {
        ::unlink(shown.c_str());  // that of an earlier authority
        const auto kept = make_file(folder, public_name, certificate_in(text), Access::everybody);
        if (!kept) {
            errno = kept.error().number;
            return cannot("make", shown);
        }
    }
    return *std::move(authority);
}

std::expected<tls::Credentials, CertificateNews> local_credentials(const std::vector<std::string>& names) {
    const auto authority = local_authority(authority_folder());
    if (!authority) return Problem(authority.error());
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto issued = tls::issue(*authority, names, now);
    if (!issued) return Problem(CertificateNews{issued.error()});
    auto credentials = tls::Credentials::read(issued->chain, issued->key);
    if (!credentials) return Problem(CertificateNews{credentials.error()});
    return *std::move(credentials);
}

}  // namespace portico::server
