// portico/tls/local_authority.cc — see local_authority.h.
#include "portico/tls/local_authority.h"

#include <openssl/x509v3.h>

#include <algorithm>

#include "portico/tls/credentials_parts.h"
#include "portico/tls/making.h"

namespace portico::tls {
namespace {

using std::chrono::days;
using Problem = std::unexpected<std::string>;

constexpr days authority_time{10 * 365};
constexpr days server_time{90};

}  // namespace

std::expected<PemPair, std::string> make_authority(const std::string& name, std::chrono::sys_seconds now,
                                                   KeyKind kind) {
    auto made = begin_certificate(name, now - days(1), now + authority_time, kind);
    if (!made) return Problem(made.error());
    X509& own = *made->certificate;
    const bool is_made = X509_set_issuer_name(&own, X509_get_subject_name(&own)) == 1 &&
                         add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                         add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                         add_extension(own, own, NID_subject_key_identifier, "hash") && sign(own, *made->key);
    if (!is_made) return openssl_cannot("make an authority");
    return PemPair{certificate_text(own), key_text(*made->key)};
}

std::expected<PemPair, std::string> issue(const Credentials& authority, const std::vector<std::string>& names,
                                          std::chrono::sys_seconds now, Purpose purpose, KeyKind kind) {
    const auto checked = check_names(names);
    if (!checked) return Problem(checked.error());
    X509& issuer = *authority.parts().chain.front();
    auto made = begin_certificate(names.front(), std::max(now - days(1), authority.begins()),
                                  std::min(now + server_time, authority.ends()), kind);
    if (!made) return Problem(made.error());
    X509& own = *made->certificate;
    const bool is_made =
        X509_set_issuer_name(&own, X509_get_subject_name(&issuer)) == 1 &&
        add_extension(own, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(own, issuer, NID_key_usage, "critical,digitalSignature") &&
        add_extension(own, issuer, NID_ext_key_usage, purpose == Purpose::server ? "serverAuth" : "clientAuth") &&
        add_extension(own, issuer, NID_subject_alt_name, alternative_names(names)) &&
        add_extension(own, issuer, NID_subject_key_identifier, "hash") &&
        add_extension(own, issuer, NID_authority_key_identifier, "keyid:always") && sign(own, *authority.parts().key);
    if (!is_made) return openssl_cannot("certify the names " + alternative_names(names));
    return PemPair{certificate_text(own), key_text(*made->key)};
}

std::string fingerprint(const Credentials& credentials) { return fingerprint_of(*credentials.parts().chain.front()); }

}  // namespace portico::tls
