// Disks that fail and files that change while they are read, on the simulated kernel.
#include <gtest/gtest.h>

#include "portico/io/scope.h"
#include "portico/io/sim_kernel.h"
#include "portico/site/root_for_test.h"

namespace portico::site {
namespace {

using http::FieldName;
using http::Status;
using std::chrono_literals::operator""ms;

class SimulatedSite {
public:
    explicit SimulatedSite(std::uint64_t seed, std::chrono::milliseconds revalidate = 0ms) : kernel(seed) {
        kernel.sim_files().make_directory("/root");
        options.root = "/root";
        options.revalidate = revalidate;
    }
    SimulatedSite(const SimulatedSite&) = delete;
    SimulatedSite& operator=(const SimulatedSite&) = delete;
    ~SimulatedSite() {
        handler.reset();
        EXPECT_EQ(core.ledger().used(), 0U);
    }
    void serve() {
        const io::SimFaults faults = std::exchange(kernel.faults(), {});
        auto site = Site::open(kernel.files(), options);
        ASSERT_TRUE(site.has_value());
        handler = std::make_unique<Handler>(core, *site);
        kernel.faults() = faults;
    }
    Answer get(std::string_view target, const FieldList& fields = {}) {
        const http::Request request = make_request(target, fields);
        Answer answer;
        const bool done = io::run_task(core, take_steps(*handler, request, answer));
        EXPECT_TRUE(done);
        return answer;
    }
    std::string content_of(const Answer& answer) {
        std::string all;
        for (const http::Piece& piece : answer.response.content) {
            if (!piece.file) {
                all += piece.octets;
                continue;
            }
            std::string octets(piece.length, '\0');
            const auto read = kernel.files().read_at(*piece.file, piece.offset, octets);
            octets.resize(read.value_or(0));
            all += octets;
        }
        return all;
    }

    SiteOptions options;
    io::SimKernel kernel;
    io::Core core{kernel};
    std::unique_ptr<Handler> handler;
};

// Of version `number`: one letter only, of a length of its own.
std::string version(int number) {
    return std::string(static_cast<std::size_t>(1000 + number % 50), static_cast<char>('a' + number % 26));
}
bool is_one_version(std::string_view content) {
    return content.size() >= 1000 && content.find_first_not_of(content.front()) == std::string_view::npos;
}

TEST(ChangingFiles, AreAnsweredInOneVersionOrNotAtAll) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SimulatedSite simulated(seed);
        io::SimFileSystem& files = simulated.kernel.sim_files();
        int number = 0;
        files.write("/root/a.txt", version(number));
        simulated.serve();
        // The disk changes under each of our calls, in place or by another file of that name.
        files.before_call = [&](const io::SimNode*) {
            if (!simulated.kernel.chance().happens(0.3)) return;
            ++number;
            if (simulated.kernel.chance().happens(0.5)) {
                files.replace("/root/a.txt", version(number));
            } else {
                files.write("/root/a.txt", version(number));
            }
        };
        for (int request = 0; request < 20; ++request) {
            const Answer answer = simulated.get("/a.txt");
            if (answer.status == Status::service_unavailable) continue;
            ASSERT_EQ(answer.status, Status::ok) << "seed " << seed;
            const std::string content = simulated.content_of(answer);
            ASSERT_TRUE(is_one_version(content)) << "seed " << seed;
            const std::string etag = answer.field(FieldName::etag);
            ASSERT_EQ(std::stoul(etag.substr(1), nullptr, 16), content.size()) << "seed " << seed;
        }
        files.before_call = nullptr;
        ++number;
        files.write("/root/a.txt", version(number));
        EXPECT_EQ(simulated.content_of(simulated.get("/a.txt")), version(number)) << "seed " << seed;
    }
}

TEST(FailingDisks, AreAnsweredAsFailures) {
    SimulatedSite simulated(1);
    simulated.kernel.sim_files().write("/root/a.txt", "hello");
    simulated.serve();
    simulated.kernel.faults().disk_failure = 1;
    EXPECT_EQ(simulated.get("/a.txt").status, Status::internal_server_error);
    simulated.kernel.faults().disk_failure = 0;
    EXPECT_EQ(simulated.get("/a.txt").status, Status::ok) << "a failure of the disk is not remembered";
}

TEST(FailingDisks, DoNotTakeAwayWhatIsKept) {
    SimulatedSite simulated(1);
    simulated.kernel.sim_files().write("/root/a.txt", "hello");
    simulated.options.revalidate = std::chrono::hours(1);
    simulated.serve();
    EXPECT_EQ(simulated.get("/a.txt").status, Status::ok);
    simulated.kernel.faults().disk_failure = 1;
    simulated.kernel.faults().open_failure = 1;
    EXPECT_EQ(simulated.get("/a.txt").status, Status::ok);
}

