// portico/server/application.cc — see application.h.
#include "portico/server/application.h"

namespace portico::server {

// Notes that a task reads, until it ends or is destroyed.
class Call::Reading {
public:
    explicit Reading(Call& call) : call_(&call) { call.is_reading_ = true; }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() {
        call_->is_reading_ = false;
        call_->reading_ended_.open();
    }

private:
    Call* call_;
};

Task<bool> Call::reading_ended() {
    while (is_reading_) {
        const io::Result<void> ended = co_await reading_ended_.wait(*core_, io::never);
        if (!ended) co_return false;
    }
    co_return true;
}

Task<link::ContentStep> Call::read_content() {
    const Reading guard(*this);
    const link::ContentStep step = co_await link_->read_content();
    const bool is_last = step.octets.empty() && step.end == link::ContentEnd::complete;
    if (is_last && !has_opened_) {
        has_opened_ = true;
        content_read_.open();
    }
    co_return step;
}

}  // namespace portico::server
