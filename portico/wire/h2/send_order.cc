// portico/wire/h2/send_order.cc — see send_order.h.
#include "portico/wire/h2/send_order.h"

#include <cassert>

namespace portico::h2 {

StreamList& SendOrder::list_of(const Stream& stream) {
    Level& level = levels_[stream.priority.urgency];
    return stream.priority.delivery == Delivery::whole ? level.whole : level.incremental;
}

void SendOrder::add(Stream& stream, TimePoint now) {
    assert(stream.place == Place::none);
    if (stream.send_window <= 0) {
        stream.place = Place::stalled;
        stream.stalled_since = now;
        stalled_.push_back(stream);
    } else {
        stream.place = Place::ready;
        if (stream.priority.delivery == Delivery::whole) {
            list_of(stream).insert_by_id(stream);
        } else {
            list_of(stream).push_back(stream);
        }
    }
}

void SendOrder::remove(Stream& stream) {
    switch (stream.place) {
        case Place::none: return;
        case Place::ready: list_of(stream).erase(stream); break;
        case Place::stalled: stalled_.erase(stream); break;
    }
    stream.place = Place::none;
}

void SendOrder::update(Stream& stream, TimePoint now) {
    const Place wanted = stream.send_window > 0 ? Place::ready : Place::stalled;
    if (stream.place == Place::none || stream.place == wanted) return;
    remove(stream);
    add(stream, now);
}

void SendOrder::prioritise(Stream& stream, Priority priority) {
    const bool is_ready = stream.place == Place::ready;
    if (is_ready) remove(stream);
    stream.priority = priority;
    if (is_ready) add(stream, {});  // its window is open
}

Stream* SendOrder::next() const {
    for (const Level& level : levels_) {
        if (level.whole.empty() && level.incremental.empty()) continue;
        if (level.incremental.empty()) return level.whole.front();
        if (level.whole.empty()) return level.incremental.front();
        return level.turn == Delivery::whole ? level.whole.front() : level.incremental.front();
    }
    return nullptr;
}

void SendOrder::has_sent(Stream& stream) {
    Level& level = levels_[stream.priority.urgency];
    if (stream.priority.delivery == Delivery::whole) {
        level.turn = Delivery::incremental;
        return;
    }
    level.turn = Delivery::whole;
    if (stream.place != Place::ready) return;
    level.incremental.erase(stream);
    level.incremental.push_back(stream);
}

}  // namespace portico::h2
