// What a cache keeps and what it drops.
#include "portico/handler/files/cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace portico::files {
namespace {

constexpr route::HashKey key{1, 2};

class CacheTest : public testing::Test {
protected:
    std::shared_ptr<Entry> make(std::string path, std::size_t octets) {
        auto entry = std::make_shared<Entry>();
        entry->path = std::move(path);
        entry->charge = Charge(ledger, octets);
        return entry;
    }
    ~CacheTest() override { EXPECT_EQ(ledger.used(), 0U); }

    Ledger ledger{1'000'000};
};

TEST_F(CacheTest, FindsWhatWasInserted) {
    Cache cache(key, {10, 1000, 10});
    EXPECT_EQ(cache.find("/a"), nullptr);
    const auto a = make("/a", 100);
    cache.insert(a);
    ASSERT_NE(cache.find("/a"), nullptr);
    EXPECT_EQ(*cache.find("/a"), a);
    EXPECT_EQ(cache.octets(), 100U);
}

TEST_F(CacheTest, KeepsTheLatestOfAPath) {
    Cache cache(key, {10, 1000, 10});
    const auto old = make("/a", 100);
    cache.insert(old);
    const auto latest = make("/a", 50);
    cache.insert(latest);
    EXPECT_EQ(*cache.find("/a"), latest);
    EXPECT_EQ(cache.octets(), 50U);
    cache.erase(*old);
    EXPECT_EQ(cache.size(), 1U);
    cache.erase(*latest);
    EXPECT_EQ(cache.size(), 0U);
}

TEST_F(CacheTest, ForgetsTheLeastRecentlyUsed) {
    Cache cache(key, {10, 300, 10});
    for (const char* const path : {"/a", "/b", "/c"}) cache.insert(make(path, 100));
    EXPECT_NE(cache.find("/a"), nullptr);
    cache.insert(make("/d", 100));
    EXPECT_NE(cache.find("/a"), nullptr);
    EXPECT_EQ(cache.find("/b"), nullptr);
}

TEST_F(CacheTest, DoesNotKeepWhatIsLargerThanAll) {
    Cache cache(key, {10, 300, 10});
    cache.insert(make("/a", 100));
    cache.insert(make("/large", 301));
    EXPECT_EQ(cache.find("/large"), nullptr);
    EXPECT_NE(cache.find("/a"), nullptr);
}

TEST_F(CacheTest, KeepsNothingWithoutABudget) {
    Cache cache(key, {0, 300, 10});
    cache.insert(make("/a", 1));
    EXPECT_EQ(cache.size(), 0U);
}

TEST_F(CacheTest, CountsAgainWhatHasGrown) {
    Cache cache(key, {10, 300, 10});
    const auto a = make("/a", 100);
    cache.insert(make("/b", 100));
    cache.insert(a);
    a->charge = Charge(ledger, 250);
    cache.recount(*a);
    EXPECT_EQ(cache.octets(), 250U);
    EXPECT_EQ(cache.find("/b"), nullptr);
    a->charge = Charge(ledger, 400);
    cache.recount(*a);
    EXPECT_EQ(cache.size(), 0U);
    cache.recount(*a);  // the entry is no longer cached
    EXPECT_EQ(cache.octets(), 0U);
}

// An entry that holds an open file.
std::shared_ptr<Entry> with_file(std::shared_ptr<Entry> entry) {
    auto representation = std::make_shared<Representation>();
    auto root = io::real_file_system().open_directory("/");
    EXPECT_TRUE(root.has_value());
    representation->file = std::make_shared<const Fd>(std::move(*root));
    entry->variant(http::Coding::identity).made = std::move(representation);
    return entry;
}

TEST_F(CacheTest, CountsDescriptors) {
    Cache cache(key, {10, 1000, 2});
    const auto a = with_file(make("/a", 1));
    cache.insert(a);
    cache.insert(make("/small", 1));
    cache.insert(with_file(make("/b", 1)));
    EXPECT_EQ(cache.descriptors(), 2U);
    cache.insert(with_file(make("/c", 1)));
    EXPECT_EQ(cache.descriptors(), 2U);
    EXPECT_EQ(cache.find("/a"), nullptr) << "the least recently used of those that hold one";
    EXPECT_NE(cache.find("/small"), nullptr);
    cache.insert(make("/b", 1));
    EXPECT_EQ(cache.descriptors(), 1U);
    cache.erase_path("/c");
    EXPECT_EQ(cache.descriptors(), 0U);
    EXPECT_EQ(cache.octets(), 2U);
}

TEST_F(CacheTest, CountsDescriptorsAgainWhenAnEntryHasGrown) {
    Cache cache(key, {10, 1000, 1});
    const auto a = make("/a", 1);
    cache.insert(with_file(make("/b", 1)));
    cache.insert(a);
    with_file(a);
    cache.recount(*a);
    EXPECT_EQ(cache.descriptors(), 1U);
    EXPECT_EQ(cache.find("/b"), nullptr);
    EXPECT_NE(cache.find("/a"), nullptr);
}

TEST_F(CacheTest, GivesDescriptorsUpOldestFirst) {
    Cache cache(key, {10, 1000, 10});
    for (const char* const path : {"/a", "/b", "/c"}) cache.insert(with_file(make(path, 1)));
    cache.insert(make("/d", 1));
    cache.shrink_descriptors(1);
    EXPECT_EQ(cache.descriptors(), 1U);
    EXPECT_NE(cache.find("/c"), nullptr);
    EXPECT_NE(cache.find("/d"), nullptr);
    EXPECT_EQ(cache.size(), 2U);
}

TEST_F(CacheTest, DoesNotKeepMoreDescriptorsThanItMay) {
    Cache cache(key, {10, 1000, 0});
    cache.insert(with_file(make("/a", 1)));
    EXPECT_EQ(cache.size(), 0U);
}

TEST_F(CacheTest, ForgetsAllAndGetsAnotherBudget) {
    Cache cache(key, {10, 1000, 10});
    cache.insert(with_file(make("/a", 100)));
    cache.reset({1, 50, 10});
    EXPECT_EQ(cache.size() + cache.octets() + cache.descriptors(), 0U);
    cache.insert(make("/a", 100));
    EXPECT_EQ(cache.size(), 0U);
    cache.insert(make("/a", 10));
    cache.insert(make("/b", 10));
    EXPECT_EQ(cache.size(), 1U);
    EXPECT_EQ(cache.octets(), 10U);
}

// Compares the cache with a list that does the same by searching.
TEST_F(CacheTest, DoesAsASimpleListDoes) {
    Cache cache(key, {8, 1000, 10});
    std::vector<std::pair<std::string, std::size_t>> model;  // the most recently used first
    std::uint64_t state = 1;
    for (int step = 0; step < 20'000; ++step) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        const std::string path = "/" + std::to_string((state >> 33) % 20);
        const std::size_t octets = (state >> 40) % 400 + 1;
        const auto at = std::find_if(model.begin(), model.end(), [&](const auto& one) { return one.first == path; });
        if ((state >> 60) < 8) {
            ASSERT_EQ(cache.find(path) != nullptr, at != model.end());
            if (at != model.end()) std::rotate(model.begin(), at, at + 1);
        } else {
            if (at != model.end()) model.erase(at);
            model.insert(model.begin(), {path, octets});
            cache.insert(make(path, octets));
            const auto sum = [&model] {
                std::size_t all = 0;
                for (const auto& one : model) all += one.second;
                return all;
            };
            while (model.size() > 8 || sum() > 1000) model.pop_back();
            ASSERT_EQ(cache.octets(), sum());
        }
        ASSERT_EQ(cache.size(), model.size());
    }
}

}  // namespace
}  // namespace portico::files
