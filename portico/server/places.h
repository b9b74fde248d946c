// portico/server/places.h — the connections that can be closed to make room for others, oldest first.
//
// Room server: see limits.h.
// Threads:   one core's.
#pragma once

#include <cstddef>

#include "portico/io/kernel.h"
#include "portico/io/net/address.h"
#include "portico/io/scope.h"

namespace portico::server {

class Place;

// Connections in the same state, such as idle, in the order in which they entered it.
class Places {
public:
    // oldest_of() checks this many connections, so that a flood of connections can't make each of them expensive.
    static constexpr std::size_t looks_max = 64;

    Places() = default;
    Places(const Places&) = delete;
    Places& operator=(const Places&) = delete;

    // The connection that has been here the longest. Null if there is none.
    [[nodiscard]] Place* oldest() { return first_; }
    // The oldest of those that Population counts together with `peer`. Null if none is found.
    [[nodiscard]] Place* oldest_of(const io::SocketAddress& peer);
    // Closes each connection that is here now. Connections that join in the meantime stay.
    void close_all();

private:
    friend class Place;

    Place* first_ = nullptr;
    Place* last_ = nullptr;
};

// A connection's place in the list. It leaves the list when this object is destroyed.
class Place {
public:
    // `since`: now. The connection is closed by ending `wait`, or by asking `reading` to stop. All of them outlive the
    // place.
    Place(Places& places, const io::SocketAddress& peer, io::TimePoint since, io::Operation& wait)
        : Place(places, peer, since) {
        wait_ = &wait;
    }
    Place(Places& places, const io::SocketAddress& peer, io::TimePoint since, io::Scope& reading)
        : Place(places, peer, since) {
        reading_ = &reading;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { leave(); }

    // When the connection entered the list.
    [[nodiscard]] io::TimePoint since() const { return since_; }
    // Closes the connection, which leaves the list at once, although it may take a while to end.
    void close();

private:
    friend class Places;
    Place(Places& places, const io::SocketAddress& peer, io::TimePoint since)
        : places_(&places), peer_(&peer), since_(since), previous_(places.last_) {
        (previous_ != nullptr ? previous_->next_ : places.first_) = this;
        places.last_ = this;
    }
    void leave() {
        if (places_ == nullptr) return;
        (previous_ != nullptr ? previous_->next_ : places_->first_) = next_;
        (next_ != nullptr ? next_->previous_ : places_->last_) = previous_;
        places_ = nullptr;
    }

    Places* places_;  // null once it has left
    const io::SocketAddress* peer_;
    io::TimePoint since_;
    io::Operation* wait_ = nullptr;
    io::Scope* reading_ = nullptr;
    Place* next_ = nullptr;
    Place* previous_;
};

}  // namespace portico::server
