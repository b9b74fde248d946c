// portico/base/fd.h — the ownership of one descriptor.
//
// Room base: the words that all rooms share.
// May use:   nothing of ours.
// May not:   know sockets, HTTP or configuration.
// Threads:   none of its own; each type says what it allows.
#pragma once

#include <cassert>
#include <utility>

namespace portico {

// Who gave out a descriptor's number and takes it back: the real kernel, or a simulated one.
class FdTable {
public:
    // Takes the number back, whatever the kernel says of it: a retry could close a descriptor that is another's by
    // then.
    virtual void close(int number) noexcept = 0;
    // A number that stays open goes to another table, or comes from one. Tables of one process that share their numbers
    // can do it: the kernel's can, a simulated kernel's can't.
    virtual void let_go(int /*number*/) noexcept { assert(false && "these numbers mean nothing elsewhere"); }
    virtual void take(int /*number*/) noexcept { assert(false && "these numbers come from nowhere else"); }

protected:
    ~FdTable() = default;
};

// Owns one descriptor. Moving hands it on; destroying closes it. The table outlives every descriptor of its.
class Fd {
public:
    // `number` was given out by `table`, is 0 or more (asserted), and nobody else will close it.
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

    // For system calls; stays this descriptor's. Asserted: it has not been handed on.
    [[nodiscard]] int number() const noexcept {
        assert(number_ != none);
        return number_;
    }
    // Who closes it.
    [[nodiscard]] FdTable& table() const noexcept { return *table_; }
    // From now on `table` closes it.
    void move_to(FdTable& table) noexcept {
        table_->let_go(number());
        table.take(number());
        table_ = &table;
    }

private:
    static constexpr int none = -1;
    FdTable* table_;
    int number_;
};

}  // namespace portico
