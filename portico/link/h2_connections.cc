// portico/link/h2_connections.cc — see h2_connections.h.
#include "portico/link/h2_connections.h"

#include <algorithm>
#include <utility>

namespace portico::link {
namespace {

// The origins of which we remember that they have chosen HTTP/1.1, or demanded it.
constexpr std::size_t h1_origins_max = 64;

void remember(std::deque<std::string>& origins, const std::string& origin) {
    std::erase(origins, origin);
    if (origins.size() >= h1_origins_max) origins.pop_front();
    origins.push_back(origin);
}

h2::Limits engine_limits_of(const OutboundLimits& limits) {
    h2::Limits engine;
    engine.streams_max = limits.streams_max;
    engine.header_list_octets_max = limits.head.head_octets_max;
    engine.field_count_max = limits.head.field_count_max;
    engine.block_octets_max = limits.head.head_octets_max;
    engine.block_time_max = limits.head_time_max;
    engine.stream_window_octets = limits.stream_window_octets;
    engine.connection_window_octets = limits.connection_window_octets;
    engine.stall_time_max = limits.request_idle_max;
    return engine;
}

}  // namespace

// A connection's place among those that are kept.
class H2Connections::Entry {
public:
    Entry(H2Connections& connections, std::string origin, H2Outbound& connection)
        : connections_(&connections), connection_(&connection) {
        connections.kept_.push_back({std::move(origin), &connection});
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() {
        std::erase_if(connections_->kept_, [this](const Kept& kept) { return kept.connection == connection_; });
    }

private:
    H2Connections* connections_;
    H2Outbound* connection_;
};

// A request that waits for a connection to an origin.
class H2Connections::Waiting {
public:
    Waiting(H2Connections& connections, const std::string& origin)
        : connections_(&connections), origin_(&origin), gate_(*connections.core_) {
        connections.waiting_.push_back(this);
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { std::erase(connections_->waiting_, this); }

    [[nodiscard]] const std::string& origin() const { return *origin_; }
    [[nodiscard]] LaterGate& gate() { return gate_; }
    void opening_failed() { is_hopeless_ = true; }
    [[nodiscard]] bool is_hopeless() const { return is_hopeless_; }

private:
    H2Connections* connections_;
    const std::string* origin_;
    LaterGate gate_;
    bool is_hopeless_ = false;
};

H2Outbound* H2Connections::find(const std::string& origin) const {
    const auto found = std::ranges::find_if(
        kept_, [&](const Kept& kept) { return kept.origin == origin && kept.connection->has_room(); });
    return found == kept_.end() ? nullptr : found->connection;
}

Task<H2Outbound*> H2Connections::await(std::string origin, io::TimePoint deadline) {
    for (;;) {
        H2Outbound* const found = find(origin);
        if (found != nullptr || speaks_h1(origin) || !is_opening(origin)) co_return found;
        Waiting waiting(*this, origin);
        const io::Result<void> woken = co_await waiting.gate().wait(deadline);
        // If the first attempt fails, each makes its own: one after another would take too long.
        if (!woken || waiting.is_hopeless()) co_return find(origin);
    }
}

H2Outbound& H2Connections::add(std::string origin, Transport transport) {
    if (!context_) {
        engine_limits_ = engine_limits_of(*limits_);
        context_.emplace(core_->buffers(), engine_limits_);
    }
    H2Keeper& keeper = *this;
    auto made = std::make_unique<H2Outbound>(std::move(transport), *context_, *limits_, idle_limits_.time_max, keeper);
    H2Outbound& connection = *made;
    running_.start(run(std::move(origin), std::move(made)));
    return connection;
}

Task<void> H2Connections::run(std::string origin, std::unique_ptr<H2Outbound> connection) {
    const Entry entry(*this, std::move(origin), *connection);
    co_await connection->run();
}

void H2Connections::became_idle(H2Outbound& connection) {
    const auto is_idle = [](const Kept& kept) { return kept.connection->is_idle(); };
    const auto own = std::ranges::find(kept_, &connection, &Kept::connection);
    if (own == kept_.end()) return;
    const auto same =
        std::ranges::count_if(kept_, [&](const Kept& kept) { return is_idle(kept) && kept.origin == own->origin; });
    if (idle_limits_.count_max == 0 || static_cast<std::size_t>(same) > idle_limits_.count_per_origin_max) {
        return connection.retire();
    }
    if (idle() <= idle_limits_.count_max) return;
    H2Outbound* oldest = &connection;
    for (const Kept& kept : kept_) {
        if (is_idle(kept) && kept.connection->idle_since() < oldest->idle_since()) oldest = kept.connection;
    }
    oldest->retire();
}

void H2Connections::must_speak_h1(H2Outbound& connection) {
    const auto own = std::ranges::find(kept_, &connection, &Kept::connection);
    if (own != kept_.end()) remember(h1_demands_, own->origin);
}

bool H2Connections::must_speak_h1(const std::string& origin) const {
    return std::ranges::find(h1_demands_, origin) != h1_demands_.end();
}

std::size_t H2Connections::idle() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(kept_, [](const Kept& kept) { return kept.connection->is_idle(); }));
}

void H2Connections::end() {
    std::vector<H2Outbound*> all;
    for (const Kept& kept : kept_) all.push_back(kept.connection);
    for (H2Outbound* const connection : all) connection->end();
}

bool H2Connections::is_opening(const std::string& origin) const { return std::ranges::count(opening_, origin) > 0; }
bool H2Connections::speaks_h1(const std::string& origin) const { return std::ranges::count(h1_origins_, origin) > 0; }

H2Connections::Opening::Opening(H2Connections& connections, std::string origin)
    : connections_(&connections), origin_(std::move(origin)) {
    connections_->opening_.push_back(origin_);
}

H2Connections::Opening::~Opening() {
    std::deque<std::string>& h1 = connections_->h1_origins_;
    std::vector<std::string>& opening = connections_->opening_;
    opening.erase(std::ranges::find(opening, origin_));
    if (version_ == http::Version::http_1_1) {
        remember(h1, origin_);
    } else if (version_) {
        std::erase(h1, origin_);
    }
    for (Waiting* const waiting : connections_->waiting_) {
        if (waiting->origin() != origin_) continue;
        if (!version_) waiting->opening_failed();
        waiting->gate().open();
    }
}

}  // namespace portico::link
