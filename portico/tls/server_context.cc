// portico/tls/server_context.cc — see server_context.h.
#include "portico/tls/server_context.h"

#include <openssl/pem.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <utility>

#include "portico/io/net/address.h"
#include "portico/tls/applications.h"
#include "portico/tls/credentials_parts.h"
#include "portico/tls/secrets.h"
#include "portico/tls/server_name.h"
#include "portico/tls/staple_parts.h"
#include "portico/tls/ticket_keys_parts.h"

namespace portico::tls {
namespace {

using Problem = std::unexpected<std::string>;

// Mozilla's "intermediate" list for TLS 1.2, without its finite-field groups, which only clients without elliptic
// curves need. The client's preference counts: one without AES in hardware prefers ChaCha20.
constexpr const char* intermediate_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* groups = "X25519:P-256:P-384";

// How long a ticket can be used, in seconds: as long as the keys of a server that replaces them every twelve hours.
constexpr long ticket_time = 24 * 60 * 60;
// Certificates between a client's and its authority's. Each costs us a verification.
constexpr int client_chain_max = 4;
// What a client may send as its certificates.
constexpr long client_chain_octets_max = 32 * 1024;

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

// Collects what a session must have in common with the one that it resumes.
class Digester {
public:
    Digester() : context_(EVP_MD_CTX_new()) {
        if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
            throw std::bad_alloc();
    }
    // The length comes first, so that no octets can stand for two lists of parts.
    void add(std::string_view octets) {
        const std::uint64_t length = octets.size();
        is_whole_ = is_whole_ && EVP_DigestUpdate(context_.get(), &length, sizeof length) == 1 &&
                    EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) == 1;
    }
    [[nodiscard]] Digest end() {
        Digest digest{};
        if (!is_whole_ || EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) != 1) throw std::bad_alloc();
        return digest;
    }

private:
    Owned<EVP_MD_CTX, EVP_MD_CTX_free> context_;
    bool is_whole_ = true;
};

int verification(ClientDemand demand) {
    switch (demand) {
        case ClientDemand::none: return SSL_VERIFY_NONE;
        case ClientDemand::optional: return SSL_VERIFY_PEER;
        case ClientDemand::required: return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    return SSL_VERIFY_NONE;
}

// Names are looked up as people write addresses: "2001:db8::1".
std::string as_looked_up(const std::string& name) {
    const auto address = io::IpAddress::parse(name);
    return address ? address->text() : name;
}

// Whether a wildcard of certificates, or a name without one, stands for `host` (RFC 6125 §6.4.3).
bool stands_for(std::string_view name, std::string_view host) {
    if (name == host) return true;
    const std::size_t dot = host.find('.');
    return name.starts_with("*.") && dot != std::string_view::npos && dot > 0 && name.substr(1) == host.substr(dot);
}

}  // namespace

// The certificates for one set of names, and their rules. OpenSSL asks for the site of a client's name as soon as it
// has read the client's first message, before it looks at a ticket: a session is resumed by the rules of its own site.
struct Site {
    const ServerContext::Impl* server = nullptr;
    OwnedContext context;
    std::vector<std::string> names;
    std::vector<std::pair<const X509*, std::shared_ptr<StaplePlace>>> staples;  // for certificates of the context
    ClientDemand demand = ClientDemand::none;
    Digest rules{};         // the demand, and the authorities
    Digester certificates;  // while they are added
};

struct ServerContext::Impl {
    std::vector<std::unique_ptr<Site>> sites;           // the first is for clients that name no host, or an unknown one
    std::map<std::string, Site*, std::less<>> by_name;  // "example.org", "*.example.org", "2001:db8::1"
    std::string applications;                           // for ALPN: each with its length before it (RFC 7301 §3.1)
    UnknownNames unknown_names = UnknownNames::first_certificate;
    std::function<std::optional<Credentials>(const std::string&)> challenge;
    OwnedContext challenge_context;  // for an authority's validation; null: there is none
    std::shared_ptr<EarlyData> early_data;

