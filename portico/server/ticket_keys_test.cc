// portico/server/ticket_keys_test.cc — a server's keys for session tickets, as time goes on and files change.
#include "portico/server/ticket_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "portico/base/scratch_folder_for_test.h"

namespace portico::server {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;

const io::TimePoint start = io::TimePoint() + hours(100);

TEST(TicketKeySources, ReplaceTheirOwnKeyEveryTwelveHours) {
    auto source = *TicketKeySource::open("", start);
    const auto first = source.keys();
    EXPECT_FALSE(*source.look(start + hours(12) - seconds(1)));
    EXPECT_EQ(source.keys(), first);
    EXPECT_TRUE(*source.look(start + hours(12)));
    EXPECT_NE(source.keys(), first);
    EXPECT_EQ(source.keys()->count(), 2U);
    EXPECT_FALSE(*source.look(start + hours(24) - seconds(1))) << "the time begins anew";
    EXPECT_TRUE(*source.look(start + hours(24)));
    EXPECT_EQ(source.keys()->count(), 3U);
}

class TicketKeyFiles : public testing::Test {
protected:
    void write(const std::string& octets) const { std::ofstream(file_, std::ios::binary) << octets; }

    ScratchFolder folder_;
    const std::string file_ = folder_.file("ticket.keys");
};

TEST_F(TicketKeyFiles, AreReadAgainWhenTheyHaveChanged) {
    write(std::string(80, 'a'));
    auto source = *TicketKeySource::open(file_, start);
    const auto first = source.keys();
    EXPECT_FALSE(*source.look(start + hours(1000))) << "keys of a file are replaced by its owner";
    write(std::string(80, 'b') + std::string(80, 'a'));
    EXPECT_TRUE(*source.look(start));
    EXPECT_EQ(source.keys()->count(), 2U);
    EXPECT_FALSE(*source.look(start));
}

TEST_F(TicketKeyFiles, ThatAreBrokenAreToldOnce) {
    write(std::string(80, 'a'));
    auto source = *TicketKeySource::open(file_, start);
    const auto first = source.keys();
    write("short");
    const auto broken = source.look(start);
    ASSERT_FALSE(broken.has_value());
    EXPECT_THAT(broken.error().message, HasSubstr("it has 5 bytes; a key has 80"));
    EXPECT_FALSE(*source.look(start));
    EXPECT_EQ(source.keys(), first);
    std::filesystem::remove(file_);
    EXPECT_THAT(source.look(start).error().message, HasSubstr("No such file"));
}

TEST_F(TicketKeyFiles, MustBeUsableAtTheStart) {
    EXPECT_THAT(TicketKeySource::open(file_, start).error().message, HasSubstr("cannot read"));
    write(std::string(2'000'000, 'a'));
    EXPECT_THAT(TicketKeySource::open(file_, start).error().message, HasSubstr("is too large"));
}

}  // namespace
}  // namespace portico::server
