// portico/acme/store.cc — see store.h.
#include "portico/acme/store.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdio>
#include <string_view>

#include "portico/acme/documents.h"
#include "portico/tls/signing_key.h"

namespace portico::acme {
namespace {

constexpr std::string_view authority_line = "# Authority: ";
constexpr std::string_view key_begins = "-----BEGIN PRIVATE KEY-----\n";

bool is_path_octet(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

}  // namespace

std::string name_folder(const std::string& name) {
    std::string path = name;
    if (path.starts_with("*.")) path.front() = '_';
    assert(std::ranges::all_of(path, [](char c) { return is_path_octet(c) || c == '_'; }));
    assert(!path.starts_with('.'));
    return "names/" + path;
}

std::string certificate_path(const std::string& name) { return name_folder(name) + "/certificate.pem"; }
std::string attempts_path(const std::string& name) { return name_folder(name) + "/attempts"; }

std::string account_folder(const std::string& url) {
    const std::size_t scheme = url.find("://");
    const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
    std::string host = url.substr(begin, url.find_first_of(":/?#", begin) - begin);
    std::erase_if(host, [](char c) { return !is_path_octet(c); });
    std::array<char, 10> digits{};
    const std::string hash = tls::sha256(url);
    const auto octet = [&hash](std::size_t at) { return static_cast<unsigned>(static_cast<unsigned char>(hash[at])); };
    std::snprintf(digits.data(), digits.size(), "-%02x%02x%02x%02x", octet(0), octet(1), octet(2), octet(3));
    return "accounts/" + host + digits.data();
}

std::string text_of(const StoredCertificate& certificate) {
    return std::string(authority_line) + certificate.directory + "\n" + certificate.chain + certificate.key;
}

std::optional<StoredCertificate> read_certificate(const std::string& text) {
    const std::size_t line = text.find('\n');
    const std::size_t key = text.find(key_begins);
    if (!text.starts_with(authority_line) || key == std::string::npos || key < line) return std::nullopt;
    StoredCertificate certificate;
    certificate.directory = text.substr(authority_line.size(), line - authority_line.size());
    certificate.chain = text.substr(line + 1, key - line - 1);
    certificate.key = text.substr(key);
    if (!is_https(certificate.directory) || certificate.chain.empty()) return std::nullopt;
    return certificate;
}

}  // namespace portico::acme
