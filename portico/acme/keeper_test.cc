// Certificates that are kept: ordered, renewed, shared by processes, and ordered again after every kind of end.
#include "portico/acme/keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portico/acme/challenges.h"
#include "portico/acme/fake_authority_for_test.h"
#include "portico/acme/folder_store.h"
#include "portico/acme/service.h"
#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/run_task.h"
#include "portico/io/sim/sim_kernel.h"
#include "portico/tls/certificate_request.h"

namespace portico::acme {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A process with its own keeper. Several may share the folder.
struct Process {
    Process(io::Core& core, Channel& channel, const std::string& folder, std::vector<AuthorityOptions> authorities)
        : store(core, folder),
          prover(core, challenges, {"http-01"}),
          keeper(core, store, channel, prover, std::move(authorities),
                 [this](const std::string& message) { told.push_back(message); }) {}

    FolderStore store;
    Challenges challenges;
    ServerProver prover;
    std::vector<std::string> told;
    Keeper keeper;
    io::Scope keeping;
};

class Keepers : public testing::Test {
protected:
    Keepers() {
        internet_.add(first_);
        internet_.add(second_);
        first_.lifetime = second_.lifetime = hours(9);
        first_.finds = second_.finds = [](const auto&...) { return true; };
    }
    std::unique_ptr<Process> process(const std::vector<const FakeAuthority*>& authorities) {
        std::vector<AuthorityOptions> options;
        for (const FakeAuthority* authority : authorities) {
            options.emplace_back();
            options.back().directory = authority->directory();
        }
        return std::make_unique<Process>(core_, internet_, folder_.path(), std::move(options));
    }
    std::unique_ptr<Process> process() { return process({&first_}); }

    // Lets time pass until the condition holds. False: it does not come true in that time.
    bool passes_until(const std::function<bool()>& holds, io::Duration time_max = minutes(10)) {
        return io::run_task(core_, wait_until(holds, core_.now() + time_max));
    }
    void pass(io::Duration time) { EXPECT_TRUE(io::run_task(core_, wait(time))); }
    std::optional<tls::Credentials> stored(const std::string& name = "example.org") {
        auto read = stored_credentials(folder_.path(), name);
        EXPECT_TRUE(read);
        return *std::move(read);
    }
    std::string read(const std::string& path) { return read_stored(folder_.path(), path).value().value_or("none"); }
    // How many of the names' files are no file of the store: what an unfinished write has left.
    [[nodiscard]] int leftovers() const {
        int count = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
            count += entry.path().filename().string().starts_with(".portico-") ? 1 : 0;
        }
        return count;
    }

    ScratchFolder folder_;
    io::SimKernel kernel_{1};
    io::Core core_{kernel_};
    FakeAuthority first_{core_, "first.example"};
    FakeAuthority second_{core_, "second.example"};
    FakeInternet internet_;

private:
    Task<bool> wait(io::Duration time) { co_return co_await io::sleep_for(core_, time); }
    Task<bool> wait_until(const std::function<bool()>& holds, io::TimePoint end) {
        while (core_.now() < end) {
            if (holds()) co_return true;
            const bool slept = co_await io::sleep_for(core_, seconds(1));
            if (!slept) break;
        }
        co_return false;
    }
};

TEST_F(Keepers, OrderWhatIsMissing) {
    const auto own = process();
    own->keeping.start(own->keeper.keep("example.org"));
    EXPECT_FALSE(stored());
    ASSERT_TRUE(passes_until([this] { return stored().has_value(); }, minutes(2)));
    EXPECT_THAT(stored()->names(), ElementsAre("example.org"));
    EXPECT_EQ(std::filesystem::status(folder_.file("names/example.org/certificate.pem")).permissions(),
              std::filesystem::perms(0600));
    EXPECT_EQ(std::filesystem::status(folder_.file("names/example.org")).permissions(), std::filesystem::perms(0700));
    pass(hours(5));
    EXPECT_EQ(first_.certificates, 1U);
}

TEST_F(Keepers, OrderForEachNameApart) {
    const auto own = process();
    own->keeping.start(own->keeper.keep("example.org"));
    own->keeping.start(own->keeper.keep("www.example.org"));
    ASSERT_TRUE(passes_until([this] { return stored() && stored("www.example.org"); }, minutes(2)));
    EXPECT_EQ(first_.certificates, 2U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.file("accounts")), {}), 1)
        << "they share the account";
}

TEST_F(Keepers, RenewAfterTwoThirds) {
    const auto own = process();
    own->keeping.start(own->keeper.keep("example.org"));
    ASSERT_TRUE(passes_until([this] { return stored().has_value(); }));
    const auto ends = stored()->ends();
    pass(hours(6) - minutes(5));
    EXPECT_EQ(first_.certificates, 1U);
    pass(minutes(10));
    EXPECT_EQ(first_.certificates, 2U);
    EXPECT_GT(stored()->ends(), ends);
    EXPECT_THAT(own->told, SizeIs(2));
}

