// Failing disks, and files that change while they are read, on the simulated kernel.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "portico/handler/files/root_for_test.h"
#include "portico/io/scope.h"
#include "portico/io/sim/sim_kernel.h"

namespace portico::files {
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
        options.cache_limits.read_file_octets_max = 0;  // large files are sent from their descriptors
    }
    SimulatedSite(const SimulatedSite&) = delete;
    SimulatedSite& operator=(const SimulatedSite&) = delete;
    ~SimulatedSite() {
        handler.reset();
        EXPECT_EQ(core.ledger().used(), 0U);
    }
    void serve() {
        const io::SimFaults faults = std::exchange(kernel.faults(), {});
        auto folder = Folder::open(kernel.files(), options);
        ASSERT_TRUE(folder.has_value());
        handler = std::make_unique<ServedSite>(core, *folder);
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

    FolderOptions options;
    io::SimKernel kernel;
    io::Core core{kernel};
    std::unique_ptr<ServedSite> handler;
};

// The content of version `number`: a single letter repeated, with a length of its own.
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
        // The disk changes under each of our calls: in place, or by another file with that name.
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
    SimulatedSite simulated(1, std::chrono::hours(1));
    simulated.options.clock_tick_max = 0ms;
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
    simulated.options.clock_tick_max = 0ms;
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

// Two clients want the same thing, and the one whose task fetches it leaves.
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
    // The first client leaves after `passes` of the loop. Every other client must be answered.
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
        // Later requests find nothing left of it.
        EXPECT_EQ(simulated.get(target, {{FieldName::accept_encoding, coding}}).status, Status::ok);
    }

    LeavingClients() { simulated.options.clock_tick_max = 0ms; }
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

Task<void> ask_for_gzip(ServedSite& handler, std::string target, std::string& coding) {
    const http::Request request = make_request(target, {{FieldName::accept_encoding, "gzip"}});
    Answer answer;
    const bool done = co_await take_steps(handler, request, answer);
    EXPECT_TRUE(done);
    coding = answer.field(FieldName::content_encoding);
}

TEST(Compressions, BeyondTheLimitAreLeftOut) {
    SimulatedSite simulated(1, std::chrono::hours(1));
    simulated.options.clock_tick_max = 0ms;
    simulated.options.encoding_limits.at_once_max = 1;
    simulated.kernel.sim_files().write("/root/a.txt", std::string(5000, 'a'));
    simulated.kernel.sim_files().write("/root/b.txt", std::string(5000, 'b'));
    simulated.serve();
    for (const std::string_view target : {"/a.txt", "/b.txt"}) EXPECT_EQ(simulated.get(target).status, Status::ok);
    std::string first;
    std::string second;
    io::Scope scope;
    scope.start(ask_for_gzip(*simulated.handler, "/a.txt", first));
    scope.start(ask_for_gzip(*simulated.handler, "/b.txt", second));
    while (scope.size() > 0) simulated.core.run_once(io::never);
    EXPECT_EQ(first, "gzip");
    EXPECT_EQ(second, "(none)") << "it does not wait for the first";
    const Answer later = simulated.get("/b.txt", {{FieldName::accept_encoding, "gzip"}});
    EXPECT_EQ(later.field(FieldName::content_encoding), "gzip");
}

TEST(ChangingFiles, ThatWereJustWrittenAreReadAgainForTheNextRequest) {
    SimulatedSite simulated(1, std::chrono::hours(1));
    io::SimFileSystem& files = simulated.kernel.sim_files();
    files.write("/root/page.html", "old");
    simulated.serve();
    simulated.core.run_once(simulated.core.now() + std::chrono::seconds(1));
    files.write("/root/page.html", "");  // as a program that truncates first and then writes
    EXPECT_EQ(simulated.content_of(simulated.get("/page.html")), "");
    files.write("/root/page.html", "new");
    EXPECT_EQ(simulated.content_of(simulated.get("/page.html")), "new");
    const io::TimePoint settled = simulated.core.now() + 60ms;
    while (simulated.core.now() < settled) simulated.core.run_once(settled);
    EXPECT_EQ(simulated.content_of(simulated.get("/page.html")), "new");
    files.write("/root/page.html", "kept for an hour");
    EXPECT_EQ(simulated.content_of(simulated.get("/page.html")), "new") << "what has settled is kept";
}

