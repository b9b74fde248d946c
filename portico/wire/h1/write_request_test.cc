// portico/wire/h1/write_request_test.cc — heads of requests: RFC 9112 §3, §5.
#include "portico/wire/h1/write_request.h"

#include <gtest/gtest.h>

#include <string>

#include "portico/wire/h1/feed_head.h"

namespace portico::h1 {
namespace {

http::Request request() {
    http::Request request;
    request.method = http::Method::post;
    request.method_token = "POST";
    request.target = "/a?b";
    request.authority = "example.org:8080";
    request.fields.add("X-A", "b c");
    return request;
}

TEST(RequestHead, HasHostFirst) {
    EXPECT_EQ(request_head(request(), {}), "POST /a?b HTTP/1.1\r\nHost: example.org:8080\r\nX-A: b c\r\n\r\n");
}

TEST(RequestHead, SaysHowItsContentEnds) {
    RequestExtras extras;
    extras.content_length = 0;
    extras.persistence = Persistence::close;
    EXPECT_EQ(request_head(request(), extras),
              "POST /a?b HTTP/1.1\r\nHost: example.org:8080\r\nX-A: b c\r\nContent-Length: 0\r\nConnection: "
              "close\r\n\r\n");
    RequestExtras chunked;
    chunked.is_chunked = true;
    EXPECT_EQ(request_head(request(), chunked),
              "POST /a?b HTTP/1.1\r\nHost: example.org:8080\r\nX-A: b c\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(RequestHead, IsReadAsItWasMeant) {
    RequestExtras extras;
    extras.content_length = 7;
    const std::string octets = request_head(request(), extras);
    http::Request read;
    HeadNotes notes;
    const auto head = read_head(octets, notes, HeadLimits{}, read);
    ASSERT_TRUE(head && *head);
    EXPECT_EQ((*head)->octets, octets.size());
    EXPECT_EQ((*head)->content_length, 7U);
    EXPECT_EQ(read.authority, "example.org:8080");
    EXPECT_EQ(read.fields.find("x-a"), "b c");
}

// Otherwise a value would smuggle a request (RFC 9112 §11.2): the caller checks what others have written.
TEST(RequestHeadDeathTest, HasNoOtherLines) {
    http::Request split = request();
    split.fields.add("X-B", "c\r\nX-D: e");
    EXPECT_DEATH(static_cast<void>(request_head(split, {})), "is_sound");
    http::Request framed = request();
    framed.fields.add("Transfer-Encoding", "chunked");
    EXPECT_DEATH(static_cast<void>(request_head(framed, {})), "is_sound");
    http::Request target = request();
    target.target = "/a b";
    EXPECT_DEATH(static_cast<void>(request_head(target, {})), "is_target");
}

}  // namespace
}  // namespace portico::h1
