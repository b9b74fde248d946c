// portico/link/h1_queue_test.cc — answers to pipelined requests, collected and sent together.
#include "portico/link/link_for_test.h"

namespace portico::link {
namespace {

class Queue : public LinkTest {
protected:
    // Returns a further request, from octets that have already been received.
    http::Request next() {
        http::Request request;
        const std::optional<Arrival> arrival = link().next_request_at_once(request);
        EXPECT_EQ(arrival, Arrival::request);
        return request;
    }
    // Returns whether the answer could be queued; if so, it has been.
    bool queue(const http::Request& request, const http::Response& response, h1::Persistence persistence) {
        if (!link().can_queue(request, response)) return false;
        link().queue(request, response, date, persistence);
        return true;
    }
    void flush() { run(flush(link())); }

private:
    static Task<void> flush(H1Inbound& link) {
        const Sent sent = co_await link.flush();
        EXPECT_EQ(sent, Sent::whole);
    }
};

// An answer to HEAD: a redirect whose target has this many octets.
http::Response redirect_to(std::size_t octets) {
    http::Response response;
    response.status = http::Status::moved_permanently;
    response.add_made(http::FieldName::location, std::string(octets, 'a'));
    return response;
}

// The block in which answers are collected holds two heads. The first leaves about 1,000 octets, and the second grows
// octet by octet: each answer fits, or is found not to fit before it is written.
TEST_F(Queue, FindsOutWhatFitsToTheOctet) {
    std::size_t fitted = 0;
    std::size_t refused = 0;
    for (std::size_t octets = 600; octets < 1000; ++octets) {
        receive("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\nHEAD /b HTTP/1.1\r\nHost: a\r\n\r\n");
        const http::Request first = next();
        const http::Response large = redirect_to(BufferPool::usual_octets - 1000);
        ASSERT_TRUE(queue(first, large, h1::Persistence::keep));
        const http::Request second = next();
        const bool fits = queue(second, redirect_to(octets), h1::Persistence::close);
        (fits ? fitted : refused) += 1;
        flush();
        const std::string answers = client_reads();
        EXPECT_LE(answers.size(), BufferPool::usual_octets);
        EXPECT_EQ(answers.ends_with(std::string(octets, 'a') + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
                  fits);
    }
    EXPECT_GT(fitted, 100U);
    EXPECT_GT(refused, 100U);
}

// The same, with content after the second head.
TEST_F(Queue, CountsTheContentToo) {
    std::size_t fitted = 0;
    std::size_t refused = 0;
    for (std::size_t octets = 400; octets < 1000; ++octets) {
        receive("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
        const http::Request first = next();
        ASSERT_TRUE(queue(first, redirect_to(BufferPool::usual_octets - 1000), h1::Persistence::keep));
        const http::Request second = next();
        http::Response response;
        response.content.push_back(http::Piece::text(std::string(octets, 'b')));
        const bool fits = queue(second, response, h1::Persistence::keep);
        (fits ? fitted : refused) += 1;
        flush();
        EXPECT_EQ(client_reads().ends_with("\r\n\r\n" + std::string(octets, 'b')), fits);
    }
    EXPECT_GT(fitted, 100U);
    EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace portico::link