TEST(ChangingFiles, ThatWereModifiedInTheFutureAreKept) {
    SimulatedSite simulated(1, std::chrono::hours(1));
    io::SimFileSystem& files = simulated.kernel.sim_files();
    files.write("/root/page.html", "old");
    files.set_modified("/root/page.html", files.now() + std::chrono::hours(24));
    simulated.serve();
    const io::TimePoint settled = simulated.core.now() + 60ms;
    while (simulated.core.now() < settled) simulated.core.run_once(settled);
    EXPECT_EQ(simulated.content_of(simulated.get("/page.html")), "old");
    files.write("/root/page.html", "new");
    EXPECT_EQ(simulated.content_of(simulated.get("/page.html")), "old") << "the clock of a copy's origin was fast";
}

TEST(ChangingFiles, WithoutATimeOfChangeAreJudgedByTheirModification) {
    SimulatedSite simulated(1, std::chrono::hours(1));
    io::SimFileSystem& files = simulated.kernel.sim_files();
    files.write("/root/page.html", "old");
    files.find("/root/page.html")->changed = {};  // a file system that has none
    simulated.serve();
    EXPECT_EQ(simulated.content_of(simulated.get("/page.html")), "old");
    files.write("/root/page.html", "new");
    EXPECT_EQ(simulated.content_of(simulated.get("/page.html")), "new") << "it had just been written";
}

// --- a site whose index file answers for its paths

