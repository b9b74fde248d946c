// portico/wire/h2/send_order.h — which stream of a connection sends next (RFC 9218 §10).
//
// Room wire: see frame.h.
#pragma once

#include <array>
#include <cstdint>

#include "portico/wire/h2/stream.h"

namespace portico::h2 {

// The streams that have content to send. More urgent ones come first. Of equal urgency, responses that are of use only
// when they are whole are sent one after another, in the order of their requests; incremental ones take turns. If there
// are both, each kind gets every second turn, so that neither waits for the other to end.
//
// A stream whose window is closed is in another list, and delays nobody.
class SendOrder {
public:
    // The stream, which is in neither list, has something to send. `now` is when it stalls, if its window is closed.
    void add(Stream& stream, TimePoint now);
    // It has nothing to send any more. It may be in neither list.
    void remove(Stream& stream);
    // Its window may have opened or closed.
    void update(Stream& stream, TimePoint now);
    // Changes its priority.
    void prioritise(Stream& stream, Priority priority);

    // The stream whose turn it is; null if there is none.
    [[nodiscard]] Stream* next() const;
    // The stream has used its turn.
    void has_sent(Stream& stream);
    // The stream that has been stalled for longest; null if there is none.
    [[nodiscard]] Stream* longest_stalled() const { return stalled_.front(); }

private:
    // The streams of one urgency.
    struct Level {
        StreamList whole;
        StreamList incremental;
        Delivery turn = Delivery::whole;
    };
    [[nodiscard]] StreamList& list_of(const Stream& stream);

    std::array<Level, urgency_count> levels_;
    StreamList stalled_;  // in the order in which they stalled
};

}  // namespace portico::h2
