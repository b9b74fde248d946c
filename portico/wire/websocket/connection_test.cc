// portico/wire/websocket/connection_test.cc — what a server and a client make of each other's octets, and of others.
#include "portico/wire/websocket/connection.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "portico/base/row_name_for_test.h"
#include "portico/wire/websocket/handshake.h"

namespace portico::websocket {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr TimePoint start{};

// "text hello", "pong", "closed 1000 bye", "closed 1002 (fault)": one line for each event.
std::string describe(const Event& event) {
    switch (event.kind) {
        case Event::Kind::pong: return "pong\n";
        case Event::Kind::message:
            return (event.type == MessageType::text ? "text " : "binary ") +
                   (event.octets.size() <= 40 ? event.octets : std::to_string(event.octets.size()) + " octets") + "\n";
        case Event::Kind::closed: break;
    }
    std::string text = "closed " + std::to_string(static_cast<unsigned>(event.code));
    if (!event.octets.empty()) text += " " + event.octets;
    if (!event.fault.empty()) text += " (" + std::string(event.fault) + ")";
    return text + "\n";
}

// What the connection finds in these octets, which come in pieces of this size.
std::string feed(Connection& connection, std::string_view octets, std::size_t piece, TimePoint now = start) {
    std::string events;
    while (!octets.empty()) {
        const std::string_view part = octets.substr(0, piece);
        connection.receive(part, now);
        while (const std::optional<Event> event = connection.next_event()) events += describe(*event);
        octets.remove_prefix(part.size());
    }
    return events;
}

// A frame of a client, masked with zeros unless `mask` is another one.
std::string frame(unsigned first, std::string_view payload, Mask mask = {}) {
    FrameHead head;
    head.is_final = (first & 0x80U) != 0;
    head.is_compressed = (first & 0x40U) != 0;
    head.opcode = static_cast<Opcode>(first & 0x0fU);
    head.is_masked = true;
    head.mask = mask;
    head.octets = payload.size();
    std::string octets;
    append_frame_head(octets, head);
    if ((first & 0x30U) != 0) octets[0] = static_cast<char>(first);
    const std::size_t from = octets.size();
    octets += payload;
    apply_mask(std::span(octets).subspan(from), mask, 0);
    return octets;
}

struct Row {
    const char* name;
    std::string octets;
    std::string events;
};

class Received : public testing::TestWithParam<Row> {};

Limits small_limits() { return {.message_octets_max = 100, .frames_max = 4, .control_frames_max = 10}; }

TEST_P(Received, WholeAndOctetByOctet) {
    Ledger ledger(1 << 20);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
        Connection connection(Role::server, small_limits(), DeflateParameters(), ledger);
        EXPECT_EQ(feed(connection, GetParam().octets, piece), GetParam().events) << piece;
        const bool is_at_fault = GetParam().events.find("(") != std::string::npos;
        EXPECT_EQ(connection.is_closing(), is_at_fault);
    }
    EXPECT_EQ(ledger.used(), 0u);
}

const std::string hello = frame(0x81, "hello");
const std::string deflated_hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;  // RFC 7692 §7.2.3.1

