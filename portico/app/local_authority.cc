// portico/app/local_authority.cc — see local_authority.h.
#include "portico/app/local_authority.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "portico/app/machine.h"
#include "portico/app/retype.h"
#include "portico/tls/local_authority.h"

namespace portico::app {
namespace {

using Problem = std::unexpected<Misuse>;

// The certificate and its key in one file, so that the two can't be from different authorities.
constexpr std::string_view secret_name = "authority-key.pem";
constexpr std::string_view public_name = "authority.pem";

std::string joined(const std::string& folder, std::string_view name) { return fmt::format("{}/{}", folder, name); }

Problem cannot(std::string_view doing, const std::string& path) {
    const int reason = errno;
    return Problem(Misuse{fmt::format("cannot {} '{}': {}", doing, path, std::strerror(reason)),
                          "ls -ld " + shell_quoted(std::filesystem::path(path).parent_path().string())});
}

std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A file that nobody else has, with this text.
class NewFile {
public:
    NewFile(const std::string& folder, mode_t mode) : path_(joined(folder, fmt::format(".new-{}", ::getpid()))) {
        number_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    ~NewFile() {
        if (number_ < 0) return;
        ::close(number_);
        ::unlink(path_.c_str());
    }
    // Puts the text on the disk. False: see errno.
    [[nodiscard]] bool write(std::string_view text) {
        while (number_ >= 0 && !text.empty()) {
            const ssize_t written = ::write(number_, text.data(), text.size());
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        return number_ >= 0 && ::fsync(number_) == 0;
    }
    // Gives the file a name, unless there is a file with that name. False: see errno.
    [[nodiscard]] bool name(const std::string& path) const { return ::link(path_.c_str(), path.c_str()) == 0; }
    // The same, in place of a file with that name.
    [[nodiscard]] bool rename(const std::string& path) const { return ::rename(path_.c_str(), path.c_str()) == 0; }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
    int number_;
};

std::expected<void, Misuse> make_secret(const std::string& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        errno = failure.value();
        return cannot("make the folder", folder);
    }
    const std::string host = host_name();
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto made = tls::make_authority("Portico on " + (host.empty() ? "this machine" : host), now);
    if (!made) return Problem(Misuse{made.error(), ""});
    NewFile file(folder, 0600);
    if (!file.write(made->chain + made->key)) return cannot("write", file.path());
    // Another process may have been faster; its authority is as good.
    const std::string path = joined(folder, secret_name);
    if (!file.name(path) && errno != EEXIST) return cannot("make", path);
    return {};
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

std::string authority_path(const std::string& folder) { return joined(folder, public_name); }

std::expected<tls::Credentials, Misuse> local_authority(const std::string& folder) {
    if (folder.empty()) {
        return Problem(Misuse{"there is no folder for the certificate authority: neither HOME nor XDG_DATA_HOME is set",
                              "XDG_DATA_HOME=/var/lib portico serve --tls"});
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
            Misuse{fmt::format("cannot use the certificate authority in '{}': {}", secret, authority.error()),
                   "mv " + shell_quoted(secret) + " " + shell_quoted(secret + ".old")});
    }
    const std::string shown = authority_path(folder);
    if (read_text(shown) != certificate_in(text)) {
        NewFile file(folder, 0644);
        if (!file.write(certificate_in(text)) || !file.rename(shown)) return cannot("write", shown);
    }
    return *std::move(authority);
}

std::expected<tls::Credentials, Misuse> local_credentials(const std::vector<std::string>& names) {
    const auto authority = local_authority(authority_folder());
    if (!authority) return Problem(authority.error());
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto issued = tls::issue(*authority, names, now);
    if (!issued) return Problem(Misuse{issued.error(), ""});
    auto credentials = tls::Credentials::read(issued->chain, issued->key);
    if (!credentials) return Problem(Misuse{credentials.error(), ""});
    return *std::move(credentials);
}

}  // namespace portico::app