// RFC 9773: the window that the authority names counts, for instance if it has to revoke many certificates.
TEST_F(Keepers, RenewWhenTheAuthoritySaysSo) {
    first_.gives_renewal_info = true;
    first_.renewal_info = R"({"suggestedWindow":{"start":"2000-01-02T04:00:00Z","end":"2000-01-03T04:00:00Z"}})";
    const auto own = process();
    own->keeping.start(own->keeper.keep("example.org"));
    ASSERT_TRUE(passes_until([this] { return first_.certificates == 2; }, minutes(10)));
    EXPECT_TRUE(first_.last_order.contains("replaces"));
    const auto in_ages = R"({"suggestedWindow":{"start":"2999-01-02T04:00:00Z","end":"2999-01-03T04:00:00Z"}})";
    first_.renewal_info = in_ages;
    pass(minutes(5));
    const unsigned certificates = first_.certificates;
    pass(hours(8) - minutes(5));
    EXPECT_EQ(first_.certificates, certificates) << "it may be later than usual";
    pass(minutes(40));
    EXPECT_EQ(first_.certificates, certificates + 1) << "but not too late";
}

TEST_F(Keepers, AskForTheTimeNowAndThen) {
    first_.gives_renewal_info = true;
    first_.renewal_info = "no JSON";
    first_.lifetime = hours(40);
    const auto own = process();
    own->keeping.start(own->keeper.keep("example.org"));
    ASSERT_TRUE(passes_until([this] { return stored().has_value(); }));
    pass(hours(24));
    EXPECT_GE(first_.renewal_questions, 4U);
    EXPECT_LE(first_.renewal_questions, 6U);
    EXPECT_EQ(first_.certificates, 1U);
}

TEST_F(Keepers, TryAgainMoreAndMoreSeldom) {
    first_.is_down = true;
    const auto own = process();
    own->keeping.start(own->keeper.keep("example.org"));
    pass(hours(1));
    EXPECT_GE(own->told.size(), 6U);
    EXPECT_LE(own->told.size(), 12U);
    EXPECT_THAT(own->told.front(), HasSubstr("no certificate for example.org"));
    EXPECT_THAT(own->told.front(), HasSubstr("first.example is down"));
    first_.is_down = false;
    EXPECT_TRUE(passes_until([this] { return stored().has_value(); }, hours(2)));
    EXPECT_EQ(read("names/example.org/attempts"), "0 0\n");
}

TEST_F(Keepers, DoNotForgetFailuresWhenTheyAreRestarted) {
    first_.is_down = true;
    {
        const auto own = process();
        own->keeping.start(own->keeper.keep("example.org"));
        pass(hours(1));
    }
    const auto own = process();
    own->keeping.start(own->keeper.keep("example.org"));
    pass(minutes(4));
    EXPECT_THAT(own->told, IsEmpty()) << "the next attempt is later";
}

TEST_F(Keepers, WaitAsLongAsTheAuthorityAsks) {
    Answer busy;
    busy.status = 429;
    busy.retry_after = "36000";
    first_.instead = busy;
    const auto own = process();
    own->keeping.start(own->keeper.keep("example.org"));
    pass(hours(10) - minutes(1));
    EXPECT_FALSE(stored());
    EXPECT_THAT(own->told, SizeIs(1));
    pass(minutes(3));
    EXPECT_TRUE(stored());
}

TEST_F(Keepers, AskTheNextAuthority) {
    first_.is_down = true;
    const auto own = process({&first_, &second_});
    own->keeping.start(own->keeper.keep("example.org"));
    ASSERT_TRUE(passes_until([this] { return stored().has_value(); }, minutes(2)));
    EXPECT_EQ(second_.certificates, 1U);
    EXPECT_EQ(own->told.size(), 1U) << "nothing has failed";
}

TEST_F(Keepers, LeaveABusyAuthorityAloneWhileTheyAskTheOthers) {
    Answer busy;
    busy.status = 429;
    busy.retry_after = "36000";
    first_.instead = busy;
    second_.is_down = true;
    const auto own = process({&first_, &second_});
    own->keeping.start(own->keeper.keep("example.org"));
    pass(hours(1));
    const unsigned questions = first_.questions;
    EXPECT_GE(own->told.size(), 5U) << "the second one is asked again";
    pass(hours(8));
    EXPECT_EQ(first_.questions, questions);
    pass(hours(13));
    EXPECT_TRUE(stored()) << "the first one may be asked again";
    EXPECT_EQ(first_.certificates, 1U);
}

TEST_F(Keepers, OfTwoProcessesOneOrders) {
    const auto one = process();
    const auto other = process();
    one->keeping.start(one->keeper.keep("example.org"));
    other->keeping.start(other->keeper.keep("example.org"));
    pass(hours(1));
    EXPECT_EQ(first_.certificates, 1U);
    EXPECT_EQ(one->told.size() + other->told.size(), 1U);
}

