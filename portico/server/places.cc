// portico/server/places.cc — see places.h.
#include "portico/server/places.h"

#include "portico/server/population.h"

namespace portico::server {

Place* Places::oldest_of(const io::SocketAddress& peer) {
    const Population::Key wanted = Population::key_of(peer);
    std::size_t looks = 0;
    for (Place* place = first_; place != nullptr && looks < looks_max; place = place->next_, ++looks) {
        if (Population::key_of(*place->peer_) == wanted) return place;
    }
    return nullptr;
}

void Places::close_all() {
    // Counted first: the end of one connection may admit another one.
    std::size_t count = 0;
    for (const Place* place = first_; place != nullptr; place = place->next_) ++count;
    for (; count > 0 && first_ != nullptr; --count) first_->close();
}

void Place::close() {
    leave();
    // Copied: the end of the wait may destroy this object.
    io::Operation* const wait = wait_;
    io::Scope* const reading = reading_;
    if (wait != nullptr) wait->stop_waiting();
    if (reading != nullptr) reading->request_stop();
}

}  // namespace portico::server
