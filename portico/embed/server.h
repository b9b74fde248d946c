// portico/embed/server.h — a server inside a program.
//
//   portico::Server server;
//   server.get("/notes/{id}", [&](int id) { return notes.at(id); });
//   return server.run(":8080");
//
// Room embed: see response.h.
// Threads:   one thread adds the routes, before start() or run(). Any thread may call stop(), replace() and spawn(),
//            and any but the server's own wait().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include "portico/embed/core_function.h"
#include "portico/embed/endpoints.h"
#include "portico/embed/router.h"
#include "portico/io/net/address.h"
#include "portico/route/forwarded_fields.h"
#include "portico/server/certificate_files.h"
#include "portico/server/limits.h"

namespace portico::route {
class Routes;
}

namespace portico {

class Background;

// Limits on what clients may use: connections, heads, contents, times. Their comments are the manual.
using Limits = server::Limits;

// How a line of the access log is written: for people, for programs, or as Apache does.
enum class LogFormat : std::uint8_t { text, json, combined };

// Where a certificate and its key are: PEM files.
using CertificateFiles = server::CertificateFiles;

// Whether clients have to show a certificate of their own: see CertificateFiles.
using ClientCertificates = server::ClientCertificates;

// What a client with TLS gets that asks for a name without a certificate: the first certificate, or a refusal.
enum class UnknownNames : std::uint8_t { first_certificate, refused };

// The fields in which proxies name their clients: X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host, or Forwarded
// (RFC 7239). The others are ignored: the proxies pass on what clients have written there.
using ForwardedFields = route::ForwardedFields;

// How certificates are ordered from an authority (ACME, RFC 8555), Let's Encrypt unless told otherwise, and renewed as
// long as the server runs. Using it means to accept the authority's terms of service.
class AcmeOptions {
public:
    AcmeOptions() {}  // NOLINT(modernize-use-equals-default): see Options

    // Each gets a certificate of its own: "example.org", "*.example.org". The authority must reach this server by the
    // name: at port 80, if an endpoint such as "http://:80" leads to HTTPS, or at port 443. Empty: nothing is ordered.
    std::vector<std::string> names;
    std::string email;  // where the authority may write to; may be empty
    // The authority: the address of its directory. Several: if one fails, the next one is asked.
    std::vector<std::string> directories{"https://acme-v02.api.letsencrypt.org/directory"};
    // Where accounts and certificates are kept; servers may share it. Only its owner can read the files. Empty:
    // $XDG_DATA_HOME/portico/acme or ~/.local/share/portico/acme, as for portico serve --acme.
    std::string folder;
    // How to prove that the names are this server's: "http-01" and "tls-alpn-01", the preferred one first.
    std::vector<std::string> challenges{"http-01", "tls-alpn-01"};
    // A program that proves it by DNS instead, the only way for wildcards: docs/tls.md says how it is called.
    std::string dns_hook;
    // PEM text of the authorities to trust as the directories' servers. Empty: those of the system.
    std::string authorities;
};

// Whether requests are answered that clients send before the TLS handshake is complete (0-RTT, RFC 8446 §2.3). They
// save a round trip. Somebody who has recorded one can send it once more within ten seconds: a server refuses the copy,
// but a server on another machine with the same ticket keys does not know of the first one.
enum class EarlyData : std::uint8_t {
    refused,
    safe_methods,  // GET, HEAD and OPTIONS; other methods get 425 (Too Early), and the client repeats the request
};

// Where the OCSP responses come from that clients are shown with a certificate: from a file beside it only, or fetched,
// too.
using Stapling = server::Stapling;

// How a server is run.
class Options {
public:
    Options() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice in an await

