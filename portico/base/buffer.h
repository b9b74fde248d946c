// portico/base/buffer.h — octets in memory, lent by a core's pool and charged to its ledger.
//
// Room base: see fd.h.
// Threads:   a pool and its buffers belong to one core.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace portico {

// Counts the memory that a core's connections hold, in octets. All lent memory is charged here and released later: if
// the ledger is not back at zero when the last connection has gone, there is a leak.
//
// Memory runs out in three steps. Above three quarters of the ceiling the ledger is strained: it asks for relief. Above
// seven eighths it is full: no new work is begun, and nothing further is received. The rest is reserved for answers;
// above the ceiling, answers are refused as well.
class Ledger {
public:
    // `ceiling`: in octets.
    explicit Ledger(std::size_t ceiling) : ceiling_(ceiling) {}

    // Octets were lent. tide() and peak() keep the maximum. Asks for relief if this strains the ledger.
    void charge(std::size_t octets) {
        used_ += octets;
        if (used_ > tide_) tide_ = used_;
        if (used_ > strain() && ask_for_relief_ != nullptr) ask_for_relief_(asked_);
    }
    // Octets were returned; never more than are charged (asserted).
    void release(std::size_t octets) {
        assert(octets <= used_);
        used_ -= octets;
    }
    [[nodiscard]] std::size_t used() const { return used_; }        // octets, now
    [[nodiscard]] std::size_t tide() const { return tide_; }        // the most octets that were used since ebb()
    [[nodiscard]] std::size_t ceiling() const { return ceiling_; }  // octets that buffers never exceed
    // The most octets that were ever used.
    [[nodiscard]] std::size_t peak() const { return tide_ > peak_ ? tide_ : peak_; }
    // Begins a new tide(), from the octets that are used now.
    void ebb() {
        peak_ = peak();
        tide_ = used_;
    }
    // Whether connections should give memory back soon.
    [[nodiscard]] bool is_strained() const { return used_ > strain(); }
    // Whether new connections, and buffers to receive into, must be refused.
    [[nodiscard]] bool is_full() const { return used_ >= ceiling_ - ceiling_ / 8; }
    // Whether this many further octets would fit below the ceiling.
    [[nodiscard]] bool has_room_for(std::size_t octets) const {
        return used_ <= ceiling_ && octets <= ceiling_ - used_;
    }

    // Sets the function that charge() calls, with `asked`, each time that it leaves the ledger strained. The function
    // gives no memory back before it returns, but soon after. Null: no function is called any more.
    void set_relief(void (*ask)(void* asked), void* asked) {
        ask_for_relief_ = ask;
        asked_ = asked;
    }

private:
    [[nodiscard]] std::size_t strain() const { return ceiling_ - ceiling_ / 4; }

    std::size_t ceiling_;
    std::size_t used_ = 0;
    std::size_t tide_ = 0;
    std::size_t peak_ = 0;  // before the tide began
    void (*ask_for_relief_)(void*) = nullptr;
    void* asked_ = nullptr;
};

// Octets that are charged to a ledger while this object exists.
class Charge {
public:
    // Charges nothing.
    Charge() = default;
    // Charges this many octets to `ledger`, which outlives this object.
    Charge(Ledger& ledger, std::size_t octets) : ledger_(&ledger), octets_(octets) { ledger.charge(octets); }
    Charge(Charge&& other) noexcept
        : ledger_(std::exchange(other.ledger_, nullptr)), octets_(std::exchange(other.octets_, 0)) {}
    Charge& operator=(Charge&& other) noexcept {
        Charge old(std::move(*this));
        ledger_ = std::exchange(other.ledger_, nullptr);
        octets_ = std::exchange(other.octets_, 0);
        return *this;
    }
    ~Charge() {
        if (ledger_ != nullptr) ledger_->release(octets_);
    }
    // Charges further octets. Only if there is a ledger (asserted).
    void grow(std::size_t octets) {
        assert(ledger_ != nullptr);
        ledger_->charge(octets);
        octets_ += octets;
    }
    [[nodiscard]] std::size_t octets() const { return octets_; }  // charged now

private:
    Ledger* ledger_ = nullptr;
    std::size_t octets_ = 0;
};

class BufferPool;

// Octets received or to be sent: a block of memory whose front part [0, size) is filled. Moving transfers the block;
// destroying gives it back to the pool, which outlives it. An empty Buffer (no block) has capacity 0.
class Buffer {
public:
    Buffer() noexcept = default;
    Buffer(Buffer&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)),
          block_(std::exchange(other.block_, nullptr)),
          capacity_(std::exchange(other.capacity_, 0)),
          size_(std::exchange(other.size_, 0)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        Buffer old(std::move(*this));
        pool_ = std::exchange(other.pool_, nullptr);
        block_ = std::exchange(other.block_, nullptr);
        capacity_ = std::exchange(other.capacity_, 0);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }
    ~Buffer() {
        if (block_ != nullptr) give_back();
    }

    // The part that is filled. The view ends with the next drop_front(), or with the buffer.
    [[nodiscard]] std::string_view octets() const { return {block_, size_}; }
    [[nodiscard]] std::size_t size() const { return size_; }            // octets that are filled
    [[nodiscard]] std::size_t capacity() const { return capacity_; }    // octets of the block; 0 if there is none
    [[nodiscard]] bool empty() const { return size_ == 0; }             // nothing is filled
    [[nodiscard]] bool has_block() const { return block_ != nullptr; }  // false: it was never lent, or moved away

    // The part that is not filled. Write to its front, then call grow().
    [[nodiscard]] std::span<char> room() { return {block_ + size_, capacity_ - size_}; }
    // Marks the first `octets` octets of room() as filled; never more than it has (asserted).
    void grow(std::size_t octets) {
        assert(octets <= capacity_ - size_);
        size_ += octets;
    }
    // Removes the first octets and moves the rest to the front.
    void drop_front(std::size_t octets);
    void clear() { size_ = 0; }  // nothing is filled; the block stays

private:
    friend class BufferPool;
    Buffer(BufferPool& pool, char* block, std::size_t capacity) : pool_(&pool), block_(block), capacity_(capacity) {}
    void give_back() noexcept;

    BufferPool* pool_ = nullptr;
    char* block_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
};

// What a buffer is for. The last part of the memory is reserved for answers, so that a peer can learn why it is
// refused.
enum class Lending : std::uint8_t { input, answer };

// Lends blocks. Those of the usual size are kept for the next borrower, up to `kept_max` of them; others are
// allocated and freed.
class BufferPool {
public:
    static constexpr std::size_t usual_octets = 16 * 1024;  // of the blocks that are kept: one head, or one read

    // Charges `ledger`, which outlives the pool, for blocks that are lent, not for blocks that are kept.
    explicit BufferPool(Ledger& ledger, std::size_t kept_max = 64) : ledger_(&ledger), kept_max_(kept_max) {}
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;
    ~BufferPool();

    // An empty buffer with room for `octets`, or for usual_octets if that is more. A Buffer without a block if the
    // ledger has no room for it.
    [[nodiscard]] Buffer try_borrow(Lending lending, std::size_t octets = usual_octets);
    // Like try_borrow(), but never refuses: for buffers that a program needs once and not for each peer.
    [[nodiscard]] Buffer borrow(std::size_t octets = usual_octets);
    // Counts the octets that are lent.
    [[nodiscard]] Ledger& ledger() { return *ledger_; }

private:
    friend class Buffer;
    void take_back(char* block, std::size_t capacity) noexcept;

    Ledger* ledger_;
    std::size_t kept_max_;
    std::vector<char*> kept_;
};

}  // namespace portico
