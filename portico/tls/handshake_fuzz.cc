// portico/tls/handshake_fuzz.cc — any octets, in any parts, as what a client sends in its handshake.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "portico/tls/early_data.h"
#include "portico/tls/pair_for_test.h"

namespace portico::tls {
namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

const ServerContext& context() {
    static const auto only = [] {
        ServerTlsOptions options;
        options.credentials.push_back(credentials_for({"localhost"}));
        options.credentials.push_back(credentials_for({"*.example.org"}));
        options.early_data = std::make_shared<EarlyData>(1000, EarlyData::Time(), std::chrono::sys_seconds());
        return *ServerContext::open(options);
    }();
    return *only;
}

// The first octet says how long the parts are.
void play(std::string_view octets) {
    Ledger ledger(1024 * 1024);
    BufferPool pool(ledger);
    {
        const std::unique_ptr<Session> session = context().make_session(pool);
        const std::size_t part = octets.empty() ? 1 : static_cast<unsigned char>(octets.front()) * 8U + 1U;
        octets.remove_prefix(std::min<std::size_t>(octets.size(), 1));
        Progress progress = Progress::needs_input;
        while (!octets.empty() && progress == Progress::needs_input) {
            const std::string_view now = octets.substr(0, part);
            octets.remove_prefix(now.size());
            Buffer received = pool.borrow(now.size());
            now.copy(received.room().data(), now.size());
            received.grow(now.size());
            session->receive(std::move(received));
            progress = session->handshake();
            require(session->take_output().size() < 64 * 1024);
        }
        session->receive_end();
        if (!session->is_established()) require(session->handshake() == Progress::failed);
        require(session->is_established() || !session->failure().empty());
        std::array<char, 100> room;
        static_cast<void>(session->decrypt(room));
    }
    require(ledger.used() == 0);
}

}  // namespace
}  // namespace portico::tls

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    portico::tls::play({reinterpret_cast<const char*>(data), size});
    return 0;
}
