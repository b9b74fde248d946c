// portico/link/h2_exchange_test.cc — the exchanges of one HTTP/2 connection, on the simulated kernel.
#include "portico/link/h2_exchange.h"

#include <memory>
#include <string>
#include <string_view>

#include "portico/link/link_for_test.h"
#include "portico/wire/h2/client_for_test.h"

namespace portico::link {
namespace {

using http::FieldName;
using http::Status;

class H2Exchanges : public LinkTest {
protected:
    H2Exchanges() { limits().h2.stall_time_max = seconds(1000); }
    ~H2Exchanges() override {
        exchange_.reset();
        writing_.request_stop();
        run(writing_);
        link_.reset();
    }
    // Begins with the limits that the test has set.
    [[nodiscard]] H2Inbound& inbound() {
        if (!link_) {
            context().replace_limits(limits());
            link_ = std::make_unique<H2Inbound>(server(), context());
            writing_.start(link_->write());
        }
        return *link_;
    }
    [[nodiscard]] H2Exchange& exchange() { return *exchange_; }

    // The client has sent these octets; the request in them begins the exchange.
    void receive(std::string_view octets) {
        inbound().receive(octets);
        while (const auto arrived = link_->next_request()) {
            exchange_ = std::make_unique<H2Exchange>(*link_, context(), peer_);
            exchange_->begin(*arrived);
        }
        link_->end_turn();
    }
    // The frames that the client has got since the last call, each in a line, but for those that every connection has.
    std::string frames() {
        received_ += client_reads();
        std::string text;
        for (const h2::SentFrame& frame : h2::take_frames(received_)) {
            const std::string line = h2::text_of(frame);
            if (!line.starts_with("SETTINGS") && line != "WINDOW_UPDATE 0 983041") text += line + "\n";
        }
        return text;
    }
    // Fills what the kernel holds, so that nothing can be sent while the client reads nothing.
    void fill() { run(send_much()); }
    [[nodiscard]] io::Scope& writing() { return writing_; }
    // The exchange is over.
    void end() {
        exchange_->end();
        exchange_->wake_writer();
    }
    // The response makes these pieces.
    void make(std::vector<std::string> pieces, std::optional<std::uint64_t> announced) {
        exchange_->response().content_length = announced;
        exchange_->response().producer = [pieces = std::move(pieces)](http::ContentWriter& to) {
            return write_all(pieces, to);
        };
    }

private:
    Task<void> send_much() {
        const std::string octets(1'000'000, 'x');
        for (;;) {
            const iovec span{const_cast<char*>(octets.data()), octets.size()};
            const io::Result<std::size_t> written = co_await server().write({&span, 1}, core().now(), false);
            if (!written) co_return;
        }
    }
    static Task<bool> write_all(const std::vector<std::string>& pieces, http::ContentWriter& to) {
        for (const std::string& piece : pieces) {
            const bool written = co_await to.write(piece);
            if (!written) co_return false;
        }
        co_return true;
    }