    // Threads that serve, each with its own core; 0 is taken for 1. With one thread, handlers never run at the same
    // time, and need no locks for the data that they share.
    unsigned threads = 1;
    Limits limits;  // of this server, for all of its threads together
    // The hosts that requests may name, as a defence against DNS rebinding: "example.org", "*.example.org" for the
    // names below it, without a port. Localhost and loopback addresses are always answered; a request for another host
    // gets 421. Unix sockets are not restricted. Empty: every host is answered.
    std::vector<std::string> hosts;
    // The proxies in front of the server, whose word is taken for where a request comes from (Request::client(),
    // scheme() and host(), the access log, rate_limit()): addresses ("192.0.2.1"), networks ("10.0.0.0/8"), and "unix"
    // for every peer on a Unix socket. Each of them must add to these fields what it knows, or set them anew.
    std::vector<std::string> trusted_proxies;
    ForwardedFields forwarded_fields = ForwardedFields::x_forwarded;  // where they say it
    // HTTPS at every endpoint, with the certificates in these files. A client gets the one for the name that it asks
    // for, or else the first. When the files are renewed, new connections use them within seconds; files that can't be
    // used are reported on standard error, and change nothing.
    std::vector<CertificateFiles> certificates;
    // HTTPS at every endpoint with certificates that an authority issues. Until there is one, clients are shown a
    // certificate that nobody vouches for.
    AcmeOptions acme;
    // With neither of the two, there is HTTP without TLS, unless an endpoint begins with "https://": then every
    // endpoint has HTTPS with a certificate from this user's own authority, as portico serve --tls makes it. It is for
    // localhost, this machine's names and addresses, and these names.
    std::vector<std::string> local_names;
    // Of which authorities clients have to show certificates, if the server's own are from ACME or local: a path;
    // CertificateFiles have their own. Empty: clients are not asked.
    std::string client_authorities;
    ClientCertificates clients = ClientCertificates::required;
    UnknownNames unknown_names = UnknownNames::first_certificate;
    // A file with the keys of session tickets, which several machines may share: 80 random bytes for each key, the
    // newest first. It is watched, like certificates. Empty: keys of the server's own, replaced every twelve hours.
    std::string ticket_keys;
    Stapling stapling = Stapling::fetched;
    // A name that asks for client certificates accepts none. See Request::came_early().
    EarlyData early_data = EarlyData::refused;
    // For how long browsers are told to use HTTPS only for this host (Strict-Transport-Security, RFC 6797), in answers
    // over TLS. A handler that sets the field itself is left alone.
    std::optional<std::chrono::seconds> strict_transport_security;
    // The access log: a file, "-" for standard output, empty for none. docs/access-log.md describes the formats. A
    // separate thread writes the log, so that it never slows the server.
    std::string access_log;
    // The format of its lines.
    LogFormat log_format = LogFormat::text;
    // Gets each line of the access log, without its line break, instead of a file; access_log is then of no use. The
    // log's own thread calls it, one line after another. If it is slow, lines are dropped and counted, and clients do
    // not wait. What it throws is told as `log` says.
    std::function<void(std::string_view line)> access_lines;
    // How long all stop hooks together may take: see Server::on_stop().
    std::chrono::milliseconds stop_hooks_time_max{10'000};
    // How many tasks of Server::spawn() may exist at the same time, on all threads together, whether they have begun or
    // not. spawn() refuses further ones until one has ended.
    std::size_t spawned_max = 10'000;
    // A handler, or a task of the server's own, that keeps its thread for so long is told to the operator, with the
    // pattern of its route, but not more often than once a second. Zero: nothing is told.
    std::chrono::milliseconds blocked_warning_after{100};
    // Whether run() tells the operator the addresses that it listens on.
    bool announces = true;
    // Gets each sentence for the program's operator, without a line break, instead of standard error: what a handler
    // has thrown, why a certificate can't be used, why run() can't start, where it listens. Any thread may call it, and
    // several at the same time, so that it needs a lock of its own; it must not wait for long, because clients would
    // wait too. What it throws goes to standard error. Empty: standard error.
    std::function<void(std::string_view sentence)> log;
};

// Accepts connections and answers requests. There is no global state: a process may have many servers.
class Server final : public Router {
public:
    // Opens nothing yet: add the routes first.
    explicit Server(Options options = Options());
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();  // ends at once, unless the server has been stopped