TEST_F(Keepers, ReplaceWhatIsNoCertificate) {
    const auto own = process();
    ASSERT_TRUE(io::run_task(core_, own->store.write("names/example.org/certificate.pem", "nonsense")));
    own->keeping.start(own->keeper.keep("example.org"));
    EXPECT_TRUE(passes_until([this] { return stored().has_value(); }, minutes(2)));
}

TEST_F(Keepers, RefuseACertificateForAnotherKey) {
    const auto made = tls::make_self_signed({"example.org"}, std::chrono::floor<seconds>(core_.wall_clock()));
    first_.change = [&made](Answer& answer) {
        if (answer.content.starts_with("-----BEGIN")) answer.content = made->chain;
    };
    const auto own = process();
    own->keeping.start(own->keeper.keep("example.org"));
    pass(minutes(1));
    EXPECT_FALSE(stored());
    EXPECT_THAT(own->told.front(), HasSubstr("does not belong"));
}

TEST_F(Keepers, RefuseACertificateThatHasExpired) {
    first_.lifetime = seconds(-1);
    const auto own = process();
    own->keeping.start(own->keeper.keep("example.org"));
    pass(minutes(1));
    EXPECT_FALSE(stored());
    EXPECT_THAT(own->told.front(), HasSubstr("expired"));
}

TEST_F(Keepers, TellOfAStoreThatCantBeUsedOnce) {
    const auto own = process();
    std::filesystem::create_directory(folder_.file("names"));
    std::filesystem::create_directory(folder_.file("names/example.org"));
    std::filesystem::create_directory(folder_.file("names/example.org/certificate.pem"));
    own->keeping.start(own->keeper.keep("example.org"));
    pass(minutes(10));
    EXPECT_THAT(own->told, SizeIs(1));
    EXPECT_THAT(own->told.front(), HasSubstr("certificate.pem"));
}

TEST_F(Keepers, TellOfAFolderThatCantBeMadeOnce) {
    const auto own = process();
    {
        const auto file = io::run_task(core_, own->store.write("names", "a file"));
    }
    own->keeping.start(own->keeper.keep("example.org"));
    pass(minutes(10));
    EXPECT_THAT(own->told, SizeIs(1));
    EXPECT_THAT(own->told.front(), HasSubstr("/names"));
    EXPECT_EQ(first_.questions, 0U);
}

TEST_F(Keepers, Revoke) {
    const auto own = process();
    EXPECT_THAT(io::run_task(core_, own->keeper.revoke("example.org")).error().message, HasSubstr("no certificate"));
    own->keeping.start(own->keeper.keep("example.org"));
    ASSERT_TRUE(passes_until([this] { return stored().has_value(); }));
    ASSERT_TRUE(io::run_task(core_, own->keeper.revoke("example.org")));
    EXPECT_EQ(first_.revocations, 1U);
    EXPECT_FALSE(stored());
    EXPECT_TRUE(passes_until([this] { return stored().has_value(); }, minutes(5))) << "there is a new one soon";
}

TEST_F(Keepers, EndWhenTheyAreAsked) {
    for (int ms = 0; ms < 600; ms += 7) {
        auto own = process();
        own->keeping.start(own->keeper.keep("example.org"));
        pass(std::chrono::milliseconds(ms));
        own->keeping.request_stop();
        ASSERT_TRUE(passes_until([&own] { return own->keeping.size() == 0; }, seconds(10))) << ms;
    }
    EXPECT_EQ(read("names/example.org/attempts").substr(0, 4), stored() ? "0 0\n" : "none");
}

// The process is killed at any moment: whatever it has left, the next one gets a certificate, and the account's key is
// still the same.
TEST_F(Keepers, SurviveEveryEnd) {
    int ended_before = 0;
    for (int step = 0; step < 40; ++step) {
        const std::string name = "n" + std::to_string(step) + ".example.org";
        const unsigned until = first_.questions + static_cast<unsigned>(step % 16);
        {
            const auto killed = process();
            killed->keeping.start(killed->keeper.keep(name));
            while (first_.questions < until && !stored(name)) core_.run_once(core_.now() + seconds(1));
            ended_before += stored(name) ? 0 : 1;
        }
        const auto next = process();
        next->keeping.start(next->keeper.keep(name));
        ASSERT_TRUE(passes_until([&] { return stored(name).has_value(); }, minutes(5))) << step;
    }
    EXPECT_GT(ended_before, 20);
    EXPECT_EQ(leftovers(), 0);
}

TEST_F(Keepers, CleanUpWhatAKilledProcessHasLeft) {
    const auto own = process();
    std::filesystem::create_directories(folder_.file("names/example.org"));
    {
        const auto left = io::run_task(core_, own->store.write("names/example.org/.portico-abcdef", "half a key"));
    }
    EXPECT_EQ(leftovers(), 1);
    own->keeping.start(own->keeper.keep("example.org"));
    ASSERT_TRUE(passes_until([this] { return stored().has_value(); }));
    EXPECT_EQ(leftovers(), 0);
}

}  // namespace
}  // namespace portico::acme
