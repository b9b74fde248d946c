// portico/io/per_core.h — state that each core has for itself, and that needs no lock.
//
//   portico::io::PerCore<Cache> caches;                       // before the server
//   server.get("/", [&](portico::Request& request) { return caches.of(request.core()).page(); });
//
// Room io: see error.h.
// Threads:   of() is called on the core's own thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace portico::io {

class Core;

namespace detail {

// A number that no other PerCore of this process has had.
[[nodiscard]] std::uint64_t next_per_core();
// What the core keeps for that number; null if there is nothing.
[[nodiscard]] void* find_per_core(Core& core, std::uint64_t number);
// Keeps it, and returns it.
void* keep_per_core(Core& core, std::uint64_t number, std::shared_ptr<void> own);

}  // namespace detail

// Destroys what the core has, the last one first. The code that runs a core's loop calls this on the core's thread,
// once no task is left; otherwise it is destroyed with the core.
void end_per_core(Core& core);

// One T for each core: a cache, a client of a database, counters. It is made when the core first asks for it, and
// destroyed on that core's thread when a server's core ends, after its tasks. Call of() in a hook of the core's start
// (Server::on_core_start) to make it before there are requests.
template <class T>
class PerCore {
public:
    // Makes a T for a core; it is called on the core's thread. It may ask for the core's other states.
    using Make = std::function<T(Core&)>;

    PerCore()
        requires std::default_initializable<T>
        : make_([](Core&) { return T(); }) {}
    explicit PerCore(Make make) : make_(std::move(make)) {}
    PerCore(const PerCore&) = delete;
    PerCore& operator=(const PerCore&) = delete;

    // The T of this core. What the maker throws is thrown here, and the next call tries again.
    [[nodiscard]] T& of(Core& core) {
        void* own = detail::find_per_core(core, number_);
        if (own == nullptr) own = detail::keep_per_core(core, number_, make_own(core));
        return *static_cast<T*>(own);
    }

private:
    struct Own {
        Own(const Make& make, Core& core) : value(make(core)) {}
        T value;
    };
    [[nodiscard]] std::shared_ptr<void> make_own(Core& core) const {
        auto own = std::make_shared<Own>(make_, core);
        return std::shared_ptr<void>(own, &own->value);
    }

    const std::uint64_t number_ = detail::next_per_core();
    Make make_;
};

}  // namespace portico::io
