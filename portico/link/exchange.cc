// portico/link/exchange.cc — see exchange.h.
#include "portico/link/exchange.h"

#include "portico/http/target.h"

namespace portico::link {

// Notes that a task reads, until it ends or is destroyed.
class Exchange::Reading {
public:
    explicit Reading(Exchange& exchange) : exchange_(&exchange) { exchange.is_reading_ = true; }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() {
        exchange_->is_reading_ = false;
        exchange_->reading_ended_.open();
    }

private:
    Exchange* exchange_;
};

void Exchange::begin() {
    release();
    memory_->notes.clear();
    memory_->parameters.clear();
    memory_->content = {};
    path_ = {};
    made_octets_ = 0;
    has_content_ended_ = false;
    sent_.reset();
    sent_early_at_.reset();
    began_at_ = core().wall_clock();
    began_ = core().now();
}

http::Result<void> Exchange::decode_path() {
    const http::Request& own = request();
    if (own.form == http::TargetForm::asterisk) {
        path_ = own.path;
        return {};
    }
    const http::Result<std::string_view> decoded = http::decode_path(own.path, memory_->path);
    if (!decoded) return std::unexpected(decoded.error());
    path_ = *decoded;
    return {};
}

Task<ContentStep> Exchange::read_content() {
    const Reading guard(*this);
    const ContentStep step = co_await receive_content();
    if (step.octets.empty() && step.end == ContentEnd::complete) content_has_ended();
    co_return step;
}

void Exchange::charge_kept(std::size_t octets) const {
    Charge& kept = memory_->kept;
    if (kept.octets() == 0) kept = Charge(core().ledger(), 0);
    kept.grow(octets);
}

void Exchange::content_has_ended() {
    has_content_ended_ = true;
    content_ended_.open();
}

// A gate may still be open since an earlier exchange.
Task<bool> Exchange::content_ended() {
    while (!has_content_ended_) {
        const io::Result<void> ended = co_await content_ended_.wait(core(), io::never);
        if (!ended) co_return false;
    }
    co_return true;
}

Task<bool> Exchange::reading_ended() {
    while (is_reading_) {
        const io::Result<void> ended = co_await reading_ended_.wait(core(), io::never);
        if (!ended) co_return false;
    }
    co_return true;
}

}  // namespace portico::link
