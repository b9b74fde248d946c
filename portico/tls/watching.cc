// portico/tls/watching.cc — see watching.h.
#include "portico/tls/watching.h"

#include <algorithm>
#include <string>
#include <utility>

namespace portico::tls {
namespace {

unsigned octet_at(std::string_view octets, std::size_t at) {
    return at < octets.size() ? static_cast<unsigned char>(octets[at]) : 0;
}

std::string record_name(unsigned type) {
    switch (type) {
        case SSL3_RT_CHANGE_CIPHER_SPEC: return "change cipher spec";
        case SSL3_RT_ALERT: return "alert";
        case SSL3_RT_HANDSHAKE: return "handshake";
        case SSL3_RT_APPLICATION_DATA: return "application data";
        default: return "type " + std::to_string(type);
    }
}

// RFC 8446 §4, RFC 5246 §7.4, RFC 6066 §8.
std::string handshake_name(unsigned type) {
    switch (type) {
        case SSL3_MT_HELLO_REQUEST: return "HelloRequest";
        case SSL3_MT_CLIENT_HELLO: return "ClientHello";
        case SSL3_MT_SERVER_HELLO: return "ServerHello";
        case SSL3_MT_NEWSESSION_TICKET: return "NewSessionTicket";
        case SSL3_MT_END_OF_EARLY_DATA: return "EndOfEarlyData";
        case SSL3_MT_ENCRYPTED_EXTENSIONS: return "EncryptedExtensions";
        case SSL3_MT_CERTIFICATE: return "Certificate";
        case SSL3_MT_SERVER_KEY_EXCHANGE: return "ServerKeyExchange";
        case SSL3_MT_CERTIFICATE_REQUEST: return "CertificateRequest";
        case SSL3_MT_SERVER_DONE: return "ServerHelloDone";
        case SSL3_MT_CERTIFICATE_VERIFY: return "CertificateVerify";
        case SSL3_MT_CLIENT_KEY_EXCHANGE: return "ClientKeyExchange";
        case SSL3_MT_FINISHED: return "Finished";
        case SSL3_MT_CERTIFICATE_STATUS: return "CertificateStatus";
        case SSL3_MT_KEY_UPDATE: return "KeyUpdate";
        default: return "handshake message " + std::to_string(type);
    }
}

}  // namespace

void Watching::tell_record(Direction direction, std::string_view name, std::size_t octets) {
    watcher_->saw({direction, Sighting::Part::record, std::string(name), octets});
}

// TLS 1.3 hides the type of an encrypted record inside it (RFC 8446 §5.2).
void Watching::see_header(Direction direction, std::string_view header, bool has_inner_type) {
    const std::size_t octets = std::size_t{octet_at(header, 3)} * 256 + octet_at(header, 4);
    const unsigned type = octet_at(header, 0);
    if (type == SSL3_RT_APPLICATION_DATA && has_inner_type) {
        encrypted_ = octets;
    } else {
        tell_record(direction, record_name(type), octets);
    }
}

void Watching::see(Direction direction, int content_type, std::string_view octets, const SSL& ssl) {
    Sighting message{direction, Sighting::Part::message, {}, octets.size()};
    switch (content_type) {
        case SSL3_RT_HEADER: see_header(direction, octets, SSL_version(&ssl) == TLS1_3_VERSION); return;
        case SSL3_RT_INNER_CONTENT_TYPE: {
            const unsigned inside = octet_at(octets, 0);
            std::string name = record_name(SSL3_RT_APPLICATION_DATA);
            if (inside != SSL3_RT_APPLICATION_DATA) name += " (" + record_name(inside) + " inside)";
            tell_record(direction, name, std::exchange(encrypted_, std::nullopt).value_or(0));
            return;
        }
        case SSL3_RT_HANDSHAKE:
            message.name = handshake_name(octet_at(octets, 0));
            message.octets -= std::min<std::size_t>(message.octets, 4);  // its header
            break;
        case SSL3_RT_ALERT:
            message.name = std::string("alert: ") + SSL_alert_desc_string_long(static_cast<int>(octet_at(octets, 1)));
            break;
        case SSL3_RT_CHANGE_CIPHER_SPEC: message.name = "ChangeCipherSpec"; break;
        default: return;
    }
    watcher_->saw(message);
}

}  // namespace portico::tls
