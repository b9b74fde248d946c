// portico/tls/handshake_bench.cc — what a handshake costs both ends together, in memory: with one context for all
// threads, and with one for each.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "portico/tls/client_context.h"
#include "portico/tls/local_authority.h"
#include "portico/tls/server_context.h"

namespace portico::tls {
namespace {

const PemPair& authority_pem() {
    static const PemPair only =
        *make_authority("Bench", std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    return only;
}

std::shared_ptr<const ServerContext> new_server() {
    static const Credentials own = [] {
        const Credentials by = *Credentials::read(authority_pem().chain, authority_pem().key);
        const auto issued =
            issue(by, {"localhost"}, std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
        return *Credentials::read(issued->chain, issued->key);
    }();
    ServerTlsOptions options;
    options.credentials.emplace_back(own);
    return *ServerContext::open(options);
}

std::shared_ptr<const ServerContext> shared_server() {
    static const std::shared_ptr<const ServerContext> only = new_server();
    return only;
}

std::shared_ptr<const ClientContext> new_client() {
    ClientTlsOptions options;
    options.verification = Verification::none;
    return *ClientContext::open(options);
}

void carry(Session& from, Session& to, BufferPool& pool) {
    const Buffer output = from.take_output();
    if (output.empty()) return;
    Buffer received = pool.borrow(output.size());
    output.octets().copy(received.room().data(), output.size());
    received.grow(output.size());
    to.receive(std::move(received));
    std::array<char, 100> room;
    if (!to.is_established()) {
        static_cast<void>(to.handshake());
    } else {
        static_cast<void>(to.decrypt(room));  // tickets
    }
}

void shake_hands(const ServerContext& server, const ClientContext& client, BufferPool& pool) {
    const auto at_server = server.make_session(pool);
    const auto at_client = *client.make_session("localhost", pool);
    static_cast<void>(at_client->handshake());
    for (int flight = 0; flight < 3; ++flight) {
        carry(*at_client, *at_server, pool);
        carry(*at_server, *at_client, pool);
    }
    if (!at_server->is_established() || !at_client->is_established()) std::abort();
}

void run(benchmark::State& state, const std::shared_ptr<const ServerContext>& server) {
    Ledger ledger(64 * 1024 * 1024);
    BufferPool pool(ledger);
    const auto client = new_client();
    for (auto _ : state) shake_hands(*server, *client, pool);
}

void handshake_with_a_shared_context(benchmark::State& state) { run(state, shared_server()); }
void handshake_with_a_context_for_each_thread(benchmark::State& state) { run(state, new_server()); }

BENCHMARK(handshake_with_a_shared_context)->ThreadRange(1, 8)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(handshake_with_a_context_for_each_thread)->ThreadRange(1, 8)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace
}  // namespace portico::tls
