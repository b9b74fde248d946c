// portico/wire/h2/priority_test.cc — the Priority field and the order of sending: RFC 9218.
#include "portico/wire/h2/priority.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/h2/client_for_test.h"
#include "portico/wire/h2/send_order.h"

namespace portico::h2 {
namespace {

constexpr auto whole = Delivery::whole;
constexpr auto incremental = Delivery::incremental;

struct PriorityRow {
    const char* name;
    std::string_view value;
    Priority priority;
};
class Priorities : public testing::TestWithParam<PriorityRow> {};

TEST_P(Priorities, AreReadOrDefault) { EXPECT_EQ(read_priority(GetParam().value), GetParam().priority); }

constexpr Priority usual{3, whole};

INSTANTIATE_TEST_SUITE_P(
    Rfc9218Section4, Priorities,
    testing::Values(PriorityRow{"Empty", "", usual}, PriorityRow{"Urgency", "u=0", {0, whole}},
                    PriorityRow{"LowestUrgency", "u=7", {7, whole}}, PriorityRow{"Incremental", "i", {3, incremental}},
                    PriorityRow{"Both", "u=5, i", {5, incremental}}, PriorityRow{"NoSpace", "u=5,i", {5, incremental}},
                    PriorityRow{"OtherOrder", "i,u=5", {5, incremental}},
                    PriorityRow{"Spaces", "  u=5 ,\t i  ", {5, incremental}},
                    PriorityRow{"True", "i=?1", {3, incremental}}, PriorityRow{"False", "i=?0", usual},
                    PriorityRow{"LastCounts", "u=1, u=2, i, i=?0", {2, whole}},
                    PriorityRow{"LeadingZeros", "u=002", {2, whole}}, PriorityRow{"MinusZero", "u=-0", {0, whole}},
                    PriorityRow{"Parameters", "u=2;a;b=1;c=\"x\", i;d=?0", {2, incremental}}),
    row_name);

// Ignored, without the rest.
INSTANTIATE_TEST_SUITE_P(
    OfAnotherTypeOrRange, Priorities,
    testing::Values(
        PriorityRow{"TooLarge", "u=8, i", {3, incremental}}, PriorityRow{"Ten", "u=10, i", {3, incremental}},
        PriorityRow{"Negative", "u=-1, i", {3, incremental}}, PriorityRow{"Hundreds", "u=100, i", {3, incremental}},
        PriorityRow{"Decimal", "u=1.0, i", {3, incremental}}, PriorityRow{"Token", "u=high, i", {3, incremental}},
        PriorityRow{"String", "u=\"1, u=2\", i", {3, incremental}}, PriorityRow{"Boolean", "u, i", {3, incremental}},
        PriorityRow{"Number", "i=1, u=2", {2, whole}}, PriorityRow{"InnerList", "u=(1 2;a), i", {3, incremental}},
        PriorityRow{"EmptyList", "u=( ), i", {3, incremental}}, PriorityRow{"Bytes", "u=:AQ==:, i", {3, incremental}},
        PriorityRow{"Date", "u=@1, i", {3, incremental}},
        PriorityRow{"DisplayString", "u=%\"a%c3%a4\", i", {3, incremental}},
        PriorityRow{"Unknown", "x=1, y, z=\"\\\"\\\\\", *a.b-c_d=*t/:, u=1", {1, whole}}),
    row_name);

// Ignored as a whole.
INSTANTIATE_TEST_SUITE_P(
    NoDictionary, Priorities,
    testing::Values(PriorityRow{"CommaLast", "u=1,", usual}, PriorityRow{"CommaFirst", ",u=1", usual},
                    PriorityRow{"TwoCommas", "u=1,,i", usual}, PriorityRow{"NoComma", "u=1 i", usual},
                    PriorityRow{"NoValue", "u=, i", usual}, PriorityRow{"CapitalKey", "U=1, i", usual},
                    PriorityRow{"SpaceBeforeValue", "u= 1", usual}, PriorityRow{"OpenString", "i, x=\"a", usual},
                    PriorityRow{"BadEscape", "i, x=\"\\a\"", usual}, PriorityRow{"OpenList", "i, x=(1 2", usual},
                    PriorityRow{"ListOfCommas", "i, x=(1,2)", usual}, PriorityRow{"OpenBytes", "i, x=:AQ", usual},
                    PriorityRow{"BadBoolean", "u=1, i=?2", usual}, PriorityRow{"MinusAlone", "i, u=-", usual},
                    PriorityRow{"PointLast", "i, u=1.", usual},
                    PriorityRow{"LongNumber", "i, x=1234567890123456", usual},
                    PriorityRow{"BadDate", "i, x=@1.5", usual}, PriorityRow{"OpenDisplay", "i, x=%\"a", usual},
                    PriorityRow{"ParameterWithoutKey", "u=1;", usual}, PriorityRow{"High", "u=\x80", usual}),
    row_name);

TEST(PriorityField, LeavesWhatItDoesNotSay) {
    EXPECT_EQ(read_priority("u=1", {5, incremental}), (Priority{1, incremental}));
    EXPECT_EQ(read_priority("i=?0", {5, incremental}), (Priority{5, whole}));
    EXPECT_EQ(read_priority("u=9", {5, incremental}), (Priority{5, incremental}));
}

// --- The order

class Order : public testing::Test {
protected:
    void add(StreamId id, std::uint8_t urgency, Delivery delivery) {
        Stream& stream = streams_.at(id);
        stream.id = id;
        stream.priority = {urgency, delivery};
        stream.send_window = 1000;
        order_.add(stream, {});
    }
    // The identifiers of the next streams that send.
    std::string turns(int count) {
        std::string ids;
        for (int i = 0; i < count; ++i) {
            Stream* const stream = order_.next();
            if (stream == nullptr) break;
            ids += std::to_string(stream->id);
            order_.has_sent(*stream);
        }
        return ids;
    }
    Stream& stream(StreamId id) { return streams_.at(id); }

