// portico/tls/session.cc — see session.h.
#include "portico/tls/session.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "portico/tls/credentials_parts.h"
#include "portico/tls/secrets.h"
#include "portico/tls/watching.h"

namespace portico::tls {
namespace {

// What a record adds to its content, at most: header, padding, tag and type (RFC 8446 §5.2, RFC 5246 §6.2.3).
constexpr std::size_t record_overhead_octets_max = 128;
// How much content one call of encrypt() takes: enough that a system call for each is cheap, and little enough that a
// connection holds no more than this while it sends.
constexpr std::size_t encrypted_octets_max = 64 * 1024;
// The most that may wait in the output: the longest flight of a handshake is shorter. A peer that makes us write and
// does not read ends here.
constexpr std::size_t output_octets_max = 256 * 1024;
// Messages of a handshake that a peer may send after it without any content between them: KeyUpdate (RFC 8446 §4.6.3),
// and attempts to renegotiate (RFC 5246 §7.4.1.1), which are refused. Each costs us more than the peer.
constexpr unsigned idle_messages_max = 32;

Session& session_of(BIO* bio) { return *static_cast<Session*>(BIO_get_data(bio)); }

long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_method() {
    BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "portico");
    if (method == nullptr) throw std::bad_alloc();
    BIO_meth_set_read(method, Session::Secrets::read);
    BIO_meth_set_write(method, Session::Secrets::write);
    BIO_meth_set_ctrl(method, control);
    return method;
}

// The octets of several spans, one after another.
class Contents {
public:
    explicit Contents(std::span<const iovec> spans) : spans_(spans) {
        for (const iovec& span : spans) left_ += span.iov_len;
    }
    [[nodiscard]] std::size_t left() const { return left_; }
    // The next octets if they are in one span; otherwise nothing: see gather().
    std::string_view take_if_whole(std::size_t octets) {
        const std::string_view front = rest_of_span();
        if (front.size() < octets) return {};
        skip(octets);
        return front.substr(0, octets);
    }
    // Copies the next octets into a buffer that has room for them, in place of what it has.
    void gather(std::size_t octets, Buffer& into) {
        into.clear();
        while (into.size() < octets) {
            const std::string_view part = rest_of_span().substr(0, octets - into.size());
            std::memcpy(into.room().data(), part.data(), part.size());
            into.grow(part.size());
            skip(part.size());
        }
    }

private:
    // At least one octet, if any are left.
    std::string_view rest_of_span() {
        while (at_ == spans_.front().iov_len && spans_.size() > 1) {
            spans_ = spans_.subspan(1);
            at_ = 0;
        }
        return std::string_view(static_cast<const char*>(spans_.front().iov_base), spans_.front().iov_len).substr(at_);
    }
    void skip(std::size_t octets) {
        at_ += octets;
        left_ -= octets;
    }

    std::span<const iovec> spans_;
    std::size_t at_ = 0;  // in the first span
    std::size_t left_ = 0;
};

// Lives as long as the process, like OpenSSL itself.
BIO_METHOD* method() {
    static BIO_METHOD* const only = make_method();
    return only;
}

}  // namespace

