// portico/embed/server.h — a server inside a program.
//
//   portico::Server server;
//   server.get("/notes/{id}", [&](int id) { return notes.at(id); });
//   return server.run(":8080");
//
// Room embed: see response.h.
// Threads:   one thread adds the routes, before start() or run(). Any thread may call stop(), and any but the server's
//            own wait().
#pragma once

#include <concepts>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "portico/embed/files.h"
#include "portico/embed/routes.h"
#include "portico/io/endpoint.h"
#include "portico/server/limits.h"

namespace portico::route {
class Router;
}

namespace portico {

// Limits on what clients may use: connections, heads, contents, times. Their comments are the manual.
using Limits = server::Limits;

// How a line of the access log is written: for people, for programs, or as Apache does.
enum class LogFormat : std::uint8_t { text, json, combined };

// How a server is run.
class Options {
public:
    Options() {}  // NOLINT(modernize-use-equals-default): never an aggregate, which g++ 12 destroys twice in an await

    // Threads that serve, each with its own core. With one thread, handlers never run at the same time, and need
    // no locks for the data that they share.
    unsigned threads = 1;
    Limits limits;  // of this server, for all of its threads together
    // The hosts that requests may name, as a defence against DNS rebinding: "example.org", "*.example.org" for the
    // names below it. Localhost and loopback addresses are always answered; a request for another host gets 421. Unix
    // sockets are not restricted. Empty: every host is answered.
    std::vector<std::string> hosts;
    // The access log: a file, "-" for standard output, empty for none. docs/access-log.md describes the formats. A
    // separate thread writes the log, so that it never slows the server.
    std::string access_log;
    // The format of its lines.
    LogFormat log_format = LogFormat::text;
    // Whether run() prints the addresses it listens on to standard error.
    bool announces = true;
};

class Group;

// Where routes are added: a server, or a group of them. Routes added after the server has been started are ignored,
// with a sentence on standard error.
class Router {
public:
    // Adds a handler for a method and a path. Patterns have literal segments, "{name}" for any one segment, and
    // "{name...}" for the rest of the path. See bind_handler() for what a handler takes and returns. GET's handler also
    // answers HEAD; OPTIONS is answered from the table of routes.
    template <class Handler>
    void get(Pattern<std::type_identity_t<Handler>> pattern, Handler handler) {
        add("GET", pattern.text(), pattern.where(), bind_handler(std::move(handler)));
    }
    template <class Handler>
    void post(Pattern<std::type_identity_t<Handler>> pattern, Handler handler) {
        add("POST", pattern.text(), pattern.where(), bind_handler(std::move(handler)));
    }
    template <class Handler>
    void put(Pattern<std::type_identity_t<Handler>> pattern, Handler handler) {
        add("PUT", pattern.text(), pattern.where(), bind_handler(std::move(handler)));
    }
    template <class Handler>
    void patch(Pattern<std::type_identity_t<Handler>> pattern, Handler handler) {
        add("PATCH", pattern.text(), pattern.where(), bind_handler(std::move(handler)));
    }
    template <class Handler>
    void del(Pattern<std::type_identity_t<Handler>> pattern, Handler handler) {
        add("DELETE", pattern.text(), pattern.where(), bind_handler(std::move(handler)));
    }
    template <class Handler>
    void route(std::string method, Pattern<std::type_identity_t<Handler>> pattern, Handler handler) {
        add(std::move(method), pattern.text(), pattern.where(), bind_handler(std::move(handler)));
    }

    // Requests for the routes that are added from now on go through `middleware`, a function of Request& and Next that
    // returns a Task<Response>. It may answer by itself, or await next(request) and change the response. Requests that
    // no handler answers go through middleware too: 405 and OPTIONS through that of the routes that have the path; 404
    // through that of the group whose prefix the path has, or else the server's; a path that can't be decoded (400) and
    // OPTIONS * through the server's. A head that can't be read is answered without middleware: there is no request.
    template <class Function>
    void use(Function middleware, std::source_location where = std::source_location::current()) {
        if constexpr (std::is_invocable_r_v<Task<Response>, Function&, Request&, Next>) {
            pass_through(std::make_shared<Middleware>(std::move(middleware)), where);
        } else {
            static_assert(detail::never<Function>,
                          "middleware must be a function of Request& and Next that returns a Task<Response>");
        }
    }

