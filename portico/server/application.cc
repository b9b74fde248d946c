// portico/server/application.cc — see application.h.
#include "portico/server/application.h"

namespace portico::server {

Task<link::ContentStep> Call::read_content() {
    const link::ContentStep step = co_await link_->read_content();
    const bool is_last = step.octets.empty() && step.end == link::ContentEnd::complete;
    if (is_last && !has_opened_) {
        has_opened_ = true;
        content_read_.open();
    }
    co_return step;
}

}  // namespace portico::server