TEST(Descriptors, AreGivenUpWhenThereAreNoMore) {
    SimulatedSite simulated(1);
    for (int i = 0; i < 20; ++i) {
        simulated.kernel.sim_files().write("/root/" + std::to_string(i), std::string(100'000, 'x'));
    }
    simulated.serve();
    simulated.kernel.faults().descriptors_max = 8;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 20; ++i) {
            const Answer answer = simulated.get("/" + std::to_string(i));
            EXPECT_EQ(answer.status, Status::ok) << round << " " << i;
        }
    }
    simulated.kernel.sim_files().write("/root/new", "x");
    simulated.kernel.faults().descriptors_max = 0;
    const Answer refused = simulated.get("/new");
    EXPECT_EQ(refused.status, Status::service_unavailable);
    EXPECT_EQ(refused.field(FieldName::retry_after), "1");
}

TEST(ManyRequests, OfASeedAreAllAnswered) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SimulatedSite simulated(seed);
        io::SimFileSystem& files = simulated.kernel.sim_files();
        files.write("/root/a.txt", std::string(5000, 'a'));
        files.write("/root/large.bin", std::string(90'000, 'b'));
        files.write("/root/404.html", "lost");
        files.make_directory("/root/folder");
        simulated.kernel.faults().open_failure = 0.05;
        simulated.kernel.faults().disk_failure = 0.05;
        simulated.serve();
        constexpr std::string_view targets[] = {"/a.txt", "/large.bin", "/missing", "/folder", "/folder/", "/"};
        for (int request = 0; request < 30; ++request) {
            const std::string_view target = targets[simulated.kernel.chance().below(std::size(targets))];
            const std::string_view coding = simulated.kernel.chance().happens(0.5) ? "br, gzip" : "identity";
            const Answer answer = simulated.get(target, {{FieldName::accept_encoding, coding}});
            const auto code = http::code(answer.status);
            EXPECT_TRUE(code == 200 || code == 301 || code == 404 || code == 500 || code == 503) << code;
            if (target == "/missing") {
                EXPECT_NE(code, 200);
            }
        }
    }
}

// Two clients want the same thing, and the one whose task gets it leaves.
class LeavingClients : public testing::Test {
protected:
    Task<void> ask(std::string target, std::string coding, int& answers) {
        const http::Request request = make_request(target, {{FieldName::accept_encoding, coding}});
        Answer answer;
        const bool done = co_await take_steps(*simulated.handler, request, answer);
        EXPECT_TRUE(done);
        EXPECT_EQ(answer.status, Status::ok);
        last_coding = answer.field(FieldName::content_encoding);
        ++answers;
    }
    // The first of them leaves after `passes` of the loop; each other one has to be answered.
    void first_of_three_leaves(const std::string& target, const std::string& coding, int passes) {
        io::Scope leaving;
        io::Scope staying;
        int answers = 0;
        leaving.start(ask(target, coding, answers), AfterStop::ends);
        for (int i = 0; i < 2; ++i) staying.start(ask(target, coding, answers));
        for (int i = 0; i < passes; ++i) simulated.core.run_once(simulated.core.now() + 1ms);
        leaving.request_stop();
        for (int i = 0; i < 1000 && staying.size() > 0; ++i) simulated.core.run_once(simulated.core.now() + 1ms);
        EXPECT_GE(answers, 2) << target << ", left after " << passes;
        EXPECT_EQ(staying.size(), 0U);
        staying.request_stop();
        for (int i = 0; i < 1000 && leaving.size() > 0; ++i) simulated.core.run_once(simulated.core.now() + 1ms);
        // What comes afterwards finds nothing left of it.
        EXPECT_EQ(simulated.get(target, {{FieldName::accept_encoding, coding}}).status, Status::ok);
    }

    SimulatedSite simulated{1, std::chrono::hours(1)};
    std::string last_coding;
};

TEST_F(LeavingClients, LeaveTheLookUpToTheNext) {
    for (int passes = 0; passes < 8; ++passes) {
        simulated.kernel.sim_files().write("/root/a.txt", "hello");
        simulated.kernel.sim_files().make_directory("/root/folder");
        simulated.serve();
        first_of_three_leaves("/a.txt", "identity", passes);
        first_of_three_leaves("/folder/", "identity", passes);
    }
}

TEST_F(LeavingClients, LeaveTheCompressionToTheNext) {
    simulated.options.encoding_limits.at_once_max = 1;
    for (int passes = 0; passes < 8; ++passes) {
        simulated.kernel.sim_files().write("/root/a.txt", std::string(5000, 'a'));
        simulated.kernel.sim_files().write("/root/b.txt", std::string(5000, 'b'));
        simulated.kernel.sim_files().write("/root/b.txt.br", std::string(50, 'b'));
        simulated.serve();
        EXPECT_EQ(simulated.get("/a.txt").status, Status::ok);
        EXPECT_EQ(simulated.get("/b.txt").status, Status::ok);
        first_of_three_leaves("/a.txt", "gzip", passes);
        EXPECT_EQ(last_coding, "gzip") << "the one compression that is allowed is still counted";
        first_of_three_leaves("/b.txt", "br", passes);
        EXPECT_EQ(last_coding, "br");
    }
}

}  // namespace
}  // namespace portico::site