INSTANTIATE_TEST_SUITE_P(
    Rfc6455, Received,
    testing::Values(
        Row{"Text", hello, "text hello\n"}, Row{"Empty", frame(0x81, ""), "text \n"},
        Row{"Masked", frame(0x82, "hello, world!", {'a', '\xff', '\x01', '\0'}), "binary hello, world!\n"},
        Row{"Lengths125", frame(0x82, std::string(100, 'x')), "binary 100 octets\n"},
        Row{"Fragments", frame(0x01, "he") + frame(0x00, "l") + frame(0x80, "lo"), "text hello\n"},
        Row{"EmptyFragments", frame(0x01, "") + frame(0x00, "") + frame(0x80, ""), "text \n"},
        Row{"ControlBetween", frame(0x01, "he") + frame(0x8a, "x") + frame(0x80, "llo"), "pong\ntext hello\n"},
        Row{"TooManyFrames", frame(0x01, "") + frame(0, "") + frame(0, "") + frame(0, "") + frame(0x80, ""),
            "closed 1008 (a message has too many frames)\n"},
        Row{"TooLarge", frame(0x82, std::string(101, 'x')), "closed 1009 (the message is too large)\n"},
        Row{"TooLargeAnnounced", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"s,
            "closed 1009 (the message is too large)\n"},
        Row{"TooLargeTogether", frame(0x02, std::string(60, 'x')) + frame(0x80, std::string(41, 'x')),
            "closed 1009 (the message is too large)\n"},
        Row{"NotMasked", "\x81\x05hello", "closed 1002 (a client's frame is not masked)\n"},
        Row{"ReservedBit2", frame(0xa1, ""), "closed 1002 (a reserved bit is set)\n"},
        Row{"ReservedBit3", frame(0x91, ""), "closed 1002 (a reserved bit is set)\n"},
        Row{"ReservedOpcode3", frame(0x83, ""), "closed 1002 (a reserved opcode)\n"},
        Row{"ReservedOpcode11", frame(0x8b, ""), "closed 1002 (a reserved opcode)\n"},
        Row{"LongLength126", "\x81\xfe\0\x7d\0\0\0\0"s, "closed 1002 (a frame's length is not in its shortest form)\n"},
        Row{"LongLength127", "\x81\xff\0\0\0\0\0\0\xff\xff\0\0\0\0"s,
            "closed 1002 (a frame's length is not in its shortest form)\n"},
        Row{"Length2To63", "\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0"s,
            "closed 1002 (a frame's length is not in its shortest form)\n"},
        Row{"LongPing", frame(0x89, std::string(126, 'x')), "closed 1002 (a control frame is longer than 125 bytes)\n"},
        Row{"FragmentedPing", frame(0x09, ""), "closed 1002 (a control frame is a fragment)\n"},
        Row{"CompressedPing", frame(0xc9, ""), "closed 1002 (a control frame is compressed)\n"},
        Row{"ContinuesNothing", frame(0x80, "x"), "closed 1002 (a continuation without a message)\n"},
        Row{"TextInText", frame(0x01, "x") + hello, "closed 1002 (a message inside another one)\n"},
        Row{"CompressedContinuation", frame(0x01, "x") + frame(0xc0, ""), "closed 1002 (a reserved bit is set)\n"},
        Row{"Close",
            frame(0x88,
                  "\x03\xe8"
                  "bye") +
                hello,
            "closed 1000 bye\n"},
        Row{"CloseWithoutCode", frame(0x88, ""), "closed 1005\n"},
        Row{"CloseHalfCode", frame(0x88, "x"), "closed 1002 (a close frame has half a code)\n"},
        Row{"Close999", frame(0x88, "\x03\xe7"), "closed 1002 (a close frame has a reserved code)\n"},
        Row{"Close1004", frame(0x88, "\x03\xec"), "closed 1002 (a close frame has a reserved code)\n"},
        Row{"Close1005", frame(0x88, "\x03\xed"), "closed 1002 (a close frame has a reserved code)\n"},
        Row{"Close1006", frame(0x88, "\x03\xee"), "closed 1002 (a close frame has a reserved code)\n"},
        Row{"Close1015", frame(0x88, "\x03\xf7"), "closed 1002 (a close frame has a reserved code)\n"},
        Row{"Close2999", frame(0x88, "\x0b\xb7"), "closed 1002 (a close frame has a reserved code)\n"},
        Row{"Close3000", frame(0x88, "\x0b\xb8"), "closed 3000\n"},
        Row{"Close4999", frame(0x88, "\x13\x87"), "closed 4999\n"},
        Row{"Close5000", frame(0x88, "\x13\x88"), "closed 1002 (a close frame has a reserved code)\n"},
        Row{"CloseReasonNotUtf8", frame(0x88, "\x03\xe8\xff"),
            "closed 1007 (the reason in a close frame is not UTF-8)\n"},
        Row{"Utf8", frame(0x81, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "text \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n"},
        Row{"Utf8AcrossFrames", frame(0x01, "\xe2\x82") + frame(0x89, "") + frame(0x80, "\xac"), "text \xe2\x82\xac\n"},
        Row{"Utf8NotInBinary", frame(0x82, "\xff"), "binary \xff\n"},
        Row{"Utf8Early", frame(0x01, "\xff") + "\x80", "closed 1007 (a text is not UTF-8)\n"},
        Row{"Utf8Surrogate", frame(0x81, "\xed\xa0\x80"), "closed 1007 (a text is not UTF-8)\n"},
        Row{"Utf8Overlong", frame(0x81, "\xe0\x80\x80"), "closed 1007 (a text is not UTF-8)\n"},
        Row{"Utf8Over10ffff", frame(0x81, "\xf4\x90\x80\x80"), "closed 1007 (a text is not UTF-8)\n"},
        Row{"Utf8Incomplete", frame(0x81, "aaaaaaaaaaaa\xe2\x82"), "closed 1007 (a text ends within a character)\n"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Rfc7692, Received,
    testing::Values(
        Row{"Compressed", frame(0xc1, deflated_hello), "text Hello\n"},
        Row{"CompressedFragments", frame(0x41, deflated_hello.substr(0, 3)) + frame(0x80, deflated_hello.substr(3)),
            "text Hello\n"},
        // The second one refers to the first (RFC 7692 §7.2.3.2).
        Row{"SharedContext", frame(0xc1, deflated_hello) + frame(0xc1, "\xf2\x00\x11\x00\x00"s),
            "text Hello\ntext Hello\n"},
        Row{"NotCompressed", frame(0xc1, deflated_hello) + hello, "text Hello\ntext hello\n"},
        Row{"LastBlock", frame(0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s), "text Hello\n"},  // RFC 7692 §7.2.3.4
        Row{"Stored", frame(0xc1, "\x00\x05\x00\xfa\xffHello\x00"s), "text Hello\n"},        // RFC 7692 §7.2.3.3
        Row{"Nonsense", frame(0xc1, "\xff\xff\xff\xff"), "closed 1007 (the message can't be decompressed)\n"},
        // 100 octets of stored blocks without content are many frames' worth, but never become a message.
        Row{"NeverGrows", frame(0x41, std::string(400, '\0')), "closed 1009 (the message is too large)\n"}),
    row_name);

// What both ends have agreed on, and a message. Each end gets the other's octets.
TEST(Both, MessagesArriveAsTheyWereSent) {
    std::size_t messages = 0;
    for (const bool keeps_context : {false, true}) {
        for (const unsigned window_bits : {0U, 9U, 15U}) {
            std::optional<DeflateParameters> deflate;
            if (window_bits > 0) deflate = {keeps_context, keeps_context, window_bits, window_bits};
            Ledger ledger(1 << 24);
            Connection server(Role::server, Limits(), deflate, ledger);
            Connection client(Role::client, Limits(), deflate, ledger);
            client.set_mask_seed(4711);
            for (const unsigned size : {0U, 1U, 63U, 64U, 125U, 126U, 127U, 4096U, 65535U, 65536U, 200'000U}) {
                std::string content(size, 'a');
                for (std::size_t i = 0; i < size; i += 7) content[i] = static_cast<char>('a' + i % 23);
                for (const std::size_t piece : {std::size_t{4097}, std::size_t{1} << 20}) {
                    client.send(MessageType::text, content);
                    server.send(MessageType::binary, content);
                    const std::string wanted = size <= 40 ? content : std::to_string(size) + " octets";
                    EXPECT_EQ(feed(server, client.take_output(), piece), "text " + wanted + "\n");
                    EXPECT_EQ(feed(client, server.take_output(), piece), "binary " + wanted + "\n");
                    ++messages;
                }
            }
            client.ping();
            EXPECT_EQ(feed(server, client.take_output(), 1), "");
            EXPECT_EQ(feed(client, server.take_output(), 1), "pong\n");
            client.close(CloseCode::normal, "bye");
            client.send(MessageType::text, "too late");
            EXPECT_EQ(feed(server, client.take_output(), 1), "closed 1000 bye\n");
            server.close(CloseCode::normal, {});
            EXPECT_EQ(feed(client, server.take_output(), 1), "closed 1000\n");
            EXPECT_EQ(server.take_output() + client.take_output(), "");
        }
    }
    EXPECT_EQ(messages, 132u);
}

TEST(Limits, ABombIsStoppedWhileItIsInflated) {
    Ledger ledger(1 << 24);
    Deflater deflater(15, false, ledger);
    const std::optional<std::string> bomb = deflater.compress(std::string(10'000'000, 'x'));
    ASSERT_TRUE(bomb && bomb->size() < 60'000);
    Limits limits;
    limits.message_octets_max = 100'000;
    Connection connection(Role::server, limits, DeflateParameters(), ledger);
    const std::size_t before = ledger.used();
    ledger.ebb();
    EXPECT_EQ(feed(connection, frame(0xc2, *bomb), 1000), "closed 1009 (the message is too large)\n");
    EXPECT_LT(ledger.tide() - before, 400'000u);
}

TEST(Limits, ControlFramesOfASecond) {
    Ledger ledger(1 << 20);
    Connection connection(Role::server, small_limits(), std::nullopt, ledger);
    std::string pings;
    for (int i = 0; i < 20; ++i) pings += frame(0x89, "x");
    EXPECT_EQ(feed(connection, pings, 1000), "");
    // Only the last ping of several is answered (RFC 6455 §5.5.3), so that the output is bounded.
    EXPECT_EQ(connection.take_output(), "\x8a\x01x");
    EXPECT_EQ(feed(connection, frame(0x89, ""), 1000, start + std::chrono::milliseconds(100)), "");
    EXPECT_EQ(feed(connection, frame(0x8a, ""), 1000, start + std::chrono::milliseconds(100)),
              "closed 1008 (too many control frames)\n");
}

TEST(Limits, MemoryThatIsShortEndsTheMessage) {
    Ledger ledger(1000);
    const Charge others(ledger, 900);
    Connection connection(Role::server, small_limits(), std::nullopt, ledger);
    EXPECT_EQ(feed(connection, hello, 1000), "closed 1013 (there is no memory for the message)\n");
}

TEST(Limits, WithoutASharedContextNothingIsKept) {
    Ledger ledger(1 << 20);
    const DeflateParameters each_message{false, false, 15, 15};
    Connection connection(Role::server, small_limits(), each_message, ledger);
    EXPECT_EQ(feed(connection, frame(0xc1, deflated_hello), 1), "text Hello\n");
    EXPECT_EQ(ledger.used(), 0u);
    EXPECT_EQ(feed(connection, frame(0xc1, "\xf2\x00\x11\x00\x00"s), 1),
              "closed 1007 (the message can't be decompressed)\n");
}

TEST(Limits, AMessageIsCharged) {
    Ledger ledger(1 << 20);
    Connection connection(Role::server, Limits(), std::nullopt, ledger);
    EXPECT_EQ(feed(connection, frame(0x02, std::string(50'000, 'x')), 1000), "");
    EXPECT_GE(ledger.used(), 50'000u);
    EXPECT_TRUE(connection.is_in_message());
}

struct OfferRow {
    const char* name;
    const char* offers;
    const char* accepted;  // with a shared context; empty: none
};
class Offers : public testing::TestWithParam<OfferRow> {};

TEST_P(Offers, AreAcceptedOrDeclined) {
    const auto accepted = accept_deflate(GetParam().offers, Context::shared);
    EXPECT_EQ(accepted ? text_of(*accepted) : "", GetParam().accepted);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc7692, Offers,
    testing::Values(OfferRow{"Plain", "permessage-deflate", "permessage-deflate"}, OfferRow{"None", "", ""},
                    OfferRow{"Other", "x-webkit-deflate-frame", ""},
                    OfferRow{"Browser", "permessage-deflate; client_max_window_bits", "permessage-deflate"},
                    OfferRow{"ServerBits", "permessage-deflate; server_max_window_bits=10",
                             "permessage-deflate; server_max_window_bits=10"},
                    OfferRow{"Quoted", "permessage-deflate; server_max_window_bits=\"10\"",
                             "permessage-deflate; server_max_window_bits=10"},
                    OfferRow{"ClientBits", "permessage-deflate; client_max_window_bits=9",
                             "permessage-deflate; client_max_window_bits=9"},
                    OfferRow{"NoContext", "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                             "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
                    OfferRow{"Second", "permessage-deflate; server_max_window_bits=8, permessage-deflate",
                             "permessage-deflate"},
                    OfferRow{"Bits7", "permessage-deflate; server_max_window_bits=7", ""},
                    OfferRow{"Bits16", "permessage-deflate; server_max_window_bits=16", ""},
                    OfferRow{"Bits010", "permessage-deflate; server_max_window_bits=010", ""},
                    OfferRow{"BitsWithoutValue", "permessage-deflate; server_max_window_bits", ""},
                    OfferRow{"ContextWithValue", "permessage-deflate; server_no_context_takeover=1", ""},
                    OfferRow{"Repeated", "permessage-deflate; client_max_window_bits; client_max_window_bits", ""},
                    OfferRow{"Unknown", "permessage-deflate; level=9", ""}),
    row_name);

TEST(Offers, MayBeAcceptedWithoutASharedContext) {
    const auto accepted = accept_deflate("permessage-deflate", Context::each_message);
    ASSERT_TRUE(accepted);
    EXPECT_EQ(text_of(*accepted), "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
}

TEST(Handshake, TheKeyIsAnswered) {
    EXPECT_EQ(accept_of_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455 §1.3
    std::string long_text;
    for (int i = 0; i < 200; ++i) long_text += "abcdefghij";
    const auto digest = sha1(long_text);  // of several blocks
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(digest.data()), 4), "\x2b\x76\x7a\x23"sv);
    EXPECT_TRUE(is_key("dGhlIHNhbXBsZSBub25jZQ=="));
    EXPECT_FALSE(is_key("dGhlIHNhbXBsZSBub25jZQ="));
    EXPECT_FALSE(is_key("dGhlIHNhbXBsZSBub25jZR=="));  // bits that are not zero at the end
    EXPECT_FALSE(is_key("dGhlIHNhbXBs*SBub25jZQ=="));
}

struct OpeningRow {
    const char* name;
    std::vector<std::pair<std::string_view, std::string_view>> fields;  // besides those of a correct handshake
    std::string_view left_out;                                          // of the correct ones
    unsigned status;                                                    // 0: it is accepted
};
class Opening : public testing::TestWithParam<OpeningRow> {};

TEST_P(Opening, IsCheckedStrictly) {
    http::Request request;
    const std::vector<std::pair<std::string_view, std::string_view>> correct{
        {"Upgrade", "websocket"},
        {"Connection", "keep-alive, Upgrade"},
        {"Sec-WebSocket-Version", "13"},
        {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
    for (const auto& [name, value] : correct) {
        if (name != GetParam().left_out) request.fields.add(name, value);
    }
    for (const auto& [name, value] : GetParam().fields) request.fields.add(name, value);
    const auto checked = check_opening(request, http::Version::http_1_1);
    EXPECT_EQ(checked ? 0 : http::code(checked.error().status), GetParam().status);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc6455, Opening,
    testing::Values(OpeningRow{"Correct", {}, "", 0}, OpeningRow{"NoUpgrade", {}, "Upgrade", 426},
                    OpeningRow{"AnyCase", {{"upgrade", "h2c, WebSocket"}}, "Upgrade", 0},
                    OpeningRow{"OtherUpgrade", {{"Upgrade", "h2c"}}, "Upgrade", 426},
                    OpeningRow{"NoConnection", {}, "Connection", 426},
                    OpeningRow{"NoKey", {}, "Sec-WebSocket-Key", 400},
                    OpeningRow{"TwoKeys", {{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}}, "", 400},
                    OpeningRow{"ShortKey", {{"Sec-WebSocket-Key", "AA=="}}, "Sec-WebSocket-Key", 400},
                    OpeningRow{"NoVersion", {}, "Sec-WebSocket-Version", 426},
                    OpeningRow{"Version8", {{"Sec-WebSocket-Version", "8"}}, "Sec-WebSocket-Version", 426}),
    row_name);

struct OriginRow {
    const char* name;
    const char* origin;
    const char* authority;
    bool is_same;
};
class Origins : public testing::TestWithParam<OriginRow> {};

TEST_P(Origins, AreComparedWithTheHost) {
    EXPECT_EQ(is_same_origin(GetParam().origin, GetParam().authority, http::Scheme::http), GetParam().is_same);
}

INSTANTIATE_TEST_SUITE_P(Rows, Origins,
                         testing::Values(OriginRow{"Same", "http://a.example", "a.example", true},
                                         OriginRow{"SamePort", "http://a.example:8080", "A.example:8080", true},
                                         OriginRow{"DefaultPort", "http://a.example", "a.example:80", true},
                                         OriginRow{"OtherPort", "http://a.example:81", "a.example", false},
                                         OriginRow{"OtherHost", "http://b.example", "a.example", false},
                                         OriginRow{"Suffix", "http://xa.example", "a.example", false},
                                         OriginRow{"Null", "null", "a.example", false}),
                         row_name);

}  // namespace
}  // namespace portico::websocket