    // A folder whose files handlers send by names that they choose.
    [[nodiscard]] Folder folder(std::string path, std::source_location where = std::source_location::current());

    // A group of routes below `prefix`, such as "/api", which has no parameters. The group begins with this router's
    // current middleware and may add its own. Its pattern "" is the prefix itself, "/" the prefix followed by a slash.
    // Requests below the prefix that no route takes go through the group's middleware too, unless the prefix is empty.
    [[nodiscard]] Group group(std::string prefix, std::source_location where = std::source_location::current()) const;

    // Serves the files of a folder below `prefix`, as `portico serve` does: with ranges, validators, compression and
    // index files, but without listings of folders. More specific routes win.
    void files(std::string prefix, std::string folder, std::source_location where = std::source_location::current());

protected:
    struct State;
    // `state` is shared by a server and its groups.
    explicit Router(std::shared_ptr<State> state) : state_(std::move(state)) {}
    [[nodiscard]] State& state() const { return *state_; }  // lives as long as one of them
    // For callers that may outlive the router: they keep the state alive.
    [[nodiscard]] std::shared_ptr<State> shared_state() const { return state_; }
    // Appends the middleware.
    void pass_through(std::shared_ptr<Middleware> middleware, std::source_location where);

private:
    // `prefix` with a slash at its front and none at its end. Notes an error if it can't be a prefix.
    std::string check_prefix(std::string prefix, std::source_location where) const;
    void add(std::string method, const std::string& pattern, std::source_location where, Handle handle);

    std::shared_ptr<State> state_;  // shared with the groups
    std::string prefix_;
    Way way_;
    bool has_own_prefix_ = true;  // the server's is ""
};

// Routes with a common prefix and common middleware; see Router::group(). The server outlives the group.
class Group final : public Router {
private:
    friend class Router;
    using Router::Router;
};

// Accepts connections and answers requests. There is no global state: a process may have many servers.
class Server final : public Router {
public:
    // Opens nothing yet: add the routes first.
    explicit Server(Options options = Options());
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();  // ends at once, unless the server has been stopped

    // Serves at `endpoint` ("127.0.0.1:8080", ":8080" for every interface, "unix:/run/x.sock") until SIGTERM or SIGINT
    // arrives. Then it finishes the requests in progress; a second signal ends it at once. SIGUSR1 reopens the access
    // log, if there is one. While run() runs, these signals are handled for the whole process; afterwards they do what
    // they did before. Returns the program's exit status: if it can't start, 1, with a sentence on standard error. It
    // raises the number of descriptors that the process may open to the maximum allowed (RLIMIT_NOFILE).
    int run(std::string_view endpoint = "127.0.0.1:8080");

    // For programs that need their main thread: serves on separate threads. Error: a sentence that says what failed and
    // why.
    std::expected<void, std::string> start(std::string_view endpoint);
    // The same at several endpoints, one or more.
    std::expected<void, std::string> start_at(const std::vector<std::string>& endpoints);
    // Stops accepting, finishes the requests in progress, and ends. A second call ends it at once.
    void stop();
    // Reopens the access log's file, after it has been moved away.
    void reopen_log();
    // Waits for the end. Several threads may wait. Error: a sentence, if the calling thread is one of the server's own,
    // such as a handler's or that of its offload(): it would wait for itself.
    std::expected<void, std::string> wait();
    // The addresses it listens on. A port 0 is replaced by the port that was chosen.
    [[nodiscard]] std::vector<io::SocketAddress> local() const;
    // The port of the first of these.
    [[nodiscard]] std::uint16_t port() const;

    // --- for the test client
    // Sentences that say why the routes can't be served.
    [[nodiscard]] const std::vector<std::string>& errors() const;
    // Answers the requests of this core. The server outlives it.
    [[nodiscard]] std::unique_ptr<route::Router> make_router(io::Core& core);
    [[nodiscard]] const Options& options() const;  // as given

private:
    std::expected<void, std::string> open_and_start(const std::vector<std::string>& endpoints);
};

}  // namespace portico
