// portico/link/idle_connections.cc — see idle_connections.h.
#include "portico/link/idle_connections.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace portico::link {
namespace {

Task<void> part(std::unique_ptr<H1Outbound> connection) { co_await connection->part(); }

}  // namespace

IdleConnections::~IdleConnections() { core_->timers().unset(*this); }

void IdleConnections::keep(std::string origin, std::unique_ptr<H1Outbound> connection) {
    connection->rest();
    const auto same = static_cast<std::size_t>(std::ranges::count(idle_, origin, &Idle::origin));
    if (limits_.count_max == 0 || same >= limits_.count_per_origin_max) {
        dismiss(std::move(connection));
        return;
    }
    if (idle_.size() >= limits_.count_max) drop_oldest();
    const io::TimePoint until = io::later(core_->now(), limits_.time_max);
    idle_.push_back({.origin = std::move(origin), .connection = std::move(connection), .until = until});
    set_timer();
}

std::unique_ptr<H1Outbound> IdleConnections::take(const std::string& origin) {
    const auto last = std::ranges::find(idle_.rbegin(), idle_.rend(), origin, &Idle::origin);
    if (last == idle_.rend()) return nullptr;
    std::unique_ptr<H1Outbound> connection = std::move(last->connection);
    idle_.erase(std::next(last).base());
    return connection;
}

Task<void> IdleConnections::close() {
    while (!idle_.empty()) drop_oldest();
    co_await partings_.join();
}

void IdleConnections::dismiss(std::unique_ptr<H1Outbound> connection) { partings_.start(part(std::move(connection))); }

void IdleConnections::drop_oldest() {
    std::unique_ptr<H1Outbound> connection = std::move(idle_.front().connection);
    idle_.erase(idle_.begin());
    dismiss(std::move(connection));
}

// All of them wait for the same time, so the first one's time is over first.
void IdleConnections::expire() {
    while (!idle_.empty() && idle_.front().until <= core_->now()) drop_oldest();
    set_timer();
}

void IdleConnections::set_timer() {
    if (idle_.empty() || is_set()) return;
    core_->timers().set(*this, idle_.front().until);
}

}  // namespace portico::link