    const io::SocketAddress peer_ = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 50'000);
    std::unique_ptr<H2Inbound> link_;
    io::Scope writing_;
    std::unique_ptr<H2Exchange> exchange_;
    std::string received_;
};

TEST_F(H2Exchanges, SendMadeContent) {
    receive(h2::hello() + h2::get_of(1));
    make({"abc", "de"}, std::nullopt);
    EXPECT_EQ(result_of(exchange().send()), Sent::whole);
    EXPECT_EQ(exchange().content_octets(), 5U);
    end();
    EXPECT_EQ(frames(), "HEADERS 1\nDATA 1 3\nDATA 1 2\nDATA 1 0 end\n");
}

TEST_F(H2Exchanges, SendAsMuchAsTheyAnnounce) {
    receive(h2::hello() + h2::get_of(1));
    make({"abc", "de"}, 5);
    EXPECT_EQ(result_of(exchange().send()), Sent::whole);
    end();
    EXPECT_EQ(frames(), "HEADERS 1\nDATA 1 3\nDATA 1 2\nDATA 1 0 end\n");
}

TEST_F(H2Exchanges, AreResetIfTheyMakeMoreThanTheyAnnounced) {
    receive(h2::hello() + h2::get_of(1));
    make({"abc", "de"}, 4);
    EXPECT_NE(result_of(exchange().send()), Sent::whole);
    end();
    EXPECT_EQ(frames(), "HEADERS 1\nDATA 1 3\nRST_STREAM 1 INTERNAL_ERROR\n");
}

TEST_F(H2Exchanges, AreResetIfTheyMakeLessThanTheyAnnounced) {
    receive(h2::hello() + h2::get_of(1));
    make({"abc", "de"}, 6);
    EXPECT_EQ(result_of(exchange().send()), Sent::cut);
    end();
    EXPECT_EQ(frames(), "HEADERS 1\nDATA 1 3\nDATA 1 2\nRST_STREAM 1 INTERNAL_ERROR\n");
}

TEST_F(H2Exchanges, SendTrailersToThoseWhoAskForThem) {
    receive(h2::hello() + h2::headers_of(1, h2::request_block({{"te", "trailers"}})));
    make({"abc"}, std::nullopt);
    exchange().response().trailers.add("checksum", "1");
    EXPECT_EQ(result_of(exchange().send()), Sent::whole);
    end();
    EXPECT_EQ(frames(), "HEADERS 1\nDATA 1 3\nHEADERS 1 end\n");
    receive(h2::get_of(3));
    make({"abc"}, std::nullopt);
    exchange().response().trailers.add("checksum", "1");
    EXPECT_EQ(result_of(exchange().send()), Sent::whole);
    end();
    EXPECT_EQ(frames(), "HEADERS 3\nDATA 3 3\nDATA 3 0 end\n");
}

TEST_F(H2Exchanges, InviteContentThatIsAskedFor) {
    receive(h2::hello() + h2::post_of(1, {{"expect", "100-continue"}}));
    io::Scope reading;
    std::optional<ContentStep> step;
    reading.start(keep(exchange().read_content(), step));
    EXPECT_EQ(frames(), "HEADERS 1\n");
    receive(h2::data_of(1, "abc"));
    run(reading);
    ASSERT_TRUE(step);
    EXPECT_EQ(step->octets, "abc");
    EXPECT_EQ(result_of(exchange().read_content()).end, ContentEnd::complete);
}

TEST_F(H2Exchanges, OpenTheirWindowWithWhatIsRead) {
    receive(h2::hello() + h2::post_of(1));
    std::string content;
    for (int i = 0; i < 5; ++i) content += h2::data_of(1, std::string(16'000, 'a'), 0);
    receive(content);
    EXPECT_EQ(frames(), "");
    EXPECT_EQ(result_of(exchange().read_content()).octets.size(), 80'000U);
    EXPECT_EQ(frames(), "") << "it is still being used";
    receive(h2::data_of(1, "b", 0));
    EXPECT_EQ(result_of(exchange().read_content()).octets, "b");
    EXPECT_EQ(frames(), "WINDOW_UPDATE 1 80000\n");
}

TEST_F(H2Exchanges, RefuseContentThatIsTooLarge) {
    limits().content_octets_max = 10;
    receive(h2::hello() + h2::post_of(1) + h2::data_of(1, "0123456789a", 0));
    EXPECT_EQ(exchange().drop_content_at_once(), ContentEnd::refused);
    EXPECT_EQ(exchange().refusal().status, Status::content_too_large);
}

TEST_F(H2Exchanges, RefuseContentThatIsAnnouncedAsTooLarge) {
    limits().content_octets_max = 10;
    receive(h2::hello() + h2::post_of(1, {{"content-length", "11"}}));
    EXPECT_EQ(result_of(exchange().read_content()).end, ContentEnd::refused);
    EXPECT_EQ(exchange().refusal().status, Status::content_too_large);
}

TEST_F(H2Exchanges, AreMeasuredByTheLimitsThatTheyBeganWith) {
    limits().content_octets_max = 10;
    receive(h2::hello() + h2::post_of(1));
    limits().content_octets_max = 4;
    context().replace_limits(limits());
    receive(h2::data_of(1, "0123456789"));
    EXPECT_EQ(result_of(exchange().read_content()).octets, "0123456789");
    end();
    receive(h2::post_of(3) + h2::data_of(3, "01234"));
    EXPECT_EQ(exchange().drop_content_at_once(), ContentEnd::refused);
    EXPECT_EQ(exchange().refusal().status, Status::content_too_large);
}

TEST_F(H2Exchanges, RefuseContentThatPauses) {
    receive(h2::hello() + h2::post_of(1) + h2::data_of(1, "a", 0));
    EXPECT_EQ(result_of(exchange().read_content()).octets, "a");
    std::optional<ContentStep> step;
    EXPECT_EQ(time_of([&] { run(keep(exchange().read_content(), step)); }), limits().content_idle_max);
    EXPECT_EQ(step->end, ContentEnd::refused);
    EXPECT_EQ(exchange().refusal().status, Status::request_timeout);
}

TEST_F(H2Exchanges, NoticeThatTheStreamIsReset) {
    receive(h2::hello() + h2::post_of(1));
    io::Scope waiting;
    std::optional<bool> left;
    std::optional<ContentStep> step;
    waiting.start(keep(exchange().client_left(ContentReader::handler), left));
    waiting.start(keep(exchange().read_content(), step));
    receive(h2::reset_of(1));
    run(waiting);
    EXPECT_EQ(left, true);
    EXPECT_EQ(step->end, ContentEnd::left);
    EXPECT_EQ(result_of(exchange().send()), Sent::left);
}

// RFC 9113 §6.9: content waits until the client opens the window.
TEST_F(H2Exchanges, WaitForTheWindow) {
    receive(h2::hello({{4, 3}}) + h2::get_of(1));
    exchange().response().content.push_back(http::Piece::text("abcde"));
    io::Scope sending;
    std::optional<Sent> sent;
    sending.start(keep(exchange().send(), sent));
    EXPECT_EQ(frames(), "HEADERS 1\nDATA 1 3\n");
    receive(h2::window_update_of(1, 10));
    run(sending);
    EXPECT_EQ(sent, Sent::whole);
    EXPECT_EQ(frames(), "DATA 1 2 end\n");
}

// A client that has half-closed opens no window.
TEST_F(H2Exchanges, AreGivenUpIfTheirWindowStaysClosed) {
    receive(h2::hello({{4, 3}}) + h2::get_of(1));
    exchange().response().content.push_back(http::Piece::text("abcde"));
    io::Scope sending;
    std::optional<Sent> sent;
    sending.start(keep(exchange().send(), sent));
    EXPECT_EQ(frames(), "HEADERS 1\nDATA 1 3\n");
    inbound().peer_half_closed();
    EXPECT_EQ(time_of([&] { run(sending); }), milliseconds(0));
    EXPECT_EQ(sent, Sent::left);
    EXPECT_EQ(frames(), "RST_STREAM 1 CANCEL\n");
}

TEST_F(H2Exchanges, HaveTheirTimeForTheLastWords) {
    receive(h2::hello());
    EXPECT_EQ(frames(), "");
    fill();
    inbound().end();  // with GOAWAY, which can't be sent
    inbound().finish(core().now() + seconds(3));
    EXPECT_EQ(time_of([&] { run(writing()); }), seconds(3));
    EXPECT_GT(limits().response_idle_max, seconds(3));
}

TEST_F(H2Exchanges, AreNotKeptByAWindowThatOpensALittleAtATime) {
    limits().rate_min = 100;
    limits().rate_grace = seconds(10);
    receive(h2::hello({{4, 1}}) + h2::get_of(1));
    exchange().response().content.push_back(http::Piece::text(std::string(1000, 'a')));
    io::Scope sending;
    std::optional<Sent> sent;
    sending.start(keep(exchange().send(), sent));
    for (int i = 0; i < 9; ++i) {
        pass(seconds(1));
        receive(h2::window_update_of(1, 1));
        EXPECT_FALSE(inbound().has_ended()) << i;
    }
    pass(seconds(2));
    receive(h2::window_update_of(1, 1));
    EXPECT_TRUE(inbound().has_ended());
    EXPECT_EQ(inbound().last_fault().error, h2::ErrorCode::enhance_your_calm);
    receive({});
    run(sending);
    EXPECT_EQ(sent, Sent::left);
}

}  // namespace
}  // namespace portico::link
