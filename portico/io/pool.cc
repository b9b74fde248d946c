// portico/io/pool.cc — see pool.h.
#include "portico/io/pool.h"

#include <algorithm>

#include "portico/io/epoll/helper_threads.h"

namespace portico::io {

Pool::Pool(std::string name, unsigned threads_max, std::size_t waiting_max)
    : name_(std::move(name)),
      in_use_max_(std::max(waiting_max, waiting_max + std::max(1U, threads_max))),
      threads_(std::make_unique<HelperThreads>(std::max(1U, threads_max), nullptr, name_)) {}

Pool::~Pool() = default;

Pool::Place::Place(Pool& pool) : pool_(&pool) {
    if (pool.in_use_.fetch_add(1, std::memory_order_relaxed) < pool.in_use_max_) return;
    pool.in_use_.fetch_sub(1, std::memory_order_relaxed);
    pool_ = nullptr;
}

Pool::Place::~Place() {
    if (pool_ != nullptr) pool_->in_use_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace portico::io
