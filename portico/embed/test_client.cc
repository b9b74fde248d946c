// portico/embed/test_client.cc — see test_client.h.
#include "portico/embed/test_client.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>

#include "portico/embed/background.h"
#include "portico/embed/server.h"
#include "portico/embed/test_connection_state.h"
#include "portico/embed/test_h2.h"
#include "portico/embed/test_socket_state.h"
#include "portico/http/fields.h"
#include "portico/io/core_handle.h"
#include "portico/io/net/endpoint.h"
#include "portico/io/per_core.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/io/stream.h"
#include "portico/link/transport.h"
#include "portico/server/population.h"
#include "portico/server/worker.h"
#include "portico/services/secure.h"
#include "portico/tls/client_context.h"
#include "portico/tls/local_authority.h"
#include "portico/tls/server_context.h"
#include "portico/wire/h1/read_chunked.h"
#include "portico/wire/h1/read_head.h"

namespace portico {
namespace {

io::SocketAddress server_address(io::Family family) {
    return io::SocketAddress::of(io::IpAddress::loopback(family), 80);
}

io::SimFaults simulated(const TestFaults& faults) {
    io::SimFaults simulated;
    simulated.reset = faults.reset;
    simulated.accept_failure = faults.accept_failure;
    simulated.open_failure = faults.open_failure;
    return simulated;
}

// The content that `body` begins with; nothing if it is incomplete.
std::optional<std::string> content_of(const h1::ReadHead& head, std::string_view body) {
    switch (head.framing) {
        case h1::Framing::none: return std::string();
        case h1::Framing::to_close: return std::string(body);
        case h1::Framing::length:
            if (body.size() < head.content_length) return std::nullopt;
            return std::string(body.substr(0, head.content_length));
        case h1::Framing::chunked: break;
    }
    h1::ChunkedReader chunks(h1::ChunkedLimits{});
    std::string content;
    while (!chunks.done()) {
        const auto step = chunks.read(body);
        if (!step || step->used == 0) return std::nullopt;
        content += step->content;
        body.remove_prefix(step->used);
    }
    return content;
}

// Reads the answer to `method` in these octets; its status is 0 if it is incomplete or malformed.
TestAnswer read_answer(std::string_view octets, http::Method method) {
    constexpr h1::HeadLimits limits{.head_octets_max = 1'000'000, .field_count_max = 10'000};
    http::Response response;
    for (;;) {
        h1::HeadNotes notes;
        const auto read = h1::read_response_head(octets, notes, limits, method, response);
        if (!read || !*read) return {};
        const h1::ReadHead& head = **read;
        octets.remove_prefix(head.octets);
        if (http::code(response.status) < 200) continue;  // interim
        auto content = content_of(head, octets);
        if (!content) return {};
        TestAnswer answer;
        answer.status = http::code(response.status);
        for (const http::FieldLine& line : response.fields.lines()) answer.fields.emplace_back(line.name, line.value);
        answer.content = *std::move(content);
        return answer;
    }
}

// A server that would not start must not be tested: the test would show behaviour that no client sees.
Server& check_routes(Server& server) {
    for (const std::string& error : server.errors()) std::fprintf(stderr, "%s\n", error.c_str());
    if (!server.errors().empty()) std::abort();
    return server;
}

// A client that waits for octets that never come gives up after this time. Simulated time costs nothing.
constexpr auto patience = std::chrono::minutes(5);

// What the server still says when its answer is complete.
constexpr std::size_t drained_octets_max = 1'000'000;

enum class AfterSending : std::uint8_t { stays, half_closes };

// The certificates of HTTPS: for all tests of this process, and never used outside of it.
struct TestSecurity {
    std::shared_ptr<const tls::ServerContext> server;
    std::shared_ptr<const tls::ClientContext> client;
    std::shared_ptr<const tls::ClientContext> h2_client;  // offers nothing else
};

TestSecurity make_security() {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto authority = *tls::make_authority("Portico tests", now, tls::KeyKind::ed25519);
    const auto issuer = *tls::Credentials::read(authority.chain, authority.key);
    const auto issued = *tls::issue(issuer, {"localhost"}, now, tls::Purpose::server, tls::KeyKind::ed25519);
    tls::ServerTlsOptions server;
    server.credentials.emplace_back(*tls::Credentials::read(issued.chain, issued.key));
    server.tickets = tls::Tickets::none;
    tls::ClientTlsOptions client;
    client.authorities = authority.chain;
    client.applications = {"http/1.1"};
    tls::ClientTlsOptions h2_client = client;
    h2_client.applications = {"h2"};
    return {*tls::ServerContext::open(server), *tls::ClientContext::open(client), *tls::ClientContext::open(h2_client)};
}

const TestSecurity& security() {
    static const TestSecurity only = make_security();
    return only;
}

// What a connection carries.
enum class Carried : std::uint8_t { octets, h2 };

// How a client connects.
struct Dialling {
    TestProtocol protocol;
    io::SimKernel* kernel;
    io::IpAddress from;
};

// Sockets that are opened while it lives come from an address; those of handlers, too.
class Caller {
public:
    Caller(io::SimKernel& kernel, const io::IpAddress& from) : kernel_(&kernel) { kernel.set_client_address(from); }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;
    ~Caller() { kernel_->set_client_address(std::nullopt); }

private:
    io::SimKernel* kernel_;
};

// A client's connection to the server; nothing if there is none, or no TLS.
Task<std::optional<link::Transport>> open_connection(io::Core& core, Dialling how, Carried carried = Carried::octets) {
    const io::TimePoint deadline = core.now() + patience;
    std::optional<Caller> caller(std::in_place, *how.kernel, how.from);
    io::Result<io::Stream> stream = co_await io::connect(core, server_address(how.from.family()), deadline);
    caller.reset();
    if (!stream) co_return std::nullopt;
    link::Transport transport(std::move(*stream));
    if (how.protocol != TestProtocol::http) {
        const TestSecurity& known = security();
        const tls::ClientContext& context = carried == Carried::h2 ? *known.h2_client : *known.client;
        transport.protect(*context.make_session("localhost", core.buffers()));
        const io::Result<void> secured = co_await transport.handshake(std::nullopt, deadline);
        if (!secured) co_return std::nullopt;
    }
    co_return std::move(transport);
}

Task<void> exchange_octets(io::Core& core, Dialling how, std::string sent, AfterSending then, std::string& received) {
    std::optional<link::Transport> connection = co_await open_connection(core, how);
    if (!connection) co_return;
    const io::TimePoint deadline = core.now() + patience;
    const io::Result<void> written = co_await services::write_all(*connection, sent, deadline);
    static_cast<void>(written);  // the server may answer and close before it has read everything
    if (then == AfterSending::half_closes) {
        const io::Result<void> ended = co_await connection->end_sending(deadline);
        static_cast<void>(ended);
    }
    for (;;) {
        const io::Result<Buffer> octets = co_await connection->read_ahead(deadline);
        if (!octets || octets->empty()) co_return;
        received += octets->octets();
    }
}

// Sends what there is to be sent, until nothing is left.
Task<void> write_output(link::Transport& connection, TestH2& question, bool& is_writing, io::TimePoint deadline) {
    for (std::string octets = question.take_output(); !octets.empty(); octets = question.take_output()) {
        const io::Result<void> written = co_await services::write_all(connection, octets, deadline);
        if (!written) co_return;
    }
    is_writing = false;
}

Task<void> ask_over_h2(io::Core& core, Dialling how, TestH2& question) {
    std::optional<link::Transport> connection = co_await open_connection(core, how, Carried::h2);
    if (!connection) co_return;
    const io::TimePoint deadline = core.now() + patience;
    bool is_writing = false;
    io::Scope writing;
    while (!question.is_over()) {
        // Reads meanwhile: the server may be unable to take more before it has sent something.
        const bool begins = !std::exchange(is_writing, true);
        if (begins) writing.start(write_output(*connection, question, is_writing, deadline));
        const io::Result<Buffer> octets = co_await connection->read_ahead(deadline);
        if (!octets || octets->empty()) break;
        question.receive(octets->octets());
    }
    writing.request_stop();
    co_await writing.join();
    co_await connection->drain(patience, drained_octets_max);
}

Task<void> write_and_leave(io::Core& core, Dialling how, std::string sent, std::chrono::milliseconds time) {
    std::optional<link::Transport> connection = co_await open_connection(core, how);
    if (!connection) co_return;
    const io::Result<void> written = co_await services::write_all(*connection, sent, core.now() + patience);
    const bool slept = co_await io::sleep_for(core, time);
    static_cast<void>(slept && written);
    connection->abort_on_close();
}

Task<void> write_and_stay(io::Core& core, Dialling how, std::string sent) {
    std::optional<link::Transport> connection = co_await open_connection(core, how);
    if (!connection) co_return;
    const io::Result<void> written = co_await services::write_all(*connection, sent, core.now() + patience);
    for (bool goes_on = written.has_value(); goes_on;) {
        const io::Result<Buffer> octets = co_await connection->read_ahead(io::never);
        goes_on = octets && !octets->empty();
    }
}

// `head`: of the handshake over HTTP/1.1.
Task<void> connect_and_open(io::Core& core, Dialling how, TestSocket::State& socket, std::string head) {
    const Carried carried = socket.h2 ? Carried::h2 : Carried::octets;
    std::optional<link::Transport> connection = co_await open_connection(core, how, carried);
    if (!connection) co_return;
    socket.transport.emplace(std::move(*connection));
    if (socket.h2) {
        co_await socket.open_h2();
    } else {
        co_await socket.open(std::move(head));
    }
}

Task<void> connect_and_keep(io::Core& core, Dialling how, TestConnection::State& connection) {
    std::optional<link::Transport> opened = co_await open_connection(core, how);
    if (opened) connection.transport.emplace(*std::move(opened));
}

Task<void> wait_for(server::Worker& worker, bool& has_ended) {
    co_await worker.ended();
    has_ended = true;
}

Task<void> begin_work(io::Core& core, server::CoreWork& work, unsigned number, Outcome& outcome) {
    outcome = co_await work.begin(core, number);
    if (outcome && number == 0) work.serving(core, 0, 1);
}

// A server besides the first one.
struct Upstream {
    Upstream(io::Core& core, Server& server)
        : limits(server.options().limits),
          population(limits.connections_max, limits.connections_per_address_max),
          worker(core, check_routes(server).routes(), limits, population, nullptr, 0) {}

    const server::Limits limits;
    server::Population population;
    server::Worker worker;
};

// Where an upstream listens.
io::SocketAddress address_of(std::string_view endpoint) {
    const auto parsed = io::parse_endpoint(endpoint);
    if (parsed && parsed->scheme == io::EndpointScheme::unix_stream) {
        return io::SocketAddress::unix_path_of(parsed->path);
    }
    const auto ip = parsed ? io::IpAddress::parse(parsed->host) : std::nullopt;
    if (ip && parsed->scheme == io::EndpointScheme::tcp && parsed->port != 0) {
        return io::SocketAddress::of(*ip, parsed->port);
    }
    std::fprintf(stderr, "portico: '%.*s' is not an address and a port\n", static_cast<int>(endpoint.size()),
                 endpoint.data());
    std::abort();
}

}  // namespace

std::string_view TestAnswer::field(std::string_view name) const {
    for (const auto& [known, value] : fields) {
        if (http::equals_ignoring_case(known, name)) return value;
    }
    return {};
}

std::string TestAnswer::cookies() const {
    std::string all;
    for (const auto& [name, value] : fields) {
        if (!http::equals_ignoring_case(name, "Set-Cookie")) continue;
        if ((value + ";").contains("; Max-Age=0;")) continue;  // the browser forgets it
        if (!all.empty()) all += "; ";
        all += std::string_view(value).substr(0, value.find(';'));
    }
    return all;
}

struct TestClient::World {
    World(Server& the_server, std::uint64_t seed, const TestFaults& faults, TestProtocol the_protocol)
        : server(&the_server),
          protocol(the_protocol),
          replacements(the_server.replacements()),
          kernel(seed, simulated(faults)),
          core(kernel),
          limits(the_server.options().limits),
          population(limits.connections_max, limits.connections_per_address_max),
          worker(core, check_routes(the_server).routes(), limits, population, nullptr, 0) {
        const bool is_secure = protocol != TestProtocol::http;
        const auto strict = the_server.options().strict_transport_security;
        if (is_secure && strict) {
            worker.inbound().set_strict_transport_security("max-age=" + std::to_string(strict->count()));
        }
        begin(the_server);
        open_for(io::Family::ipv4);
    }
    void open_for(io::Family family) {
        open(server_address(family), worker, protocol == TestProtocol::http ? nullptr : security().server);
    }
    // Runs the start hooks of a server, which then has tasks of its own.
    void begin(Server& one) {
        Outcome outcome;
        const unsigned number = one.background().free_number();
        run(begin_work(core, one.background(), number, outcome));
        if (!outcome) std::fprintf(stderr, "%s\n", outcome.error().c_str());
        if (!outcome) std::abort();
        with_work.push_back({&one.background(), number});
    }
    // The server's routes may have been replaced since the last request.
    void follow_replacement() {
        if (std::exchange(replacements, server->replacements()) == replacements) return;
        worker.replace(check_routes(*server).routes());
    }
    ~World() {
        end(worker);
        for (Upstream& upstream : upstreams) end(upstream.worker);
        staying.request_stop();
        while (staying.size() > 0) core.run_once(io::never);
        io::Scope ending;
        for (const auto& [work, number] : with_work) ending.start(work->end(core, number));
        while (ending.size() > 0) core.run_once(io::never);
        io::CoreHandle::close(core);
        io::end_per_core(core);
    }
    void open(const io::SocketAddress& address, server::Worker& by,
              const std::shared_ptr<const tls::ServerContext>& tls = nullptr) {
        for (;;) {
            auto listener = io::Listener::open(core, address);
            if (listener) return by.serve(std::move(*listener), tls);
            const int number = listener.error().number;
            const bool is_fault = number == EMFILE || number == ENFILE || number == ENOMEM;
            if (is_fault) continue;  // which keeps the listener from opening, this time
            std::fprintf(stderr, "portico: cannot listen on %s: %s\n", address.text().c_str(), std::strerror(number));
            std::abort();
        }
    }
    void end(server::Worker& one) {
        one.stop();
        bool has_ended = false;
        io::Scope ending;
        ending.start(wait_for(one, has_ended));
        while (!has_ended) core.run_once(io::never);
    }
    void run(Task<void> task) {
        follow_replacement();
        io::Scope scope;
        scope.start(std::move(task));
        while (scope.size() > 0) core.run_once(io::never);
    }

