// portico/tls/session.h — one TLS connection without I/O: octets go in, octets come out (RFC 8446, RFC 5246).
//
// Room tls: what protects a connection: sessions, certificates and the keys behind them.
// May use:   base, io.
// May not:   read from a socket or write to one: the octets arrive as arguments, so that TLS also runs on the simulated
//            kernel. Know HTTP. Show OpenSSL in a header.
// Threads:   one core's.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/tls/client_rules.h"
#include "portico/tls/session_watcher.h"

namespace portico::tls {

// How far a call has come.
enum class Progress : std::uint8_t {
    done,         // it has done what it is for
    needs_input,  // it goes on when further octets have been received
    ended,        // the peer has said that it sends nothing more (close_notify), or its stream has ended
    failed,       // see failure(): the connection is of no use any more; the output may hold an alert for the peer
};

// What decrypt() has found.
struct Decrypted {
    Progress progress = Progress::done;
    std::size_t octets = 0;  // written to the room; at least one if it is done
};

// Whether a server's session accepts content that a client sends before the handshake is complete (0-RTT).
enum class EarlyContent : std::uint8_t { refused, accepted };

// The most octets of content in one record (RFC 8446 §5.1).
inline constexpr std::size_t record_octets_max = 16 * 1024;

// One end of a connection. Octets that were received go in by receive(), octets to be sent come out of take_output().
class Session {
public:
    // What one session holds besides its buffers, about: OpenSSL's structures, keys, and room for a record.
    static constexpr std::size_t octets_about = 24 * 1024;

    // Both are made by a context: see ServerContext::make_session(). The pool outlives the session.
    struct Secrets;
    Session(std::unique_ptr<Secrets> secrets, BufferPool& pool, EarlyContent early = EarlyContent::refused);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    // Takes octets from the peer. The ones before must have been used up (asserted): see has_input(). Drops them if the
    // session has ended or failed.
    void receive(Buffer octets);
    // The peer's stream has ended.
    void receive_end();
    // Whether a call that needs input would find some.
    [[nodiscard]] bool has_input() const;
    // Whether a part of a record has been received, and the rest of it has not.
    [[nodiscard]] bool has_partial_record() const;

    // Goes on with the handshake. After each call, the output is to be sent, even if the handshake has failed. It is
    // also done if the client has sent content early, and decrypt() completes it then: see is_early().
    [[nodiscard]] Progress handshake();
    // Decrypts octets that have been received into `room`, which is not empty. While is_early(), there may be output
    // after each call.
    [[nodiscard]] Decrypted decrypt(std::span<char> room);
    // Encrypts the octets of `spans`, up to a limit of its own, in records with at most `record_octets` of content, and
    // appends them to the output. Returns how many were taken; 0 if there is no memory, or the session has failed.
    [[nodiscard]] std::size_t encrypt(std::span<const iovec> spans, std::size_t record_octets);
    // Appends to the output that nothing more will be sent (close_notify, RFC 8446 §6.1). Once; after a failure,
    // nothing.
    void close();

    // Octets to be sent to the peer, all that there are now; empty if there are none.
    [[nodiscard]] Buffer take_output() { return std::exchange(output_, Buffer()); }
    [[nodiscard]] bool has_output() const { return !output_.empty(); }

    // Whether the handshake is complete.
    [[nodiscard]] bool is_established() const { return phase_ == Phase::established || phase_ == Phase::closed; }
    // Whether content goes both ways although the handshake is not complete: what the client has sent may be a copy,
    // which somebody else sends once more (RFC 8446 §8). Ends with the handshake.
    [[nodiscard]] bool is_early() const { return phase_ == Phase::early || phase_ == Phase::early_ended; }
    // Whether content can go both ways.
    [[nodiscard]] bool carries_content() const { return is_established() || is_early(); }
    // Whether the peer has said that it sends nothing more (close_notify). If its stream ended without that, what it
    // has sent may be cut.
    [[nodiscard]] bool has_peer_said_end() const;
    // Why the session failed, for the log; empty if it has not.
    [[nodiscard]] std::string_view failure() const { return failure_; }
    // The facts of an established session; literals, or views that end with it.
    [[nodiscard]] std::string_view version() const;  // "TLSv1.3"
    [[nodiscard]] std::string_view cipher() const;   // "TLS_AES_128_GCM_SHA256"
    [[nodiscard]] std::string_view application()
        const;  // the protocol that ALPN chose (RFC 7301), "http/1.1"; or empty
    [[nodiscard]] std::string_view server_name() const;  // as the client sent it (RFC 6066 §3); or empty
    [[nodiscard]] bool is_resumed() const;               // by a ticket
    // Whether the handshake failed because the peer did not prove who it is.
    [[nodiscard]] bool is_untrusted() const;
    // What a server has shown, its own certificate first; for its client.
    [[nodiscard]] std::vector<PeerCertificate> peer_chain() const;
    // What a client has shown, and the server has verified; null if it has shown none. Lives as long as the session.
    [[nodiscard]] const PeerCertificate* client_certificate() const { return client_.get(); }

    // Tells the watcher, which outlives the session, of everything that is sent and received from now on.
    void watch(SessionWatcher& watcher);

    // For this room, and for tests, which make a peer do what no session does.
    [[nodiscard]] Secrets& secrets() { return *secrets_; }
    [[nodiscard]] const Secrets& secrets() const { return *secrets_; }

private:
    friend struct Secrets;
    enum class Phase : std::uint8_t {
        awaiting_early,  // a server's, until it is known whether there is early content
        shaking,
        early,        // early content is read
        early_ended,  // it has been read; the client's last message of the handshake has not
        established,
        closed,  // established, and we have said that we send nothing more
    };

    [[nodiscard]] Progress begin_early();
    [[nodiscard]] Progress complete();
    [[nodiscard]] Decrypted decrypt_early(std::span<char> room);
    [[nodiscard]] Progress progress_after(int result);
    [[nodiscard]] bool make_room(std::size_t octets);
    [[nodiscard]] std::size_t encrypt_record(std::string_view octets);

    std::unique_ptr<Secrets> secrets_;
    BufferPool* pool_;
    Buffer input_;               // what was received last
    std::size_t used_ = 0;       // of input_
    bool has_ended_ = false;     // the peer's stream
    Buffer output_;              // what has to be sent
    bool lacks_memory_ = false;  // for output_
    Phase phase_ = Phase::shaking;
    Buffer early_;                // early content that the handshake has found
    std::size_t early_used_ = 0;  // of early_
    bool is_untrusted_ = false;   // the handshake has failed for that reason
    std::unique_ptr<const PeerCertificate> client_;
    std::string failure_;
};

}  // namespace portico::tls
