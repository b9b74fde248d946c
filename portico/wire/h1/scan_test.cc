// portico/wire/h1/scan_test.cc — every classifier agrees with the table, wherever the octets are.
#include "portico/wire/h1/scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "portico/wire/h1/octets.h"

namespace portico::h1 {
namespace {

std::string random_octets(std::mt19937& random, std::size_t octets) {
    // Half of the octets come from what heads consist of, so that runs are longer than an octet or two.
    constexpr std::string_view usual = "abcdefgHIJKLM0123456789-/:; \t\r\n";
    std::string text;
    for (std::size_t i = 0; i < octets; ++i) {
        const auto draw = random();
        text += (draw & 0x100) != 0 ? usual[draw % usual.size()] : static_cast<char>(draw & 0xff);
    }
    return text;
}

BlockStops by_table(const char* block) {
    BlockStops stops;
    for (std::size_t i = 0; i < block_octets; ++i) {
        const std::uint64_t bit = std::uint64_t{1} << i;
        if (!is(token_octet, block[i])) stops.not_token |= bit;
        if (!is(path_octet, block[i])) stops.not_path |= bit;
        if (is(control_octet, block[i])) stops.control |= bit;
    }
    return stops;
}

TEST(Classifiers, AgreeOnEveryOctetAtEveryPlace) {
    for (const Classifier& classifier : classifiers()) {
        for (unsigned octet = 0; octet < 256; ++octet) {
            for (std::size_t place = 0; place < block_octets; ++place) {
                std::string block(block_octets, 'a');
                block[place] = static_cast<char>(octet);
                ASSERT_EQ(classifier.classify(block.data()), by_table(block.data()))
                    << classifier.name << ", octet " << octet << " at " << place;
            }
        }
    }
}

TEST(Classifiers, AgreeOnRandomOctetsAtEveryAlignment) {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        const std::string text = random_octets(random, 2 * block_octets);
        for (std::size_t alignment = 0; alignment < block_octets; ++alignment) {
            const char* const block = text.data() + alignment;
            for (const Classifier& classifier : classifiers()) {
                ASSERT_EQ(classifier.classify(block), by_table(block)) << classifier.name;
            }
        }
    }
}

TEST(Classifiers, TheFastestIsUsed) { EXPECT_EQ(classify_block, classifiers().back().classify); }

// Each text gets its own allocation, so that a sanitizer detects a read before or after it.
std::unique_ptr<char[]> alone(std::string_view text) {
    auto octets = std::make_unique<char[]>(text.size());
    std::copy(text.begin(), text.end(), octets.get());
    return octets;
}

TEST(Scanner, FindsTheFirstStopInTextsOfEveryLength) {
    std::mt19937 random(2);
    for (std::size_t size = 0; size < 300; ++size) {
        const std::string text = random_octets(random, size);
        const auto copy = alone(text);
        const auto first = [&text](std::size_t from, auto is_stop) {
            while (from < text.size() && !is_stop(text[from])) ++from;
            return from;
        };
        Scanner scanner(std::string_view(copy.get(), size));
        std::size_t controls = 0;
        for (std::size_t from = 0; from <= size; ++from) {
            ASSERT_EQ(scanner.next_not_token(from), first(from, [](char c) { return !is(token_octet, c); }));
            ASSERT_EQ(scanner.next_not_path(from), first(from, [](char c) { return !is(path_octet, c); }));
            ASSERT_EQ(scanner.next_control(from), first(from, [](char c) { return is(control_octet, c); }));
            if (from < size && is(control_octet, text[from])) ++controls;
        }
        ASSERT_EQ(scanner.count_controls(), controls);
    }
}

TEST(Scanner, FindsNothingWhereNothingStops) {
    for (std::size_t size = 0; size < 300; ++size) {
        const std::string text(size, 'a');
        const auto copy = alone(text);
        for (std::size_t from = 0; from <= size; ++from) {
            Scanner scanner(std::string_view(copy.get(), size));
            ASSERT_EQ(scanner.next_not_token(from), size);
            ASSERT_EQ(scanner.next_not_path(from), size);
            ASSERT_EQ(scanner.next_control(from), size);
        }
    }
}

}  // namespace
}  // namespace portico::h1