    [[nodiscard]] Dialling dialling() { return {protocol, &kernel, peer}; }

    Server* server;
    const TestProtocol protocol;
    io::IpAddress peer = io::IpAddress::loopback(io::Family::ipv4);
    bool has_ipv6 = false;  // the server listens there too
    unsigned replacements;  // that the worker has followed
    io::SimKernel kernel;
    io::Core core;
    const server::Limits limits;
    server::Population population;
    server::Worker worker;
    std::list<Upstream> upstreams;
    std::vector<std::pair<Background*, unsigned>> with_work;  // that have begun, with their numbers
    io::Scope staying;                                        // clients that stay
};

TestClient::TestClient(Server& server, std::uint64_t seed, TestFaults faults, TestProtocol protocol)
    : world_(std::make_unique<World>(server, seed, faults, protocol)) {}
TestClient::~TestClient() = default;

void TestClient::add_upstream(std::string_view endpoint, Server& upstream) {
    const io::SocketAddress address = address_of(endpoint);
    world_->upstreams.emplace_back(world_->core, upstream);
    world_->begin(upstream);
    world_->open(address, world_->upstreams.back().worker);
}

TestAnswer TestClient::get(std::string_view target, const TestFields& fields) { return request("GET", target, fields); }

TestAnswer TestClient::send(std::string_view method, std::string_view target, std::string_view content,
                            std::string_view content_type, TestFields fields) {
    fields.emplace_back("Content-Type", content_type);
    return request(method, target, fields, content);
}

TestAnswer TestClient::post(std::string_view target, std::string_view content, std::string_view content_type,
                            const TestFields& fields) {
    return send("POST", target, content, content_type, fields);
}

TestAnswer TestClient::request(std::string_view method, std::string_view target, const TestFields& fields,
                               std::string_view content) {
    if (world_->protocol == TestProtocol::http2) {
        auto all = fields;
        if (announces_length(method, content)) all.emplace_back("Content-Length", std::to_string(content.size()));
        TestH2 question(method, target, all, content);
        world_->run(ask_over_h2(world_->core, world_->dialling(), question));
        return question.take_answer();
    }
    std::string octets = write_test_request(method, target, fields, content, "Connection: close\r\n");
    std::string received;
    world_->run(exchange_octets(world_->core, world_->dialling(), std::move(octets), AfterSending::stays, received));
    return read_answer(received, http::recognise_method(method));
}

TestAnswer TestClient::put(std::string_view target, std::string_view content, std::string_view content_type,
                           const TestFields& fields) {
    return send("PUT", target, content, content_type, fields);
}

TestAnswer TestClient::patch(std::string_view target, std::string_view content, std::string_view content_type,
                             const TestFields& fields) {
    return send("PATCH", target, content, content_type, fields);
}

TestAnswer TestClient::del(std::string_view target, const TestFields& fields) {
    return request("DELETE", target, fields);
}

TestConnection TestClient::connect() {
    World& world = *world_;
    auto state =
        std::make_shared<TestConnection::State>(world.core, [&world](Task<void> task) { world.run(std::move(task)); });
    world.run(connect_and_keep(world.core, world.dialling(), *state));
    return TestConnection(state);
}

void TestClient::set_peer(std::string_view address) {
    const std::optional<io::IpAddress> parsed = io::IpAddress::parse(address);
    if (!parsed) {
        std::fprintf(stderr, "portico: '%.*s' is not an address\n", static_cast<int>(address.size()), address.data());
        std::abort();
    }
    world_->peer = *parsed;
    if (parsed->family() == io::Family::ipv4 || std::exchange(world_->has_ipv6, true)) return;
    world_->open_for(io::Family::ipv6);
}

TestSocket TestClient::websocket(std::string_view target, const TestFields& fields) {
    World& world = *world_;
    auto socket =
        std::make_shared<TestSocket::State>(world.core, [&world](Task<void> task) { world.run(std::move(task)); });
    std::string head("GET ");
    head.append(target).append(
        " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    for (const auto& [name, value] : fields) head.append(name).append(": ").append(value).append("\r\n");
    head += "\r\n";
    if (world.protocol == TestProtocol::http2) {
        TestFields all = fields;
        all.emplace_back("sec-websocket-version", "13");
        socket->h2.emplace("websocket", target, all);
    }
    world.run(connect_and_open(world.core, world.dialling(), *socket, std::move(head)));
    if (socket->is_open) {
        socket->tasks.start(socket->read());
        socket->tasks.start(socket->write());
    }
    return TestSocket(socket);
}

std::string TestClient::exchange(std::string_view octets) {
    std::string received;
    world_->run(exchange_octets(world_->core, world_->dialling(), std::string(octets), AfterSending::stays, received));
    return received;
}

std::string TestClient::exchange_and_finish(std::string_view octets) {
    std::string received;
    world_->run(
        exchange_octets(world_->core, world_->dialling(), std::string(octets), AfterSending::half_closes, received));
    return received;
}

void TestClient::send_and_leave(std::string_view octets, std::chrono::milliseconds time) {
    world_->run(write_and_leave(world_->core, world_->dialling(), std::string(octets), time));
}

void TestClient::pass(std::chrono::milliseconds time) {
    const io::TimePoint until = world_->core.now() + time;
    while (world_->core.now() < until) world_->core.run_once(until);
}

void TestClient::send_and_stay(std::string_view octets, std::chrono::milliseconds time) {
    world_->staying.start(write_and_stay(world_->core, world_->dialling(), std::string(octets)));
    pass(time);
}

std::size_t TestClient::connections() const { return world_->worker.connections(); }

std::size_t TestClient::octets_in_use() const { return world_->core.ledger().used(); }

}  // namespace portico
