// portico/handler/files/cache.cc — see cache.h.
#include "portico/handler/files/cache.h"

#include <iterator>
#include <utility>

namespace portico::files {

const std::shared_ptr<Entry>* Cache::find(std::string_view path) {
    const auto found = entries_.find(path);
    if (found == entries_.end()) return nullptr;
    if (found->second != order_.begin()) order_.splice(order_.begin(), order_, found->second);
    return &found->second->entry;
}

void Cache::insert(std::shared_ptr<Entry> entry) {
    const auto old = entries_.find(entry->path);
    if (old != entries_.end()) remove(old->second);
    const std::size_t octets = entry->octets();
    const std::size_t descriptors = entry->descriptors();
    if (octets > budget_.octets_max || descriptors > budget_.descriptors_max || budget_.entries_max == 0) return;
    order_.push_front(Slot{std::move(entry), octets, descriptors});
    entries_.emplace(order_.front().entry->path, order_.begin());
    octets_ += octets;
    descriptors_ += descriptors;
    shrink();
}

void Cache::erase(const Entry& entry) {
    const auto found = entries_.find(entry.path);
    if (found != entries_.end() && found->second->entry.get() == &entry) remove(found->second);
}

void Cache::erase_path(std::string_view path) {
    const auto found = entries_.find(path);
    if (found != entries_.end()) remove(found->second);
}

void Cache::recount(const Entry& entry) {
    const auto found = entries_.find(entry.path);
    if (found == entries_.end() || found->second->entry.get() != &entry) return;
    Slot& slot = *found->second;
    octets_ -= std::exchange(slot.octets, entry.octets());
    octets_ += slot.octets;
    descriptors_ -= std::exchange(slot.descriptors, entry.descriptors());
    descriptors_ += slot.descriptors;
    shrink();
}

void Cache::shrink_descriptors(std::size_t descriptors_max) {
    for (auto slot = order_.end(); descriptors_ > descriptors_max && slot != order_.begin();) {
        --slot;
        if (slot->descriptors != 0) remove(slot++);
    }
}

void Cache::reset(const Budget& budget) {
    entries_.clear();
    order_.clear();
    octets_ = descriptors_ = 0;
    budget_ = budget;
}

void Cache::remove(Order::iterator slot) {
    octets_ -= slot->octets;
    descriptors_ -= slot->descriptors;
    entries_.erase(slot->entry->path);
    order_.erase(slot);
}

void Cache::shrink() {
    while (octets_ > budget_.octets_max || entries_.size() > budget_.entries_max) remove(std::prev(order_.end()));
    shrink_descriptors(budget_.descriptors_max);
}

}  // namespace portico::files
