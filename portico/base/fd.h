// portico/base/fd.h — owns one descriptor.
//
// Room base: the vocabulary that all rooms share.
// May use:   nothing of ours.
// May not:   know sockets, HTTP or configuration.
// Threads:   none of its own; each type says what it allows.
#pragma once

#include <cassert>
#include <utility>

namespace portico {

// Gives out descriptors and closes them: the real kernel, or a simulated one.
class FdTable {
public:
    // Closes the descriptor. Never retries, whatever the system returns: by then the number may belong to another file.
    virtual void close(int number) noexcept = 0;
    // An open descriptor moves to another table, or from one. Only tables that share their numbers can do this: those
    // of the real kernel can, but a simulated kernel's cannot.
    virtual void let_go(int /*number*/) noexcept { assert(false && "these numbers mean nothing elsewhere"); }
    virtual void take(int /*number*/) noexcept { assert(false && "these numbers come from nowhere else"); }

protected:
    ~FdTable() = default;
};

// Owns one descriptor. Moving transfers it; destroying closes it. The table outlives each of its descriptors.
class Fd {
public:
    // `number` was returned by `table`, is 0 or more (asserted), and is closed by nothing else.
    Fd(FdTable& table, int number) noexcept : table_(&table), number_(number) { assert(number >= 0); }
    Fd(Fd&& other) noexcept : table_(other.table_), number_(std::exchange(other.number_, none)) {}
    Fd& operator=(Fd&& other) noexcept {
        Fd old(std::move(*this));
        table_ = other.table_;
        number_ = std::exchange(other.number_, none);
        return *this;
    }
    ~Fd() {
        if (number_ != none) table_->close(number_);
    }

    // For system calls; the Fd keeps ownership. Asserted: the descriptor has not been moved away.
    [[nodiscard]] int number() const noexcept {
        assert(number_ != none);
        return number_;
    }
    // The table that closes it.
    [[nodiscard]] FdTable& table() const noexcept { return *table_; }
    // From now on `table` closes it.
    void move_to(FdTable& table) noexcept {
        table_->let_go(number());
        table.take(number());
        table_ = &table;
    }
    // Gives up the descriptor: the caller closes it, or a call that it is passed to does.
    [[nodiscard]] int release() noexcept {
        table_->let_go(number());
        return std::exchange(number_, none);
    }

private:
    static constexpr int none = -1;
    FdTable* table_;
    int number_;
};

}  // namespace portico
