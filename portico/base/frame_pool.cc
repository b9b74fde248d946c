// portico/base/frame_pool.cc — see frame_pool.h.
#include "portico/base/frame_pool.h"

#include <array>
#include <new>

// AddressSanitizer's own function, in every program that was linked with it; else null. It is resolved when the program
// is linked, because an installed library was compiled without it.
extern "C" void __asan_init() __attribute__((weak));  // NOLINT(bugprone-reserved-identifier)

namespace portico {
namespace {

bool is_pooled() { return &__asan_init == nullptr; }

constexpr std::size_t step = 64;
constexpr std::size_t largest = 2048;
// How many free frames of one size a thread keeps: enough for the bursts of one loop pass. The others go back to the
// allocator.
constexpr std::size_t kept_max = 256;

struct FreeFrame {
    FreeFrame* next;
};

class FreeLists {
public:
    FreeLists() = default;
    FreeLists(const FreeLists&) = delete;
    FreeLists& operator=(const FreeLists&) = delete;
    ~FreeLists() {
        for (List& list : lists_) {
            while (list.first != nullptr) ::operator delete(pop(list));
        }
    }

    void* allocate(std::size_t octets) {
        List& list = list_for(octets);
        if (list.first != nullptr) return pop(list);
        return ::operator new(rounded(octets));
    }
    void free(void* frame, std::size_t octets) noexcept {
        List& list = list_for(octets);
        if (list.count == kept_max) {
            ::operator delete(frame);
            return;
        }
        list.first = new (frame) FreeFrame{list.first};
        ++list.count;
    }

private:
    struct List {
        FreeFrame* first = nullptr;
        std::size_t count = 0;
    };
    static std::size_t rounded(std::size_t octets) { return (octets + step - 1) / step * step; }
    List& list_for(std::size_t octets) { return lists_[rounded(octets) / step]; }
    static void* pop(List& list) {
        FreeFrame* frame = list.first;
        list.first = frame->next;
        --list.count;
        return frame;
    }

    std::array<List, largest / step + 1> lists_;
};

FreeLists& free_lists() {
    thread_local FreeLists lists;
    return lists;
}

// The frame that allocate_frame() returned last on this thread.
struct NewestFrame {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
};
constinit thread_local NewestFrame newest_frame;

}  // namespace

void* allocate_frame(std::size_t octets) {
    void* const frame = is_pooled() && octets <= largest ? free_lists().allocate(octets) : ::operator new(octets);
    const auto begin = reinterpret_cast<std::uintptr_t>(frame);
    newest_frame = {begin, begin + octets};
    return frame;
}

std::uintptr_t end_of_newest_frame(const void* object) noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(object);
    return at >= newest_frame.begin && at < newest_frame.end ? newest_frame.end : 0;
}

void free_frame(void* frame, std::size_t octets) noexcept {
    if (is_pooled() && octets <= largest) {
        free_lists().free(frame, octets);
    } else {
        ::operator delete(frame);
    }
}

}  // namespace portico
