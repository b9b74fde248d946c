// portico/link/inbound_context.cc — see inbound_context.h.
#include "portico/link/inbound_context.h"

#include <utility>

#include "portico/link/h2_inbound.h"
#include "portico/link/inbound_limits.h"
#include "portico/link/limits_in_force.h"

namespace portico::link {
namespace {

// Only requests that wait for something keep their memory beyond one turn of the loop.
constexpr std::size_t kept_max = 64;

}  // namespace

InboundContext::InboundContext(io::Core& core, const InboundLimits& limits)
    : core_(&core),
      in_force_(std::make_shared<LimitsInForce>(core.buffers(), limits)),
      fast_readers_(limits.unsent_octets_max, limits.reader_unsent_octets_max, limits.fast_readers_max) {}

void InboundContext::replace_limits(const InboundLimits& limits) {
    in_force_ = std::make_shared<LimitsInForce>(core_->buffers(), limits);
}

std::string_view InboundContext::date() {
    const auto second = std::chrono::floor<std::chrono::seconds>(core_->wall_clock());
    if (second != date_second_) {
        date_second_ = second;
        http::write_imf_fixdate(second, date_);
    }
    return {date_.data(), date_.size()};
}

void InboundContext::begin_draining() {
    is_draining_ = true;
    while (!endless_.empty()) endless_.extract(endless_.begin()).mapped()->request_stop();
    while (!h2_connections_.empty()) h2_connections_.extract(h2_connections_.begin()).mapped()->shut_down();
}

std::unique_ptr<ExchangeMemory> InboundContext::borrow() {
    if (kept_.empty()) return std::make_unique<ExchangeMemory>();
    std::unique_ptr<ExchangeMemory> memory = std::move(kept_.back());
    kept_.pop_back();
    return memory;
}

void InboundContext::give_back(std::unique_ptr<ExchangeMemory> memory) {
    memory->response.clear();  // releases files and content
    memory->attached.clear();
    memory->kept = Charge();
    if (kept_.size() < kept_max) kept_.push_back(std::move(memory));
}

}  // namespace portico::link