    [[nodiscard]] std::expected<void, std::string> add(const ServerIdentity& identity, const ServerTlsOptions& options);
    [[nodiscard]] std::expected<Site*, std::string> add_site(const ServerIdentity& identity,
                                                             const ServerTlsOptions& options);
    [[nodiscard]] std::expected<void, std::string> accept_challenges(const ServerTlsOptions& options);
    static int show_challenge(SSL* ssl, int* alert, void* impl);
    void finish() const;
    // `host` as may_serve() has it.
    [[nodiscard]] const Site* find(std::string_view host) const;
    // The site for a client's name; null if it is refused.
    [[nodiscard]] const Site* site_for(std::string_view host) const {
        const Site* const site = find(host);
        return site == nullptr && unknown_names == UnknownNames::first_certificate ? sites.front().get() : site;
    }
    static int choose_site(SSL* ssl, int* alert, void* impl);
    static int acknowledge_name(SSL* ssl, int* alert, void* impl);
    static int choose_application(SSL* ssl, const unsigned char** chosen, unsigned char* length,
                                  const unsigned char* offered, unsigned offered_octets, void* impl);
};

namespace {

const Site* site_of(const SSL& ssl) { return static_cast<const Site*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(&ssl))); }

std::string as_host(std::string_view name) {
    std::string host = in_lower_case(name);
    if (host.ends_with('.')) host.pop_back();
    return host;
}

// Called once the certificate has been chosen. One that says nothing about now is worse than none.
int show_staple(SSL* ssl, void* /*unused*/) {
    const Site& own = *site_of(*ssl);
    const X509* const chosen = SSL_get_certificate(ssl);
    const auto at = std::ranges::find_if(own.staples, [chosen](const auto& one) { return one.first == chosen; });
    if (at == own.staples.end()) return SSL_TLSEXT_ERR_NOACK;
    const std::optional<Staple> known = at->second->get();
    if (!known) return SSL_TLSEXT_ERR_NOACK;
    const Staple::Parts& staple = known->parts();
    if (X509_cmp_current_time(staple.ends.get()) <= 0) return SSL_TLSEXT_ERR_NOACK;
    void* const copy = OPENSSL_memdup(staple.response.data(), staple.response.size());
    if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(staple.response.size()));  // takes it over
    return SSL_TLSEXT_ERR_OK;
}

// A ticket holds the client's certificate, which is not verified again, and may have expired since. A ticket of TLS 1.3
// is for one use, by which an observer could recognize the client (RFC 8446 §C.4): another one follows.
SSL_TICKET_RETURN judge_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char* /*name*/,
                               std::size_t /*name_octets*/, SSL_TICKET_STATUS status, void* /*unused*/) {
    const bool is_opened = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    const X509* const client = is_opened ? SSL_SESSION_get0_peer(session) : nullptr;
    if (!is_opened || (client != nullptr && X509_cmp_current_time(X509_get0_notAfter(client)) <= 0)) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    const bool is_kept = status == SSL_TICKET_SUCCESS && SSL_version(ssl) < TLS1_3_VERSION;
    return is_kept ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

}  // namespace

const Site* ServerContext::Impl::find(std::string_view host) const {
    auto at = by_name.find(host);
    const std::size_t dot = host.find('.');  // a wildcard stands for one label (RFC 6125 §6.4.3)
    if (at == by_name.end() && dot != std::string_view::npos) at = by_name.find("*" + std::string(host.substr(dot)));
    return at == by_name.end() ? nullptr : at->second;
}

