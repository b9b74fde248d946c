// portico/tls/server_context.cc — see server_context.h.
#include "portico/tls/server_context.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <utility>

#include "portico/tls/applications.h"
#include "portico/tls/credentials_parts.h"
#include "portico/tls/secrets.h"

namespace portico::tls {
namespace {

using Problem = std::unexpected<std::string>;

// Mozilla's "intermediate" list for TLS 1.2, without its finite-field groups, which only clients without elliptic
// curves need. The client's preference counts: one without AES in hardware prefers ChaCha20.
constexpr const char* intermediate_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* groups = "X25519:P-256:P-384";

}  // namespace

// One SSL_CTX for each set of names. OpenSSL looks for the certificate of a client's name in the first one's callback,
// which puts another context in the session's place.
struct ServerContext::Impl {
    std::vector<OwnedContext> contexts;       // the first is for clients that name no host, or an unknown one
    std::map<std::string, SSL_CTX*> by_name;  // "example.org", "*.example.org"
    std::string applications;                 // for ALPN: each with its length before it (RFC 7301 §3.1)
    std::function<std::optional<Credentials>(const std::string&)> challenge;
    OwnedContext challenge_context;  // for clients that ask for `challenge`; null: there are none

    [[nodiscard]] std::expected<SSL_CTX*, std::string> add(const ServerTlsOptions& options);
    [[nodiscard]] SSL_CTX* find(std::string_view name) const;
    [[nodiscard]] std::expected<void, std::string> accept_challenges(const ServerTlsOptions& options);
    static int look_for_challenge(SSL* ssl, int* alert, void* impl);
    static int show_challenge(SSL* ssl, int* alert, void* impl);
    static int choose_certificate(SSL* ssl, int* alert, void* impl);
    static int choose_application(SSL* ssl, const unsigned char** chosen, unsigned char* length,
                                  const unsigned char* offered, unsigned offered_octets, void* impl);
};

SSL_CTX* ServerContext::Impl::find(std::string_view name) const {
    std::string lower = in_lower_case(name);
    if (lower.ends_with('.')) lower.pop_back();
    auto at = by_name.find(lower);
    const std::size_t dot = lower.find('.');  // a wildcard stands for one label (RFC 6125 §6.4.3)
    if (at == by_name.end() && dot != std::string::npos) at = by_name.find("*" + lower.substr(dot));
    return at == by_name.end() ? nullptr : at->second;
}

int ServerContext::Impl::choose_certificate(SSL* ssl, int* /*alert*/, void* impl) {
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_CTX* const context = static_cast<const Impl*>(impl)->find(name);
    // A client that asks for an unknown name is shown the first certificate, and can then say what is wrong. The alert
    // unrecognized_name (RFC 6066 §3) would leave its user without a reason.
    if (context == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_SSL_CTX(ssl, context);
    return SSL_TLSEXT_ERR_OK;
}

int ServerContext::Impl::choose_application(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* length,
                                            const unsigned char* offered, unsigned offered_octets, void* impl) {
    const std::string& own = static_cast<const Impl*>(impl)->applications;
    unsigned char* selected = nullptr;
    const int result = SSL_select_next_proto(&selected, length, reinterpret_cast<const unsigned char*>(own.data()),
                                             static_cast<unsigned>(own.size()), offered, offered_octets);
    // A client that speaks only other protocols would not understand the answer (RFC 7301 §3.2).
    if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = selected;
    return SSL_TLSEXT_ERR_OK;
}

// Adds a context without certificates.
std::expected<SSL_CTX*, std::string> ServerContext::Impl::add(const ServerTlsOptions& options) {
    OwnedContext context(SSL_CTX_new(TLS_server_method()));
    if (context == nullptr) throw std::bad_alloc();
    SSL_CTX* const own = context.get();
    const int least = options.profile == Profile::modern ? TLS1_3_VERSION : TLS1_2_VERSION;
    const bool is_set = SSL_CTX_set_min_proto_version(own, least) == 1 &&
                        SSL_CTX_set_cipher_list(own, intermediate_ciphers) == 1 &&
                        SSL_CTX_set1_groups_list(own, groups) == 1;
    if (!is_set) return Problem("OpenSSL refuses the profile: " + take_error("no reason"));
    // Compression gives secrets away (CRIME), renegotiation costs the server more than the client.
    SSL_CTX_set_options(own, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(own, SSL_MODE_RELEASE_BUFFERS);  // an idle connection holds no record
    // Sessions are resumed by tickets, which the client keeps. All contexts are one server with one policy, so they
    // share the identity that tickets are bound to.
    SSL_CTX_set_session_cache_mode(own, SSL_SESS_CACHE_OFF);
    constexpr std::string_view identity = "portico";
    SSL_CTX_set_session_id_context(own, reinterpret_cast<const unsigned char*>(identity.data()), identity.size());
    SSL_CTX_set_tlsext_servername_callback(own, choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(own, this);
    SSL_CTX_set_alpn_select_cb(own, choose_application, this);
    contexts.push_back(std::move(context));
    return own;
}

namespace {

constexpr std::string_view acme_application = "acme-tls/1";

// The one protocol that the client offers, as the extension has it: the list's length, then each name's.
bool offers_only_acme(SSL* ssl) {
    const unsigned char* octets = nullptr;
    std::size_t length = 0;
    constexpr unsigned alpn = TLSEXT_TYPE_application_layer_protocol_negotiation;
    if (SSL_client_hello_get0_ext(ssl, alpn, &octets, &length) != 1) return false;
    const std::string_view offered(reinterpret_cast<const char*>(octets), length);
    return offered.size() == 3 + acme_application.size() && offered[0] == 0 &&
           offered[1] == static_cast<char>(acme_application.size() + 1) &&
           offered[2] == static_cast<char>(acme_application.size()) && offered.substr(3) == acme_application;
}

int choose_acme(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* length, const unsigned char* /*offered*/,
                unsigned /*offered_octets*/, void* /*nothing*/) {
    *chosen = reinterpret_cast<const unsigned char*>(acme_application.data());
    *length = static_cast<unsigned char>(acme_application.size());
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

// A validation connection (RFC 8737 §3) gets a context of its own, before anything else is chosen.
int ServerContext::Impl::look_for_challenge(SSL* ssl, int* /*alert*/, void* impl) {
    if (offers_only_acme(ssl)) SSL_set_SSL_CTX(ssl, static_cast<const Impl*>(impl)->challenge_context.get());
    return SSL_CLIENT_HELLO_SUCCESS;
}

int ServerContext::Impl::show_challenge(SSL* ssl, int* alert, void* impl) {
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    if (name == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
    const std::optional<Credentials> credentials = static_cast<const Impl*>(impl)->challenge(in_lower_case(name));
    if (!credentials) return SSL_TLSEXT_ERR_ALERT_FATAL;
    const bool is_used = SSL_use_certificate(ssl, credentials->parts().chain.front().get()) == 1 &&
                         SSL_use_PrivateKey(ssl, credentials->parts().key.get()) == 1;
    return is_used ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::expected<void, std::string> ServerContext::Impl::accept_challenges(const ServerTlsOptions& options) {
    challenge = options.challenge;
    const auto added = add(options);
    if (!added) return Problem(added.error());
    challenge_context = std::move(contexts.back());
    contexts.pop_back();
    SSL_CTX* const own = challenge_context.get();
    SSL_CTX_set_options(own, SSL_OP_NO_TICKET);  // nothing is resumed with what proves nothing but a name
    SSL_CTX_set_tlsext_servername_callback(own, show_challenge);
    SSL_CTX_set_alpn_select_cb(own, choose_acme, nullptr);
    // The callback of the context with which every session begins.
    SSL_CTX_set_client_hello_cb(contexts.front().get(), look_for_challenge, this);
    return {};
}

namespace {

std::expected<void, std::string> use(SSL_CTX& context, const Credentials::Parts& parts) {
    if (SSL_CTX_use_certificate(&context, parts.chain.front().get()) != 1 ||
        SSL_CTX_use_PrivateKey(&context, parts.key.get()) != 1) {
        return Problem("OpenSSL refuses the certificate: " + take_error("no reason"));
    }
    SSL_CTX_clear_chain_certs(&context);  // of this type of key
    for (std::size_t i = 1; i < parts.chain.size(); ++i) {
        if (SSL_CTX_add1_chain_cert(&context, parts.chain[i].get()) == 1) continue;
        return Problem("OpenSSL refuses the chain: " + take_error("no reason"));
    }
    return {};
}

}  // namespace

ServerContext::ServerContext(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
ServerContext::~ServerContext() = default;

std::expected<std::shared_ptr<const ServerContext>, std::string> ServerContext::open(const ServerTlsOptions& options) {
    if (options.credentials.empty()) return Problem("TLS needs a certificate");
    auto impl = std::make_shared<Impl>();
    impl->applications = application_list(options.applications);
    std::map<std::vector<std::string>, SSL_CTX*> of_names;
    for (const Credentials& credentials : options.credentials) {
        SSL_CTX*& context = of_names[credentials.names()];
        if (context == nullptr) {
            const auto added = impl->add(options);
            if (!added) return Problem(added.error());
            context = *added;
        }
        const auto used = use(*context, credentials.parts());
        if (!used) return Problem(used.error());
        for (const std::string& name : credentials.names()) impl->by_name.try_emplace(name, context);
    }
    if (options.challenge) {
        const auto accepted = impl->accept_challenges(options);
        if (!accepted) return Problem(accepted.error());
    }
    return std::shared_ptr<const ServerContext>(new ServerContext(std::move(impl)));
}

std::unique_ptr<Session> ServerContext::make_session(BufferPool& pool) const {
    OwnedSsl ssl(SSL_new(impl_->contexts.front().get()));
    if (ssl == nullptr) throw std::bad_alloc();
    SSL_set_accept_state(ssl.get());
    return std::make_unique<Session>(std::make_unique<Session::Secrets>(std::move(ssl), impl_), pool);
}

}  // namespace portico::tls
