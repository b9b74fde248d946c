// portico/base/frame_pool.cc — see frame_pool.h.
#include "portico/base/frame_pool.h"

#include <array>
#include <new>

namespace portico {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool pooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool pooled = false;
#else
constexpr bool pooled = true;
#endif
#else
constexpr bool pooled = true;
#endif

constexpr std::size_t step = 64;
constexpr std::size_t largest = 2048;
// What one thread keeps of one size: enough for the bursts of one loop pass; a crowd that has left gives its memory
// back to the allocator.
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

}  // namespace

void* allocate_frame(std::size_t octets) {
    if (!pooled || octets > largest) return ::operator new(octets);
    return free_lists().allocate(octets);
}

void free_frame(void* frame, std::size_t octets) noexcept {
    if (!pooled || octets > largest) {
        ::operator delete(frame);
    } else {
        free_lists().free(frame, octets);
    }
}

}  // namespace portico
