// portico/wire/hpack/dynamic_table_test.cc — the dynamic table: RFC 7541 §2.3.2, §4.
#include "portico/wire/hpack/dynamic_table.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <utility>

namespace portico::hpack {
namespace {

using http::FieldName;

// "name: value" for each line, the newest first.
std::string lines(const DynamicTable& table) {
    std::string all;
    for (std::size_t place = 1; place <= table.count(); ++place) {
        const DynamicTable::Line line = table.line(place);
        all.append(line.name).append(": ").append(line.value).append("\n");
    }
    return all;
}

TEST(Table, HasTheNewestLineFirst) {
    DynamicTable table(4096);
    EXPECT_EQ(table.octets(), 0U);
    table.add(FieldName::other, "a", "1");
    table.add(FieldName::server, "server", "22");
    EXPECT_EQ(lines(table), "server: 22\na: 1\n");
    EXPECT_EQ(table.known(1), FieldName::server);
    EXPECT_EQ(table.known(2), FieldName::other);
    EXPECT_EQ(table.octets(), 34U + 40U);
    table.add(FieldName::other, "a", "1");  // §2.3.2: twice the same is allowed
    EXPECT_EQ(lines(table), "a: 1\nserver: 22\na: 1\n");
}

TEST(Table, EvictsTheOldestLinesForANewOne) {
    DynamicTable table(102);
    table.add(FieldName::other, "a", "1");
    table.add(FieldName::other, "b", "2");
    table.add(FieldName::other, "c", "3");
    EXPECT_EQ(table.octets(), 102U) << "exactly full";
    table.add(FieldName::other, "d", "4");
    EXPECT_EQ(lines(table), "d: 4\nc: 3\nb: 2\n");
    table.add(FieldName::other, "e", "55");
    EXPECT_EQ(lines(table), "e: 55\nd: 4\n") << "one octet more costs another line";
}

TEST(Table, IsEmptiedByALineThatIsTooLarge) {
    DynamicTable table(100);
    table.add(FieldName::other, "a", "1");
    table.add(FieldName::other, "b", std::string(67, 'x'));
    EXPECT_EQ(table.octets(), 100U) << "the largest line";
    table.add(FieldName::other, "b", std::string(68, 'x'));
    EXPECT_EQ(table.count(), 0U);
    EXPECT_EQ(table.octets(), 0U);
    table.add(FieldName::other, "c", "3");
    EXPECT_EQ(lines(table), "c: 3\n");
}

TEST(Table, EvictsWhenItBecomesSmaller) {
    DynamicTable table(4096);
    table.add(FieldName::other, "a", "1");
    table.add(FieldName::other, "b", "2");
    table.set_octets_max(68);
    EXPECT_EQ(table.count(), 2U);
    table.set_octets_max(67);
    EXPECT_EQ(lines(table), "b: 2\n");
    table.set_octets_max(0);
    EXPECT_EQ(table.count(), 0U);
    table.add(FieldName::other, "c", "");
    EXPECT_EQ(table.count(), 0U);
    table.set_octets_max(4096);
    table.add(FieldName::other, "", "");
    EXPECT_EQ(table.octets(), 32U);
}

TEST(Table, AllocatesOnceAndOnlyForLines) {
    DynamicTable none(0);
    none.add(FieldName::other, "", "");
    EXPECT_EQ(none.memory_octets(), 0U);
    DynamicTable table(4096);
    table.add(FieldName::other, "a", std::string(4096, 'x'));
    EXPECT_EQ(table.memory_octets(), 0U);
    table.add(FieldName::other, "a", "1");
    const std::size_t allocated = table.memory_octets();
    EXPECT_LE(allocated, 4096U + 4096U / 3);
    for (int i = 0; i < 10'000; ++i) table.add(FieldName::other, "a", std::to_string(i));
    EXPECT_EQ(table.memory_octets(), allocated);
}

TEST(Table, NumbersItsLines) {
    DynamicTable table(100);
    for (int i = 0; i < 70'000; ++i) table.add(FieldName::other, "a", "");
    EXPECT_EQ(table.added(), 70'000 - 65'536);
    EXPECT_EQ(table.note(1), 0);
    table.set_note(2, 7);
    EXPECT_EQ(table.note(1), 0);
    EXPECT_EQ(table.note(2), 7);
    table.add(FieldName::other, "a", "");
    EXPECT_EQ(table.note(3), 7);
}

// Compares the table with a queue of strings.
class Model {
public:
    explicit Model(std::size_t octets_max) : octets_max_(octets_max) {}
    void add(const std::string& name, const std::string& value) {
        queue_.emplace_front(name, value);
        shrink();
    }
    void set_octets_max(std::size_t octets) {
        octets_max_ = octets;
        shrink();
    }
    [[nodiscard]] std::string lines() const {
        std::string all;
        for (const auto& [name, value] : queue_) all += name + ": " + value + "\n";
        return all;
    }

private:
    void shrink() {
        std::size_t octets = 0;
        std::size_t kept = 0;
        for (const auto& [name, value] : queue_) {
            octets += name.size() + value.size() + 32;
            if (octets > octets_max_) break;
            ++kept;
        }
        queue_.resize(kept);
    }

    std::size_t octets_max_;
    std::deque<std::pair<std::string, std::string>> queue_;
};

TEST(Table, HoldsWhatAQueueWouldHold) {
    std::mt19937 random(4096);
    int added = 0;
    for (const std::size_t capacity : {0U, 31U, 32U, 33U, 64U, 100U, 256U, 1000U, 4096U, 65535U}) {
        DynamicTable table(capacity);
        Model model(capacity);
        for (int i = 0; i < 600; ++i, ++added) {
            const std::size_t longest = random() % 8 == 0 ? capacity + 10 : 60;
            const std::string name(random() % (longest / 2 + 1), static_cast<char>('a' + random() % 26));
            const std::string value(random() % (longest / 2 + 1), static_cast<char>('A' + random() % 26));
            table.add(FieldName::other, name, value);
            model.add(name, value);
            if (random() % 50 == 0) {
                const std::size_t octets = random() % (capacity + 1);
                table.set_octets_max(octets);
                model.set_octets_max(octets);
            }
            ASSERT_EQ(lines(table), model.lines()) << capacity;
            ASSERT_LE(table.octets(), table.octets_max());
        }
    }
    EXPECT_EQ(added, 6000);
}

}  // namespace
}  // namespace portico::hpack
