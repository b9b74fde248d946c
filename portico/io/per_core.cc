// portico/io/per_core.cc — see per_core.h.
#include "portico/io/per_core.h"

#include <atomic>
#include <vector>

#include "portico/io/core.h"

namespace portico::io {
namespace {

constexpr char per_core_key = 0;  // its address

// There are few, so that a search beats an index.
struct PerCoreTable {
    PerCoreTable() = default;
    PerCoreTable(const PerCoreTable&) = delete;
    PerCoreTable& operator=(const PerCoreTable&) = delete;
    ~PerCoreTable() { clear(); }
    // A destructor may still ask for the states that were made before.
    void clear() {
        while (!all.empty()) {
            const std::shared_ptr<void> last = std::move(all.back().second);
            all.pop_back();
        }
    }
    std::vector<std::pair<std::uint64_t, std::shared_ptr<void>>> all;
};

PerCoreTable* table_of(Core& core) { return static_cast<PerCoreTable*>(core.local(&per_core_key).get()); }

}  // namespace

std::uint64_t detail::next_per_core() {
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
}

void* detail::find_per_core(Core& core, std::uint64_t number) {
    const PerCoreTable* const table = table_of(core);
    if (table == nullptr) return nullptr;
    for (const auto& [its_number, own] : table->all) {
        if (its_number == number) return own.get();
    }
    return nullptr;
}

void* detail::keep_per_core(Core& core, std::uint64_t number, std::shared_ptr<void> own) {
    if (table_of(core) == nullptr) core.local(&per_core_key) = std::make_shared<PerCoreTable>();
    return table_of(core)->all.emplace_back(number, std::move(own)).second.get();
}

void end_per_core(Core& core) {
    PerCoreTable* const table = table_of(core);
    if (table != nullptr) table->clear();
}

}  // namespace portico::io
