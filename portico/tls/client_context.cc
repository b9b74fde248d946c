// portico/tls/client_context.cc — see client_context.h.
#include "portico/tls/client_context.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <new>
#include <utility>

#include "portico/io/net/address.h"
#include "portico/tls/applications.h"
#include "portico/tls/credentials_parts.h"
#include "portico/tls/secrets.h"

namespace portico::tls {
namespace {

using Problem = std::unexpected<std::string>;

std::expected<void, std::string> trust(SSL_CTX& context, const std::string& authorities) {
    if (authorities.empty()) {
        if (SSL_CTX_set_default_verify_paths(&context) == 1) return {};
        return Problem("the system's certificate authorities can't be read: " + take_error("no reason"));
    }
    const OwnedBio from(BIO_new_mem_buf(authorities.data(), static_cast<int>(authorities.size())));
    X509_STORE* const store = SSL_CTX_get_cert_store(&context);
    std::size_t count = 0;
    while (OwnedCertificate authority{PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr)}) {
        if (X509_STORE_add_cert(store, authority.get()) != 1) break;
        ++count;
    }
    ERR_clear_error();
    if (count > 0) return {};
    return Problem("there is no certificate among the authorities (-----BEGIN CERTIFICATE-----)");
}

}  // namespace

struct ClientContext::Impl {
    OwnedContext context;
    Verification verification = Verification::required;
};

ClientContext::ClientContext(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
ClientContext::~ClientContext() = default;

std::expected<std::shared_ptr<const ClientContext>, std::string> ClientContext::open(const ClientTlsOptions& options) {
    auto impl = std::make_shared<Impl>();
    impl->verification = options.verification;
    impl->context.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* const own = impl->context.get();
    if (own == nullptr) throw std::bad_alloc();
    if (SSL_CTX_set_min_proto_version(own, TLS1_2_VERSION) != 1) {
        return Problem("OpenSSL has no TLS 1.2: " + take_error("no reason"));
    }
    SSL_CTX_set_options(own, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(own, SSL_MODE_RELEASE_BUFFERS);
    if (options.verification == Verification::required) {
        SSL_CTX_set_verify(own, SSL_VERIFY_PEER, nullptr);
        const auto trusted = trust(*own, options.authorities);
        if (!trusted) return Problem(trusted.error());
    }
    if (options.own) {
        const auto used = use_credentials(*own, options.own->parts());
        if (!used) return Problem(used.error());
    }
    const std::string offered = application_list(options.applications);
    if (!offered.empty()) {
        // This function of OpenSSL returns 0 for success.
        SSL_CTX_set_alpn_protos(own, reinterpret_cast<const unsigned char*>(offered.data()),
                                static_cast<unsigned>(offered.size()));
    }
    return std::shared_ptr<const ClientContext>(new ClientContext(std::move(impl)));
}

std::expected<std::unique_ptr<Session>, std::string> ClientContext::make_session(const std::string& host,
                                                                                 BufferPool& pool) const {
    OwnedSsl ssl(SSL_new(impl_->context.get()));
    if (ssl == nullptr) throw std::bad_alloc();
    SSL_set_connect_state(ssl.get());
    // An address is not a name: it is verified, but never sent (RFC 6066 §3).
    const bool is_address = io::IpAddress::parse(host).has_value();
    bool is_set = is_address || SSL_set_tlsext_host_name(ssl.get(), host.c_str()) == 1;
    if (is_set && impl_->verification == Verification::required) {
        X509_VERIFY_PARAM* const demands = SSL_get0_param(ssl.get());
        is_set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(demands, host.c_str()) == 1
                            : SSL_set1_host(ssl.get(), host.c_str()) == 1;
    }
    if (!is_set) return Problem("no certificate can be for '" + host + "': " + take_error("it is no host name"));
    return std::make_unique<Session>(std::make_unique<Session::Secrets>(std::move(ssl), impl_), pool);
}

}  // namespace portico::tls