    std::array<Stream, 10> streams_;
    SendOrder order_;
};

TEST_F(Order, IsByUrgencyFirst) {
    add(1, 3, whole);
    add(2, 7, whole);
    add(3, 0, whole);
    EXPECT_EQ(turns(2), "33");
    order_.remove(stream(3));
    EXPECT_EQ(turns(2), "11");
    order_.remove(stream(1));
    EXPECT_EQ(turns(2), "22");
    order_.remove(stream(2));
    EXPECT_EQ(turns(2), "");
}

TEST_F(Order, OfWholeResponsesIsThatOfTheRequests) {
    add(5, 3, whole);
    add(1, 3, whole);
    add(3, 3, whole);
    EXPECT_EQ(turns(3), "111");
    order_.remove(stream(1));
    EXPECT_EQ(turns(3), "333");
}

TEST_F(Order, OfIncrementalResponsesIsByTurns) {
    add(5, 3, incremental);
    add(1, 3, incremental);
    add(3, 3, incremental);
    EXPECT_EQ(turns(7), "5135135");
}

TEST_F(Order, OfBothKindsStarvesNeither) {
    add(1, 3, whole);
    add(2, 3, whole);
    add(3, 3, incremental);
    add(4, 3, incremental);
    EXPECT_EQ(turns(8), "13141314");
}

TEST_F(Order, LeavesOutStreamsThatStall) {
    add(1, 3, whole);
    add(3, 3, whole);
    stream(1).send_window = 0;
    order_.update(stream(1), TimePoint(std::chrono::seconds(5)));
    EXPECT_EQ(turns(2), "33");
    EXPECT_EQ(order_.longest_stalled(), &stream(1));
    stream(1).send_window = -5;
    order_.update(stream(1), TimePoint(std::chrono::seconds(6)));
    EXPECT_EQ(stream(1).stalled_since, TimePoint(std::chrono::seconds(5)));
    stream(1).send_window = 1;
    order_.update(stream(1), TimePoint(std::chrono::seconds(7)));
    EXPECT_EQ(turns(2), "11");
    EXPECT_EQ(order_.longest_stalled(), nullptr);
}

TEST_F(Order, NamesTheStreamThatStallsForLongest) {
    for (const StreamId id : {1U, 3U, 5U}) {
        add(id, 3, whole);
        stream(id).send_window = 0;
        order_.update(stream(id), TimePoint(std::chrono::seconds(id)));
    }
    EXPECT_EQ(order_.longest_stalled()->id, 1U);
    order_.remove(stream(1));
    EXPECT_EQ(order_.longest_stalled()->id, 3U);
}

TEST_F(Order, ChangesWithThePriority) {
    add(1, 3, whole);
    add(3, 3, whole);
    order_.prioritise(stream(3), {1, whole});
    EXPECT_EQ(turns(1), "3");
    order_.prioritise(stream(3), {5, incremental});
    EXPECT_EQ(turns(1), "1");
    stream(1).send_window = 0;
    order_.update(stream(1), {});
    order_.prioritise(stream(1), {0, whole});
    EXPECT_EQ(turns(1), "3");
}

// --- On a connection

// Requests that are answered with content; then the streams that send, one frame each.
std::string order_of(const std::string& octets, int turns) {
    Served served;
    served.receive(hello() + octets);
    http::Response response;
    for (StreamId id = 1; id < 10; id += 2) {
        served.connection().respond(id, response, {}, Ending::more);
        served.connection().has_data(id, served.now());
    }
    std::string ids;
    for (int i = 0; i < turns; ++i) {
        const auto id = served.connection().next_to_send(served.now());
        if (!id) break;
        ids += std::to_string(*id);
        served.connection().write_data(*id, "abc", Ending::more);
    }
    return ids;
}

std::string get_with(StreamId id, std::string_view priority) {
    return headers_of(id, request_block({{"priority", priority}}));
}

TEST(PriorityOfRequest, IsThatOfItsField) {
    EXPECT_EQ(order_of(get_of(1) + get_with(3, "u=1") + get_with(5, "u=1"), 2), "33");
    EXPECT_EQ(order_of(get_with(1, "i") + get_with(3, "i") + get_of(5), 6), "515351");
    EXPECT_EQ(order_of(get_with(1, "u=1, nonsense,") + get_with(3, "u=2"), 2), "33");
}

TEST(PriorityOfRequest, IsThatOfItsLines) {
    EXPECT_EQ(order_of(get_with(1, "u=1") + headers_of(3, request_block({{"priority", "i"}, {"priority", "u=0"}})), 2),
              "33");
}

TEST(PriorityOfRequest, IsChangedByPriorityUpdate) {
    EXPECT_EQ(order_of(get_of(1) + get_of(3) + priority_update_of(3, "u=0"), 2), "33");
    // It tells everything: what it leaves out is default.
    EXPECT_EQ(order_of(get_of(1) + get_with(3, "u=0") + priority_update_of(3, "i"), 3), "131");
}

TEST(PriorityOfRequest, MayArriveBeforeIt) {
    EXPECT_EQ(order_of(priority_update_of(3, "u=0") + get_of(1) + get_of(3), 2), "33");
    EXPECT_EQ(order_of(priority_update_of(3, "u=5") + priority_update_of(3, "u=0") + get_of(1) + get_of(3), 2), "33");
    // The frame is newer than the field, whichever arrives first.
    EXPECT_EQ(order_of(priority_update_of(3, "u=0") + get_of(1) + get_with(3, "u=7"), 2), "33");
}

TEST(PriorityOfRequest, IsChangedByTheResponse) {
    Served served;
    served.receive(hello() + get_of(1) + get_with(3, "i"));
    http::Response response;
    served.connection().respond(1, response, {}, Ending::more);
    response.fields.add("Priority", "u=0");
    served.connection().respond(3, response, {}, Ending::more);
    served.connection().has_data(1, served.now());
    served.connection().has_data(3, served.now());
    EXPECT_EQ(served.connection().next_to_send(served.now()), 3U);
}

TEST(PriorityOfRequest, IsForgottenIfItsStreamIsSkipped) {
    Limits limits;
    limits.streams_max = 4;
    Served served(Server::silent, limits);
    std::string octets = hello() + get_of(1);
    for (StreamId id = 3; id < 9; id += 2) octets += priority_update_of(id, "u=1");
    served.receive(octets);
    EXPECT_EQ(served.verdict(), "ok");
    served.receive(get_of(9) + priority_update_of(11, "u=1") + priority_update_of(13, "u=1"));
    EXPECT_EQ(served.verdict(), "ok");
    served.receive(priority_update_of(15, "u=1"));  // RFC 9218 §7.1: idle and active ones together
    EXPECT_EQ(served.verdict(), "GOAWAY PROTOCOL_ERROR");
}

}  // namespace
}  // namespace portico::h2