namespace {

constexpr std::string_view acme_application = "acme-tls/1";

// Whether this is the one protocol that the client offers. The extension has the list's length, then each name's.
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

// Called for each ClientHello, so also for a second one that could name another host (RFC 8446 §4.1.4).
int ServerContext::Impl::choose_site(SSL* ssl, int* alert, void* impl) {
    const auto& own = *static_cast<const Impl*>(impl);
    if (own.challenge_context != nullptr && offers_only_acme(ssl)) {
        SSL_set_SSL_CTX(ssl, own.challenge_context.get());
        SSL_set_options(ssl, SSL_OP_NO_TICKET);  // nothing is resumed with what proves nothing but a name
        SSL_set_max_early_data(ssl, 0);
        return SSL_CLIENT_HELLO_SUCCESS;
    }
    const unsigned char* octets = nullptr;
    std::size_t length = 0;
    std::optional<std::string_view> name;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &octets, &length) == 1) {
        name = read_server_name({reinterpret_cast<const char*>(octets), length});
    }
    const Site* const site = name ? own.site_for(as_host(*name)) : own.sites.front().get();
    if (site == nullptr) {
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    SSL_set_SSL_CTX(ssl, site->context.get());
    // These three are the session's own from its beginning, and don't change with the context.
    SSL_set_verify(ssl, verification(site->demand), nullptr);
    SSL_set_verify_depth(ssl, client_chain_max);
    SSL_set_max_cert_list(ssl, client_chain_octets_max);
    // What a client may do by its certificate is not done twice.
    if (site->demand != ClientDemand::none) SSL_set_max_early_data(ssl, 0);
    return SSL_CLIENT_HELLO_SUCCESS;
}