class RootIndex : public testing::Test {
protected:
    RootIndex() {
        simulated.options.missing_path = MissingPath::root_index;
        simulated.options.clock_tick_max = 0ms;
        files.write("/root/index.html", std::string(100'000, 'a'));
        simulated.serve();
    }
    Answer navigate(std::string_view target) { return simulated.get(target, {{FieldName::accept, "text/html"}}); }

    SimulatedSite simulated{1, std::chrono::hours(1)};
    io::SimFileSystem& files = simulated.kernel.sim_files();
};

TEST_F(RootIndex, ThatWasOverwrittenIsReadAgain) {
    EXPECT_EQ(navigate("/view").status, Status::ok);
    const io::TimePoint later = simulated.core.now() + 60ms;
    while (simulated.core.now() < later) simulated.core.run_once(later);
    files.write("/root/index.html", std::string(100'000, 'b'));
    for (const std::string_view target : {"/view", "/other"}) {
        const Answer answer = navigate(target);
        EXPECT_EQ(answer.status, Status::ok) << target;
        EXPECT_EQ(simulated.content_of(answer).substr(0, 1), "b") << target;
        EXPECT_EQ(answer.field(FieldName::vary), "Accept, Accept-Encoding");
    }
}

TEST_F(RootIndex, ThatIsChangedAllTheTimeIsUnavailable) {
    files.before_call = [this, number = 0](const io::SimNode*) mutable {
        files.write("/root/index.html", std::string(static_cast<std::size_t>(100'000 + ++number), 'b'));
    };
    EXPECT_EQ(navigate("/view").status, Status::service_unavailable);
    files.before_call = nullptr;
    EXPECT_EQ(navigate("/view").status, Status::ok);
}

TEST_F(RootIndex, ThatCannotBeOpenedNowIsUnavailable) {
    simulated.kernel.faults().descriptors_max = 0;
    const Answer answer = navigate("/view");
    EXPECT_EQ(answer.status, Status::service_unavailable);
    EXPECT_EQ(answer.field(FieldName::retry_after), "1");
    simulated.kernel.faults().descriptors_max = 100;
    EXPECT_EQ(navigate("/view").status, Status::ok);
}

TEST_F(RootIndex, ThatIsMissingLeavesA404) {
    files.remove("/root/index.html");
    EXPECT_EQ(navigate("/view").status, Status::not_found);
}

TEST(ChangingFiles, ThatAreReplacedWithoutPauseAreAnswered) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SimulatedSite simulated(seed);
        io::SimFileSystem& files = simulated.kernel.sim_files();
        int number = 0;
        const auto replace = [&] {
            ++number;
            const std::shared_ptr<io::SimNode> old = files.find("/root/large.bin");
            files.replace("/root/large.bin", std::string(100'000, static_cast<char>('a' + number % 26)));
            // As if the clock had ticked since the old file was opened.
            if (old) old->changed += io::SimFileSystem::tick;
        };
        replace();
        simulated.serve();
        files.before_call = [&](const io::SimNode*) {
            if (simulated.kernel.chance().happens(0.5)) replace();
        };
        for (int request = 0; request < 10; ++request) {
            const Answer answer = simulated.get("/large.bin");
            ASSERT_EQ(answer.status, Status::ok) << "seed " << seed;
            ASSERT_EQ(answer.response.content_octets(), 100'000U);
        }
        files.before_call = nullptr;
    }
}

// --- listings and large files

class LongReads : public testing::Test {
protected:
    LongReads() {
        simulated.options.clock_tick_max = 0ms;
        for (int i = 0; i < 20; ++i) simulated.kernel.sim_files().write("/root/folder/" + std::to_string(i), "x");
    }
    Task<void> ask(std::string target, FieldList fields) {
        const http::Request request = make_request(target, fields);
        Answer answer;
        const bool done = co_await take_steps(*simulated.handler, request, answer);
        EXPECT_TRUE(done);
        EXPECT_EQ(answer.status, Status::ok);
        answered.push_back(target);
        etags.insert(answer.field(FieldName::etag));
    }
    void finish() {
        std::size_t at_once = 0;
        for (int i = 0; i < 10'000 && scope.size() > 0; ++i) {
            simulated.core.run_once(simulated.core.now() + 1ms);
            at_once = std::max({at_once, store().listings().taken(), store().hashing().taken()});
        }
        EXPECT_EQ(scope.size(), 0U);
        EXPECT_EQ(at_once, 1U);
        EXPECT_EQ(store().listings().taken() + store().hashing().taken(), 0U);
    }
    const Store& store() const { return simulated.handler->store(); }
    void write_large_files(int count) {
        for (int i = 0; i < count; ++i) {
            simulated.kernel.sim_files().write("/root/" + std::to_string(i) + ".bin", std::string(100'000, 'x'));
        }
    }
    void ask_for_large_files(int count) {
        for (int i = 0; i < count; ++i) scope.start(ask("/" + std::to_string(i) + ".bin", {}));
    }
    void ask_for_all_pages() {
        for (const std::string_view sort : {"name", "size", "date"}) {
            for (const std::string_view type : {"text/html", "application/json"}) {
                for (const std::string_view coding : {"br", "gzip", "identity"}) {
                    scope.start(ask("/folder/?sort=" + std::string(sort),
                                    {{FieldName::accept, type}, {FieldName::accept_encoding, coding}}));
                }
            }
        }
    }

    SimulatedSite simulated{1, std::chrono::hours(1)};
    io::Scope scope;
    std::vector<std::string> answered;
    std::set<std::string> etags;
};

TEST_F(LongReads, AreDoneOneAfterTheOther) {
    simulated.kernel.sim_files().write("/root/other.txt", "hello");
    simulated.serve();
    ask_for_all_pages();
    scope.start(ask("/other.txt", {}));
    finish();
    ASSERT_EQ(answered.size(), 19U);
    const auto place = std::find(answered.begin(), answered.end(), "/other.txt") - answered.begin();
    EXPECT_LT(place, 6) << "a file does not wait for the listings";
}

TEST_F(LongReads, OfAFolderAreSharedByItsPages) {
    simulated.serve();
    EXPECT_EQ(simulated.get("/folder/").status, Status::ok);
    int listed = 0;
    simulated.kernel.sim_files().before_list = [&listed] { ++listed; };
    ask_for_all_pages();
    finish();
    EXPECT_EQ(answered.size(), 18U);
    EXPECT_EQ(listed, 0) << "all are made from what the first of them read";
}

TEST_F(LongReads, OfAFolderAreRepeatedWhenTheyAreOld) {
    simulated.options.revalidate = 1000ms;
    simulated.serve();
    EXPECT_EQ(simulated.content_of(simulated.get("/folder/")).find("new"), std::string::npos);
    simulated.kernel.sim_files().write("/root/folder/new", "x");
    const io::TimePoint old = simulated.core.now() + 1001ms;
    while (simulated.core.now() < old) simulated.core.run_once(old);
    EXPECT_NE(simulated.content_of(simulated.get("/folder/?sort=date")).find("new"), std::string::npos);
}

TEST_F(LongReads, ArePagesAsOldAsTheReadingTheyWereMadeFrom) {
    simulated.options.revalidate = 1000ms;
    simulated.serve();
    const auto pass = [this](io::Duration time) {
        const io::TimePoint until = simulated.core.now() + time;
        while (simulated.core.now() < until) simulated.core.run_once(until);
    };
    EXPECT_EQ(simulated.get("/folder/").status, Status::ok);
    simulated.kernel.sim_files().write("/root/folder/new", "x");
    pass(700ms);
    EXPECT_EQ(simulated.content_of(simulated.get("/folder/?sort=date")).find("new"), std::string::npos);
    pass(700ms);
    EXPECT_NE(simulated.content_of(simulated.get("/folder/?sort=date")).find("new"), std::string::npos);
}

TEST_F(LongReads, OfLargeFilesAreDoneOneAfterTheOtherToo) {
    write_large_files(8);
    simulated.serve();
    ask_for_large_files(8);
    finish();
    EXPECT_EQ(answered.size(), 8U);
    EXPECT_EQ(etags.size(), 1U) << "one content, one hash";
}

TEST_F(LongReads, OfLargeFilesDoNotDelayListings) {
    write_large_files(16);
    simulated.serve();
    ask_for_large_files(16);
    while (store().hashing().waiting() < 10) simulated.core.run_once(simulated.core.now() + 1ms);
    scope.start(ask("/folder/", {}));
    finish();
    const auto place = std::find(answered.begin(), answered.end(), "/folder/") - answered.begin();
    EXPECT_LT(place, 10);
}

TEST_F(LongReads, OfLargeFilesAreLeftOutWhenManyWait) {
    simulated.options.hashes_waiting_max = 2;
    write_large_files(30);
    simulated.serve();
    ask_for_large_files(30);
    std::size_t waiting = 0;
    while (scope.size() > 0) {
        simulated.core.run_once(simulated.core.now() + 1ms);
        waiting = std::max(waiting, store().hashing().waiting());
    }
    EXPECT_EQ(waiting, 2U);
    EXPECT_EQ(answered.size(), 30U);
    EXPECT_GT(etags.size(), 1U) << "some have a tag that is made of their times";
    // Each is kept, whatever its tag is made of.
    for (int i = 0; i < 30; ++i) {
        const std::string path = "/" + std::to_string(i) + ".bin";
        Answer answer;
        EXPECT_TRUE(simulated.handler->responder().respond_at_once(make_request(path), Resource{path}, answer.response))
            << path;
    }
}

TEST_F(LongReads, AreGivenUpByThoseWhoLeave) {
    simulated.serve();
    for (int passes = 0; passes < 6; ++passes) {
        io::Scope leaving;
        for (int i = 0; i < 3; ++i) {
            leaving.start(
                ask("/folder/?" + std::to_string(passes), {{FieldName::accept_encoding, i == 0 ? "br" : "gzip"}}),
                AfterStop::ends);
        }
        scope.start(ask("/folder/?sort=size", {}));
        for (int i = 0; i < passes; ++i) simulated.core.run_once(simulated.core.now() + 1ms);
        leaving.request_stop();
        for (int i = 0; i < 1000 && leaving.size() + scope.size() > 0; ++i) {
            simulated.core.run_once(simulated.core.now() + 1ms);
        }
        EXPECT_EQ(leaving.size() + scope.size(), 0U) << passes;
        EXPECT_EQ(store().listings().taken(), 0U) << passes;
        simulated.serve();
    }
}

TEST_F(LongReads, WhatAFolderHoldsIsCharged) {
    for (int i = 0; i < 1000; ++i) simulated.kernel.sim_files().write("/root/many/" + std::to_string(i), "x");
    simulated.serve();
    const Answer page = simulated.get("/many/", {{FieldName::accept_encoding, "br"}});
    EXPECT_EQ(page.status, Status::ok);
    EXPECT_LT(page.response.content_octets(), 500 * sizeof(ListedEntry)) << "the page alone is small";
    EXPECT_GT(store().cache().octets(), 1000 * sizeof(ListedEntry));
    EXPECT_EQ(simulated.core.ledger().used(), store().cache().octets());
}

}  // namespace
}  // namespace portico::files
