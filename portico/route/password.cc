// portico/route/password.cc — see password.h.
#include "portico/route/password.h"

#include <crypt.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>

#include "portico/http/basic_auth.h"

namespace portico::route {
namespace {

// A kind of hash: its prefix, and how many octets its last part has.
struct Scheme {
    std::string_view prefix;
    std::size_t digest_octets;
};
constexpr std::array schemes = {
    Scheme{"$2a$", 53},  // salt and digest in one part
    Scheme{"$2b$", 53}, Scheme{"$2y$", 53}, Scheme{"$y$", 43}, Scheme{"$5$", 43}, Scheme{"$6$", 86},
};

bool is_crypt_octet(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '/';
}

// crypt_data is 32 KiB: too large for a stack, and it holds secrets that must not stay in memory.
class Crypt {
public:
    Crypt() : data_(std::make_unique<crypt_data>()) {}
    Crypt(const Crypt&) = delete;
    Crypt& operator=(const Crypt&) = delete;
    ~Crypt() { ::explicit_bzero(data_.get(), sizeof(crypt_data)); }

    // Empty if the setting is invalid. Valid as long as this object lives, until the next call.
    std::string_view hash(const std::string& password, const std::string& setting) {
        const char* const made = ::crypt_r(password.c_str(), setting.c_str(), data_.get());
        if (made == nullptr || made[0] == '*') return {};
        return made;
    }

private:
    std::unique_ptr<crypt_data> data_;
};

}  // namespace

std::expected<std::string, std::string> hash_password(const std::string& password) {
    if (password.empty()) return std::unexpected("the password is empty");
    if (password.find('\0') != std::string::npos) return std::unexpected("the password holds a NUL octet");
    std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
    constexpr unsigned long usual_cost = 0;
    if (::crypt_gensalt_rn("$y$", usual_cost, nullptr, 0, setting.data(), static_cast<int>(setting.size())) ==
        nullptr) {
        return std::unexpected("this machine's libcrypt makes no yescrypt salts");
    }
    Crypt crypt;
    const std::string_view hash = crypt.hash(password, setting.data());
    if (hash.empty()) return std::unexpected("libcrypt refused to hash the password; it may be too long (512 octets)");
    return std::string(hash);
}

std::expected<void, std::string> check_hash_format(const std::string& hash) {
    const auto* const scheme = std::find_if(schemes.begin(), schemes.end(), [&hash](const Scheme& candidate) {
        return hash.starts_with(candidate.prefix);
    });
    if (scheme == schemes.end()) {
        return std::unexpected("it is not a bcrypt ($2b$), yescrypt ($y$) or SHA-crypt ($5$, $6$) hash");
    }
    const std::string_view digest = std::string_view(hash).substr(hash.rfind('$') + 1);
    if (digest.size() != scheme->digest_octets || !std::all_of(digest.begin(), digest.end(), is_crypt_octet)) {
        return std::unexpected(
            "it is cut off or has stray octets; a shell eats the $ of a hash that is not in single quotes");
    }
    // An outdated kind of hash is accepted: that is the owner's decision.
    const int judgement = ::crypt_checksalt(hash.c_str());
    if (judgement == CRYPT_SALT_INVALID || judgement == CRYPT_SALT_METHOD_DISABLED) {
        return std::unexpected("this machine's libcrypt can't check it");
    }
    return {};
}

bool password_matches(const std::string& password, const std::string& hash) {
    Crypt crypt;
    const std::string_view made = crypt.hash(password, hash);
    // libcrypt reads up to the first NUL: "secret\0…" would be "secret".
    const bool whole = password.find('\0') == std::string::npos;
    return !made.empty() && whole && http::constant_time_equal(made, hash);
}

void wipe(std::string& secret) noexcept {
    ::explicit_bzero(secret.data(), secret.size());
    secret.clear();
}

}  // namespace portico::route