int ServerContext::Impl::acknowledge_name(SSL* ssl, int* /*alert*/, void* impl) {
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const bool is_known = name != nullptr && static_cast<const Impl*>(impl)->find(as_host(name)) != nullptr;
    return is_known ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

int ServerContext::Impl::choose_application(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* length,
                                            const unsigned char* offered, unsigned offered_octets, void* impl) {
    const std::string& own = static_cast<const Impl*>(impl)->applications;
    if (own.empty()) return SSL_TLSEXT_ERR_NOACK;
    unsigned char* selected = nullptr;
    const int result = SSL_select_next_proto(&selected, length, reinterpret_cast<const unsigned char*>(own.data()),
                                             static_cast<unsigned>(own.size()), offered, offered_octets);
    // A client that speaks only other protocols would not understand the answer (RFC 7301 §3.2).
    if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = selected;
    return SSL_TLSEXT_ERR_OK;
}

namespace {

using NewContext = std::expected<OwnedContext, std::string>;

// Called if nothing else stands against the early data: the ticket is one of ours and fresh, and name and protocol are
// those of the session that it resumes.
int allow_early_data(SSL* ssl, void* early_data) {
    std::array<unsigned char, EarlyData::random_octets> random;
    if (SSL_get_client_random(ssl, random.data(), random.size()) != random.size()) return 0;
    const std::chrono::sys_seconds made(std::chrono::seconds(SSL_SESSION_get_time(SSL_get_session(ssl))));
    const auto now = std::chrono::steady_clock::now();
    return static_cast<EarlyData*>(early_data)->accept(random, made, now) ? 1 : 0;
}

// OpenSSL's own protection against replays would keep every session that can be resumed, in each context, and tickets
// would hold nothing but their place there: no other machine could open them, nor could this one after a restart.
void accept_early_data(SSL_CTX& context, EarlyData& early_data) {
    SSL_CTX_set_max_early_data(&context, early_data.octets_max());
    SSL_CTX_set_recv_max_early_data(&context, early_data.octets_max());
    SSL_CTX_set_options(&context, SSL_OP_NO_ANTI_REPLAY);
    SSL_CTX_set_allow_early_data_cb(&context, allow_early_data, &early_data);
}

NewContext new_context(const ServerTlsOptions& options) {
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
    // An idle connection holds no record. The chain is what its file has: OpenSSL would otherwise look for a missing
    // one in each handshake, among the authorities of clients.
    SSL_CTX_set_mode(own, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    // Sessions are resumed by tickets, which the client keeps.
    SSL_CTX_set_session_cache_mode(own, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(own, ticket_time);
    if (options.tickets == Tickets::none) {
        SSL_CTX_set_options(own, SSL_OP_NO_TICKET);
        if (SSL_CTX_set_num_tickets(own, 0) != 1) throw std::bad_alloc();
    }
    use_ticket_keys(*own);
    if (SSL_CTX_set_session_ticket_cb(own, nullptr, judge_ticket, nullptr) != 1) throw std::bad_alloc();
    if (options.early_data != nullptr) accept_early_data(*own, *options.early_data);
    return context;
}

// Reads the authorities whose certificates clients may show. Their names tell the client what to choose from.
std::expected<void, std::string> trust_clients_of(SSL_CTX& context, const std::string& authorities) {
    const OwnedBio from(BIO_new_mem_buf(authorities.data(), static_cast<int>(authorities.size())));
    if (from == nullptr) throw std::bad_alloc();
    X509_STORE* const store = SSL_CTX_get_cert_store(&context);
    int count = 0;
    ERR_clear_error();
    while (const OwnedCertificate authority{PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr)}) {
        if (X509_STORE_add_cert(store, authority.get()) != 1 || SSL_CTX_add_client_CA(&context, authority.get()) != 1) {
            return Problem("OpenSSL refuses an authority of clients: " + take_error("no reason"));
        }
        ++count;
    }
    const unsigned long error = ERR_peek_last_error();
    const bool is_at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!is_at_end) {
        return Problem("the authorities of clients: certificate " + std::to_string(count + 1) + " can't be read");
    }
    if (count == 0) return Problem("the authorities of clients: there is no certificate (-----BEGIN CERTIFICATE-----)");
    return {};
}

Digest digest_of(const ClientRules& rules) {
    Digester digester;
    digester.add(std::to_string(static_cast<int>(rules.demand)));
    if (rules.demand != ClientDemand::none) digester.add(rules.authorities);
    return digester.end();
}

std::string listed(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    return list;
}

}  // namespace

// Adds a site without certificates.
std::expected<Site*, std::string> ServerContext::Impl::add_site(const ServerIdentity& identity,
                                                                const ServerTlsOptions& options) {
    auto site = std::make_unique<Site>();
    site->server = this;
    site->names = identity.credentials.names();
    site->demand = identity.clients.demand;
    site->rules = digest_of(identity.clients);
    auto context = new_context(options);
    if (!context) return Problem(context.error());
    site->context = *std::move(context);
    SSL_CTX* const own = site->context.get();
    SSL_CTX_set_app_data(own, site.get());
    SSL_CTX_set_client_hello_cb(own, choose_site, this);
    SSL_CTX_set_tlsext_servername_callback(own, acknowledge_name);
    SSL_CTX_set_tlsext_servername_arg(own, this);
    SSL_CTX_set_alpn_select_cb(own, choose_application, this);
    if (identity.clients.demand != ClientDemand::none) {
        const auto trusted = trust_clients_of(*own, identity.clients.authorities);
        if (!trusted) return Problem(trusted.error());
    }
    sites.push_back(std::move(site));
    return sites.back().get();
}

std::expected<void, std::string> ServerContext::Impl::add(const ServerIdentity& identity,
                                                          const ServerTlsOptions& options) {
    const Credentials& credentials = identity.credentials;
    const auto known = std::ranges::find_if(sites, [&](const auto& one) { return one->names == credentials.names(); });
    Site* site = known == sites.end() ? nullptr : known->get();
    if (site == nullptr) {
        const auto added = add_site(identity, options);
        if (!added) return Problem(added.error());
        site = *added;
    } else if (site->rules != digest_of(identity.clients)) {
        return Problem("two certificates for " + listed(credentials.names()) + " have different rules for clients");
    }
    const auto used = use_credentials(*site->context, credentials.parts());
    if (!used) return used;
    std::shared_ptr<StaplePlace> staple;
    if (identity.staple) {
        staple = std::make_shared<StaplePlace>();
        staple->set(*identity.staple);
    } else if (options.staples != nullptr) {
        staple = options.staples->place_for(credentials);
    }
    if (staple != nullptr) {
        site->staples.emplace_back(credentials.parts().chain.front().get(), std::move(staple));
        SSL_CTX_set_tlsext_status_cb(site->context.get(), show_staple);
    }
    site->certificates.add(fingerprint_of(*credentials.parts().chain.front()));
    for (const std::string& name : credentials.names()) by_name.try_emplace(as_looked_up(name), site);
    return {};
}

int ServerContext::Impl::show_challenge(SSL* ssl, int* alert, void* impl) {
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    if (name == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
    const std::optional<Credentials> credentials = static_cast<const Impl*>(impl)->challenge(as_host(name));
    if (!credentials) return SSL_TLSEXT_ERR_ALERT_FATAL;
    const bool is_used = SSL_use_certificate(ssl, credentials->parts().chain.front().get()) == 1 &&
                         SSL_use_PrivateKey(ssl, credentials->parts().key.get()) == 1;
    return is_used ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A validation connection (RFC 8737 §3) gets a context of its own.
std::expected<void, std::string> ServerContext::Impl::accept_challenges(const ServerTlsOptions& options) {
    challenge = options.challenge;
    auto context = new_context(options);
    if (!context) return Problem(context.error());
    challenge_context = *std::move(context);
    SSL_CTX* const own = challenge_context.get();
    SSL_CTX_set_tlsext_servername_callback(own, show_challenge);
    SSL_CTX_set_tlsext_servername_arg(own, this);
    SSL_CTX_set_alpn_select_cb(own, choose_acme, nullptr);
    return {};
}

// Sessions are resumed only if the certificates, the demand on clients and the clients' authorities are the same.
void ServerContext::Impl::finish() const {
    for (const auto& site : sites) {
        site->certificates.add({reinterpret_cast<const char*>(site->rules.data()), site->rules.size()});
        const Digest identity = site->certificates.end();
        static_assert(sizeof identity <= SSL_MAX_SID_CTX_LENGTH);
        SSL_CTX_set_session_id_context(site->context.get(), identity.data(), identity.size());
    }
}

ServerContext::ServerContext(std::shared_ptr<const Impl> impl, std::shared_ptr<const TicketKeys> keys)
    : impl_(std::move(impl)), ticket_keys_(std::move(keys)) {}
ServerContext::~ServerContext() = default;

std::expected<std::shared_ptr<const ServerContext>, std::string> ServerContext::open(const ServerTlsOptions& options) {
    if (options.credentials.empty()) return Problem("TLS needs a certificate");
    auto impl = std::make_shared<Impl>();
    impl->applications = application_list(options.applications);
    impl->unknown_names = options.unknown_names;
    impl->early_data = options.early_data;
    for (const ServerIdentity& identity : options.credentials) {
        const auto added = impl->add(identity, options);
        if (!added) return Problem(added.error());
    }
    impl->finish();
    if (options.challenge) {
        const auto accepted = impl->accept_challenges(options);
        if (!accepted) return Problem(accepted.error());
    }
    return std::make_shared<const ServerContext>(
        std::move(impl), options.ticket_keys == nullptr ? TicketKeys::make() : options.ticket_keys);
}

std::shared_ptr<const ServerContext> ServerContext::with(std::shared_ptr<const TicketKeys> keys) const {
    return std::make_shared<const ServerContext>(impl_, std::move(keys));
}

std::unique_ptr<Session> ServerContext::make_session(BufferPool& pool) const {
    OwnedSsl ssl(SSL_new(impl_->sites.front()->context.get()));
    if (ssl == nullptr) throw std::bad_alloc();
    SSL_set_accept_state(ssl.get());
    set_ticket_keys(*ssl, *ticket_keys_);
    const auto early = impl_->early_data == nullptr ? EarlyContent::refused : EarlyContent::accepted;
    return std::make_unique<Session>(std::make_unique<Session::Secrets>(std::move(ssl), impl_, ticket_keys_), pool,
                                     early);
}

bool may_serve(const Session& session, std::string_view host) {
    const Site* const own = site_of(*session.secrets().ssl);
    if (own == nullptr) return true;
    // With one site for all names there is nothing to compare.
    const bool is_only = own->server->sites.size() == 1;
    if (is_only && own->server->unknown_names == UnknownNames::first_certificate) return true;
    const auto address = io::IpAddress::parse(host);
    const std::string name = address ? address->text() : std::string(host);
    const Site* const meant = host.empty() ? own->server->sites.front().get() : own->server->site_for(name);
    if (meant == own) return true;
    if (meant == nullptr || meant->rules != own->rules) return false;
    // A client without SNI was not asked which host it wants, and has been let in by the same rules.
    if (session.server_name().empty() || host.empty()) return true;
    return std::ranges::any_of(own->names, [&name](const std::string& one) { return stands_for(one, name); });
}

}  // namespace portico::tls