namespace {

// OpenSSL's queue of errors has to be empty before it reads or writes (SSL_get_error(3)). It nearly always is, and a
// look takes a fifth of the time that clearing takes.
void forget_errors() {
    if (ERR_peek_error() != 0) ERR_clear_error();
}

std::string text_of(const X509_NAME* name) {
    const OwnedBio into(BIO_new(BIO_s_mem()));
    if (into == nullptr || X509_NAME_print_ex(into.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    char* octets = nullptr;
    const long length = BIO_get_mem_data(into.get(), &octets);
    return {octets, static_cast<std::size_t>(length)};
}

PeerCertificate described(X509& certificate) {
    return {text_of(X509_get_subject_name(&certificate)), text_of(X509_get_issuer_name(&certificate)),
            time_of(X509_get0_notAfter(&certificate)), names_of(certificate), fingerprint_of(certificate)};
}

}  // namespace

std::string take_error(std::string_view otherwise) {
    const unsigned long error = ERR_get_error();
    const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
    ERR_clear_error();
    return reason == nullptr ? std::string(otherwise) : std::string(reason);
}

Session::Secrets::Secrets(OwnedSsl the_ssl, std::shared_ptr<const void> the_context,
                          std::shared_ptr<const void> the_keys)
    : context(std::move(the_context)), keys(std::move(the_keys)), ssl(std::move(the_ssl)) {}
Session::Secrets::~Secrets() = default;

int Session::Secrets::read(BIO* bio, char* room, int octets) {
    Session& session = session_of(bio);
    BIO_clear_retry_flags(bio);
    const std::string_view unused = session.input_.octets().substr(session.used_);
    if (unused.empty()) {
        if (session.has_ended_) return 0;
        BIO_set_retry_read(bio);
        return -1;
    }
    const std::size_t taken = std::min(unused.size(), static_cast<std::size_t>(octets));
    std::memcpy(room, unused.data(), taken);
    session.used_ += taken;
    if (session.used_ == session.input_.size()) {
        session.input_ = Buffer();
        session.used_ = 0;
    }
    return static_cast<int>(taken);
}

int Session::Secrets::write(BIO* bio, const char* from, int octets) {
    Session& session = session_of(bio);
    BIO_clear_retry_flags(bio);
    const auto size = static_cast<std::size_t>(octets);
    if (!session.make_room(size)) {
        session.lacks_memory_ = true;
        return -1;
    }
    std::memcpy(session.output_.room().data(), from, size);
    session.output_.grow(size);
    return octets;
}

void Session::Secrets::see_message(int is_written, int /*version*/, int content_type, const void* octets,
                                   std::size_t length, SSL* ssl, void* session) {
    auto& own = *static_cast<Session*>(session);
    if (own.secrets_->watching != nullptr) {
        const Direction direction = is_written != 0 ? Direction::sent : Direction::received;
        own.secrets_->watching->see(direction, content_type, {static_cast<const char*>(octets), length}, *ssl);
    }
    if (is_written != 0 || content_type != SSL3_RT_HANDSHAKE || !own.is_established()) return;
    ++own.secrets_->idle_messages;
}

Session::Session(std::unique_ptr<Secrets> secrets, BufferPool& pool, EarlyContent early)
    : secrets_(std::move(secrets)),
      pool_(&pool),
      phase_(early == EarlyContent::accepted ? Phase::awaiting_early : Phase::shaking) {
    BIO* const bio = BIO_new(method());
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL* const ssl = secrets_->ssl.get();
    SSL_set_bio(ssl, bio, bio);  // takes it over
    SSL_set_msg_callback(ssl, Secrets::see_message);
    SSL_set_msg_callback_arg(ssl, this);
}

Session::~Session() = default;

void Session::watch(SessionWatcher& watcher) { secrets_->watching = std::make_unique<Watching>(watcher); }

bool Session::has_peer_said_end() const { return (SSL_get_shutdown(secrets_->ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

void Session::receive(Buffer octets) {
    if (!failure_.empty() || has_peer_said_end()) return;
    assert(input_.empty() && "the octets before have been used up");
    input_ = std::move(octets);
    used_ = 0;
}

void Session::receive_end() { has_ended_ = true; }

// Octets of an incomplete record are in OpenSSL's hands, and don't count: they give nothing yet.
bool Session::has_input() const {
    return !input_.empty() || !early_.empty() || has_ended_ || SSL_pending(secrets_->ssl.get()) > 0;
}

bool Session::has_partial_record() const {
    const SSL* const ssl = secrets_->ssl.get();
    const bool has_header_only = std::string_view(SSL_rstate_string(ssl)) == "RB";  // it reads a body
    return has_header_only || SSL_has_pending(ssl) == 1;
}

// Makes room for further octets of output. False: there is no memory for them, or too many wait already.
bool Session::make_room(std::size_t octets) {
    if (output_.has_block() && output_.room().size() >= octets) return true;
    const std::size_t wanted = output_.size() + octets;
    if (wanted > output_octets_max) return false;
    Buffer larger = pool_->try_borrow(Lending::answer, std::max(wanted, 2 * output_.size()));
    if (!larger.has_block()) return false;
    if (!output_.empty()) {
        std::memcpy(larger.room().data(), output_.octets().data(), output_.size());
        larger.grow(output_.size());
    }
    output_ = std::move(larger);
    return true;
}

// What the result of an OpenSSL function means, if it was not a success.
Progress Session::progress_after(int result) {
    if (secrets_->idle_messages > idle_messages_max) {
        failure_ = "too many handshake messages without content";
        return Progress::failed;
    }
    switch (SSL_get_error(secrets_->ssl.get(), result)) {
        case SSL_ERROR_WANT_READ: return Progress::needs_input;
        case SSL_ERROR_ZERO_RETURN: return Progress::ended;
        default: break;
    }
    // A peer that leaves without close_notify: nothing is lost that HTTP's framing would not notice.
    if (has_ended_ && input_.empty()) {
        ERR_clear_error();
        if (is_established()) return Progress::ended;
        failure_ = "the peer left during the handshake";
        return Progress::failed;
    }
    const bool lacks_certificate = ERR_GET_REASON(ERR_peek_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
    failure_ = lacks_memory_ ? "no memory for the output" : take_error("the TLS session failed");
    const long verified = SSL_get_verify_result(secrets_->ssl.get());
    is_untrusted_ = !is_established() && (lacks_certificate || verified != X509_V_OK);
    if (verified != X509_V_OK && is_untrusted_) failure_ = X509_verify_cert_error_string(verified);
    ERR_clear_error();
    return Progress::failed;
}

Progress Session::handshake() {
    assert(!is_early() && "decrypt() completes it");
    if (!failure_.empty()) return Progress::failed;
    if (is_established()) return Progress::done;
    ERR_clear_error();
    return phase_ == Phase::awaiting_early ? begin_early() : complete();
}

Progress Session::complete() {
    const int result = SSL_do_handshake(secrets_->ssl.get());
    if (result != 1) return progress_after(result);
    phase_ = Phase::established;
    X509* const shown =
        SSL_is_server(secrets_->ssl.get()) == 1 ? SSL_get0_peer_certificate(secrets_->ssl.get()) : nullptr;
    if (shown != nullptr) client_ = std::make_unique<const PeerCertificate>(described(*shown));
    return Progress::done;
}

// OpenSSL goes through the whole handshake here if there is no early content, but only for TLS 1.2.
Progress Session::begin_early() {
    Buffer found = pool_->try_borrow(Lending::input);
    if (!found.has_block()) {
        failure_ = "no memory for early data";
        return Progress::failed;
    }
    std::size_t octets = 0;
    switch (SSL_read_early_data(secrets_->ssl.get(), found.room().data(), found.room().size(), &octets)) {
        case SSL_READ_EARLY_DATA_SUCCESS: break;
        case SSL_READ_EARLY_DATA_FINISH: phase_ = Phase::shaking; return complete();
        default: return progress_after(SSL_READ_EARLY_DATA_ERROR);
    }
    found.grow(octets);
    early_ = std::move(found);
    phase_ = Phase::early;
    return Progress::done;
}

Decrypted Session::decrypt_early(std::span<char> room) {
    if (!early_.empty()) {
        const std::string_view rest = early_.octets().substr(early_used_);
        const std::size_t octets = rest.copy(room.data(), room.size());
        early_used_ += octets;
        if (early_used_ == early_.size()) early_ = Buffer();
        return {Progress::done, octets};
    }
    std::size_t octets = 0;
    if (phase_ == Phase::early) {
        switch (SSL_read_early_data(secrets_->ssl.get(), room.data(), room.size(), &octets)) {
            case SSL_READ_EARLY_DATA_SUCCESS: return {Progress::done, octets};
            case SSL_READ_EARLY_DATA_FINISH: phase_ = Phase::early_ended; break;
            default: return {progress_after(SSL_READ_EARLY_DATA_ERROR), 0};
        }
    }
    return {complete(), 0};
}

Decrypted Session::decrypt(std::span<char> room) {
    assert(!room.empty());
    if (!failure_.empty()) return {Progress::failed, 0};
    forget_errors();
    if (is_early()) {
        const Decrypted found = decrypt_early(room);
        if (found.progress != Progress::done || found.octets > 0) return found;
    }
    std::size_t octets = 0;
    const int result = SSL_read_ex(secrets_->ssl.get(), room.data(), room.size(), &octets);
    if (result != 1) return {progress_after(result), 0};
    secrets_->idle_messages = 0;
    return {Progress::done, octets};
}

std::size_t Session::encrypt_record(std::string_view octets) {
    std::size_t taken = 0;
    SSL* const ssl = secrets_->ssl.get();
    const int result = is_early() ? SSL_write_early_data(ssl, octets.data(), octets.size(), &taken)
                                  : SSL_write_ex(ssl, octets.data(), octets.size(), &taken);
    if (result == 1) return taken;
    static_cast<void>(progress_after(result));
    if (failure_.empty()) failure_ = "the TLS session can't send";
    return 0;
}

std::size_t Session::encrypt(std::span<const iovec> spans, std::size_t record_octets) {
    if (!failure_.empty() || phase_ == Phase::closed) return 0;
    Contents contents(spans);
    const std::size_t wanted = std::min(contents.left(), encrypted_octets_max);
    const std::size_t records = (wanted + record_octets - 1) / record_octets;
    if (!make_room(wanted + records * record_overhead_octets_max)) return 0;
    forget_errors();
    Buffer gathered;
    std::size_t taken = 0;
    while (taken < wanted) {
        const std::size_t size = std::min(record_octets, wanted - taken);
        std::string_view record = contents.take_if_whole(size);
        if (record.empty()) {
            if (!gathered.has_block()) gathered = pool_->try_borrow(Lending::answer, record_octets_max);
            if (!gathered.has_block()) break;
            contents.gather(size, gathered);
            record = gathered.octets();
        }
        if (encrypt_record(record) == 0) break;
        taken += size;
    }
    return taken;
}

void Session::close() {
    if (!failure_.empty() || phase_ != Phase::established) return;
    phase_ = Phase::closed;
    ERR_clear_error();
    static_cast<void>(SSL_shutdown(secrets_->ssl.get()));
    ERR_clear_error();
}

std::string_view Session::version() const { return SSL_get_version(secrets_->ssl.get()); }

std::string_view Session::cipher() const { return SSL_get_cipher_name(secrets_->ssl.get()); }

std::string_view Session::application() const {
    const unsigned char* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(secrets_->ssl.get(), &name, &length);
    return {reinterpret_cast<const char*>(name), length};
}

std::string_view Session::server_name() const {
    const char* const name = SSL_get_servername(secrets_->ssl.get(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? std::string_view() : std::string_view(name);
}

bool Session::is_untrusted() const { return is_untrusted_; }

std::vector<PeerCertificate> Session::peer_chain() const {
    std::vector<PeerCertificate> chain;
    const STACK_OF(X509)* const shown = SSL_get_peer_cert_chain(secrets_->ssl.get());
    for (int i = 0; shown != nullptr && i < sk_X509_num(shown); ++i) {
        chain.push_back(described(*sk_X509_value(shown, i)));
    }
    return chain;
}

bool Session::is_resumed() const { return SSL_session_reused(secrets_->ssl.get()) == 1; }

}  // namespace portico::tls
