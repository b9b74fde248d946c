// Files that change while they are sent.
#include "portico/link/link_for_test.h"

namespace portico::link {
namespace {

class ChangedFile : public LinkTest {
protected:
    ChangedFile() {
        kernel().sim_files().write("/place/file", std::string(octets, 'x'));
        const auto directory = kernel().files().open_directory("/place");
        auto file = kernel().files().open_beneath(*directory, "file");
        EXPECT_TRUE(file.has_value());
        status_ = *kernel().files().status(*file);
        http::Piece piece = http::Piece::range(std::make_shared<const Fd>(std::move(*file)), 0, octets);
        piece.file_octets = status_.size;
        piece.file_modified = status_.modified.time_since_epoch().count();
        piece.file_changed = status_.changed.time_since_epoch().count();
        piece.file_links = status_.links;
        response_.content.push_back(std::move(piece));
        pass(seconds(1));
    }
    ~ChangedFile() override { response_.clear(); }

    // Returns how sending the file ended.
    Sent sent() {
        receive("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
        const std::optional<Arrival> arrival = link().next_request_at_once(request_);
        EXPECT_EQ(arrival, Arrival::request);
        run(send());
        return sent_;
    }

    static constexpr std::size_t octets = 1000;
    io::FileStatus status_;
    http::Request request_;
    http::Response response_;

private:
    Task<void> send() {
        const Sent ended = co_await link().send(request_, response_, date, h1::Persistence::keep);
        sent_ = ended;
    }
    Sent sent_ = Sent::left;
};

TEST_F(ChangedFile, ThatDidNotIsSent) {
    EXPECT_EQ(sent(), Sent::whole);
    EXPECT_TRUE(client_reads().ends_with(std::string(octets, 'x')));
}

TEST_F(ChangedFile, ThatWasWrittenToIsCut) {
    kernel().sim_files().write("/place/file", std::string(octets, 'y'));
    EXPECT_EQ(sent(), Sent::cut);
}

TEST_F(ChangedFile, WhoseTimeWasPutBackIsCut) {
    kernel().sim_files().write("/place/file", std::string(octets, 'y'));
    kernel().sim_files().set_modified("/place/file", status_.modified);
    EXPECT_EQ(sent(), Sent::cut);
}

TEST_F(ChangedFile, ThatBecameLongerIsCut) {
    kernel().sim_files().truncate("/place/file", octets + 1);
    EXPECT_EQ(sent(), Sent::cut);
}

TEST_F(ChangedFile, ThatWasReplacedByAnotherIsSent) {
    kernel().sim_files().replace("/place/file", std::string(octets, 'y'));
    EXPECT_EQ(sent(), Sent::whole);
    EXPECT_TRUE(client_reads().ends_with(std::string(octets, 'x')));
}

TEST_F(ChangedFile, ThatWasRemovedIsSent) {
    kernel().sim_files().remove("/place/file");
    EXPECT_EQ(sent(), Sent::whole);
}

}  // namespace
}  // namespace portico::link
