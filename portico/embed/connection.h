// portico/embed/connection.h — connections to other servers that carry anything, with TLS or without.
//
//   auto connection = co_await portico::connect(core, "tls://example.org:7443");
//   if (!connection) … connection.error().message …
//   const auto written = co_await connection->write_all("hello\n", deadline);
//
// Room embed: see response.h.
// Threads:   one core's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/buffer.h"
#include "portico/base/task.h"
#include "portico/embed/fetch.h"
#include "portico/io/core.h"
#include "portico/io/error.h"
#include "portico/io/line_reader.h"
#include "portico/io/net/address.h"

namespace portico {

// A connected stream of octets: TCP or Unix, perhaps protected by TLS. One read and one write may wait at the same time
// (in two tasks), but never two reads or two writes. The destructor closes it. With TLS, a peer that has not been told
// of the end before, by finish_sending() or close(), sees that octets may be missing.
class Connection {
public:
    struct State;  // for the library itself
    // connect() and TcpServer make it.
    explicit Connection(std::unique_ptr<State> state);
    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&& other) noexcept;
    ~Connection();

    // The core whose tasks may wait for the connection.
    [[nodiscard]] io::Core& core() const;
    // The other end's address. A Unix client's is unnamed.
    [[nodiscard]] const io::SocketAddress& peer() const;
    [[nodiscard]] bool is_secure() const;  // it has TLS
    // How many octets read() has returned and write_all() has written, without what TLS adds.
    [[nodiscard]] std::uint64_t received_octets() const;
    [[nodiscard]] std::uint64_t sent_octets() const;  // see received_octets()
    // What TLS agreed on, empty without it; views live as long as the connection: "TLSv1.3", "TLS_AES_256_GCM_SHA384",
    // and the protocol that ALPN chose, empty if none was.
    [[nodiscard]] std::string_view tls_version() const;
    [[nodiscard]] std::string_view cipher() const;
    [[nodiscard]] std::string_view application() const;

    // Reads at most `room.size()` octets; 0 at the end: the peer sends no more, but may still read. With TLS, it is the
    // end only if the peer has said so (close_notify, RFC 8446 §6.1). If the stream just ends, octets may have been
    // cut, by anybody in between: ECONNRESET. Other errors: ETIMEDOUT, ECANCELED, EPROTO, ENOBUFS …
    [[nodiscard]] Task<io::Result<std::size_t>> read(std::span<char> room, io::TimePoint deadline);
    // The same, into a buffer that is borrowed when octets have arrived; an empty one at the end.
    [[nodiscard]] Task<io::Result<Buffer>> read(io::TimePoint deadline);
    // Writes all of `octets`, which outlive the task. The deadline applies to the whole call. EPIPE after
    // finish_sending().
    [[nodiscard]] Task<io::Result<void>> write_all(std::string_view octets, io::TimePoint deadline);
    // Tells the peer that nothing more follows: half-close, and close_notify with TLS. Reading goes on.
    [[nodiscard]] Task<io::Result<void>> finish_sending(io::TimePoint deadline);
    // Call it after the last octets: finishes sending, and reads and drops what the peer still sends, for at most this
    // time and 64 KiB, so that the peer can read everything before the destructor's close becomes a reset.
    [[nodiscard]] Task<void> close(std::chrono::milliseconds time_max = std::chrono::seconds(5));
    // Makes the destructor's close a reset, so that the peer can't mistake truncated content for the whole.
    void abort_on_close();
    // The same, and reading gets the end of the stream from now on, in a task that waits for it too.
    void break_off();

private:
    std::unique_ptr<State> state_;
};

// Reads `from`, which outlives the reader, line by line: LineReader::read_line(). A line has at most `octets_max`
// octets.
[[nodiscard]] io::LineReader lines_of(Connection& from, std::size_t octets_max);

// How to connect.
class ConnectOptions {
public:
    ConnectOptions() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice

    // For everything: the name's addresses, the connection, the TLS handshake.
    std::chrono::milliseconds time_max{30'000};
    // Whether a server with TLS is verified: it must have a certificate for its name or address.
    ServerTrust trust = ServerTrust::verified;
    // PEM text of the authorities to trust, or a file of it, which is read for each connection. Both empty: those of
    // the system.
    std::string authorities;
    std::string authorities_file;
    // PEM text of the certificate that is shown to a server that asks for one, with its intermediate certificates, and
    // of its private key. Both empty: none is shown.
    std::string certificate;
    std::string key;
    // The name, or the address, that the server is asked for and has to prove. Empty: the endpoint's host.
    std::string server_name;
    // The protocols that ALPN offers, the preferred one first (RFC 7301): "imap". See Connection::application().
    std::vector<std::string> applications;
    std::optional<io::Family> family;  // only addresses of this family
};

// Why there is no connection.
struct ConnectError {
    // What the caller can do about it.
    enum class Kind : std::uint8_t {
        misuse,         // the endpoint or an option
        not_resolved,   // the host has no address
        not_connected,  // no address of the host answers
        not_secured,    // the TLS handshake failed
        not_trusted,    // the server has no certificate for its name from a trusted authority
        timed_out,      // ConnectOptions::time_max is over
        stopped,        // the task was asked to stop
    };
    Kind kind;            // for the program
    std::string message;  // for the log: a sentence without a full stop
};

// Connects to "tls://HOST:PORT", or without TLS to "tcp://HOST:PORT", "HOST:PORT" or "unix:PATH". The host's name is
// resolved on a helper thread. Of a host with several addresses, the first one that answers is used (Happy Eyeballs).
[[nodiscard]] Task<std::expected<Connection, ConnectError>> connect(io::Core& core, std::string endpoint,
                                                                    ConnectOptions options = ConnectOptions());
// The same with a deadline and no other options.
[[nodiscard]] Task<std::expected<Connection, ConnectError>> connect(io::Core& core, std::string endpoint,
                                                                    io::TimePoint deadline);

}  // namespace portico
