// portico/embed/services.h — services other than HTTP, made from a function: return portico::serve_tcp(":7777", echo);
//
// Room embed: see response.h.
// Threads:   each call runs one core on the calling thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/task.h"
#include "portico/embed/connection.h"
#include "portico/io/datagram.h"
#include "portico/io/stream.h"
#include "portico/server/certificate_files.h"

namespace portico {

using io::Stream;

// Serves one client for as long as it is connected. The stream closes when the task ends.
using ServeStream = std::function<Task<void>(Stream stream)>;
// The same for connections that may have TLS. It ends them by Connection::finish_sending() or close(): a client with
// TLS takes a connection that just closes for one that was cut.
using ServeConnection = std::function<Task<void>(Connection connection)>;
// Returns the answer to a datagram. An empty answer is sent too. There is no way to know whether the datagram's source
// address is forged, so an answer should not be much larger than the datagram, and no other service should answer it.
using AnswerDatagram = std::function<std::string(std::string_view datagram)>;

// How a service is run.
class ServiceOptions {
public:
    ServiceOptions() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice

    // Of an endpoint with "tls://": clients get the one for the name that they ask for, or else the first. Renewed
    // files are used within seconds for new clients. Empty: a certificate from this user's own authority, for
    // localhost, this machine's names and addresses, and `local_names`; `portico cert` shows the authority.
    std::vector<server::CertificateFiles> certificates;
    std::vector<std::string> local_names;
    // The protocols that ALPN offers, the preferred one first (RFC 7301); a client that offers only others is refused.
    // Empty: a client's offer is not answered.
    std::vector<std::string> applications;
    // How long a client's TLS handshake may take.
    std::chrono::milliseconds handshake_time_max{10'000};
    // Maximum number of simultaneous clients; further ones wait.
    std::size_t connections_max = 10'000;
};

// Serves at `endpoint` (":7777", "unix:/run/x.sock") until SIGTERM or SIGINT. Then every task is asked to stop: its
// waits end with ECANCELED. Returns the program's exit status: 1 if the service can't start; standard error gives the
// reason.
int serve_tcp(std::string_view endpoint, ServeStream serve);
// The same with TLS at "tls://:7777", and without it at other endpoints.
int serve_tcp(std::string_view endpoint, ServeConnection serve, ServiceOptions options = ServiceOptions());
// The same for UDP: each datagram is answered with one datagram, sent to its source.
int serve_udp(std::string_view endpoint, AnswerDatagram answer);

// Reads from `from` and writes to `to`, which may be the same stream, until `from` ends; then it ends `to` as well
// (Stream::finish_sending). It reads no faster than it can write. Returns how many octets it has copied.
//
// If reading fails, `to` has not received everything. So, unless its server ends, `to` is aborted (Stream::break_off):
// its peer gets a reset when `to` closes, and a task that reads from `to`, such as a proxy's copy in the other
// direction, gets the end of the stream. If writing fails, `from` is left unchanged. Errors: those of reading and
// writing, ETIMEDOUT if the deadline passed, ECANCELED.
[[nodiscard]] Task<io::Result<std::uint64_t>> copy(Stream& from, Stream& to, io::TimePoint deadline = io::never);

}  // namespace portico