    // Serves at an endpoint ("127.0.0.1:8080", ":8080" for every interface, "https://:8443", "unix:/run/x.sock") or
    // several ({"127.0.0.1:8080", "unix:/run/x.sock"}) until SIGTERM or SIGINT arrives. Then it finishes the requests
    // in progress; a second signal ends it at once. SIGUSR1 reopens the access log, if there is one. While run() runs,
    // these signals are handled for the whole process; afterwards they do what they did before. If one of several
    // endpoints has HTTPS, "http://:8080" leads clients to the first that has. Returns the program's exit status: if it
    // can't start, 1, and the operator is told why. It raises the number of descriptors that the process may open to
    // the maximum allowed (RLIMIT_NOFILE).
    int run(const Endpoints& endpoints = "127.0.0.1:8080");

    // For programs that need their main thread: serves on separate threads. Error: a sentence that says what failed and
    // why.
    std::expected<void, std::string> start(const Endpoints& endpoints);
    // Stops accepting, finishes the requests in progress, and ends. A second call ends it at once.
    void stop();
    // Reopens the access log's file, after it has been moved away.
    void reopen_log();
    // --- besides requests: docs/library.md#tasks-of-the-servers-own says in which order. All but spawn() are called
    // before the start. Each function may take the core that it runs on: see CoreFunction.

    // Calls `function` again and again, on one of the cores: first after `period`, and then at every multiple of it.
    // It never overlaps itself: turns that would have begun while one goes on are left out. What it throws is reported,
    // and the next turn comes. Once the last request has been answered, it is ended where it waits.
    void every(std::chrono::milliseconds period, CoreFunction function,
               std::source_location where = std::source_location::current());
    // Before any connection is accepted: all of these hooks, one after another, on the first core. If one fails or
    // throws, start() returns its sentence, and nothing is served. stop() ends it where it waits.
    void on_start(CoreFunction function, std::source_location where = std::source_location::current());
    // After those, and before any connection is accepted: on each core, at the same time on all but the first.
    void on_core_start(CoreFunction function, std::source_location where = std::source_location::current());
    // Once the last request has been answered, and the tasks of every() and spawn() have ended: the last hook first, on
    // the first core, for as long as Options::stop_hooks_time_max, or until stop() is called again. They do not run if
    // the start has failed.
    void on_stop(CoreFunction function, std::source_location where = std::source_location::current());
    // Runs `function` on a core: the caller's own, or else the first; soon, but not before this returns. Any thread may
    // call it; before the start, the function waits for that. If it fails or throws, that is reported. Once the last
    // request has been answered, it is ended where it waits. Error: a sentence, if the server has come that far, or has
    // as many tasks already as Options::spawned_max allows.
    Outcome spawn(CoreFunction function);

    // Answers with other routes from now on; each thread begins with its next requests. Every request is answered
    // wholly by the routes with which it began. They live until the last of these has ended; those that were added to
    // the server itself live as long as the server. Any thread may call it, even a handler's. Error: a sentence, if the
    // routes can't be served; then nothing changes.
    std::expected<void, std::string> replace(const RouteSet& routes);
    // Waits for the end. Several threads may wait. Error: a sentence, if the calling thread is one of the server's own,
    // such as a handler's or that of its offload(): it would wait for itself.
    std::expected<void, std::string> wait();
    // The addresses it listens on, the last of them those that lead to HTTPS. A port 0 is replaced by the port that was
    // chosen.
    [[nodiscard]] std::vector<io::SocketAddress> local() const;
    // The port of the first of these.
    [[nodiscard]] std::uint16_t port() const;

    // --- for the test client
    // Sentences that say why the routes can't be served.
    [[nodiscard]] std::vector<std::string> errors() const;
    // The routes with which it answers.
    [[nodiscard]] std::shared_ptr<const route::Routes> routes() const;
    [[nodiscard]] unsigned replacements() const;   // how often the routes have been replaced
    [[nodiscard]] const Options& options() const;  // as given
    [[nodiscard]] Background& background() const;  // what it does besides

private:
    struct Control;
    std::expected<void, std::string> open_and_start(const std::vector<std::string>& endpoints);

    std::shared_ptr<Control> control_;
};

}  // namespace portico
