// portico/wire/h2/context.cc — see context.h.
#include "portico/wire/h2/context.h"

#include <utility>

namespace portico::h2 {

std::unique_ptr<Stream> Context::borrow() {
    if (streams_.empty()) return std::make_unique<Stream>();
    auto stream = std::move(streams_.back());
    streams_.pop_back();
    return stream;
}

void Context::give_back(std::unique_ptr<Stream> stream) {
    if (streams_.size() >= streams_kept_max) return;
    stream->clear();
    streams_.push_back(std::move(stream));
}

}  // namespace portico::h2
