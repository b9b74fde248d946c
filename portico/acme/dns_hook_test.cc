// The program that changes a zone: its words, its failures, its time. On the real kernel.
#include "portico/acme/dns_hook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "portico/acme/base64url.h"
#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/io/scope.h"
#include "portico/tls/signing_key.h"

namespace portico::acme {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class DnsHooks : public testing::Test {
protected:
    // A program that does this with its words in "$@".
    std::string program(const std::string& does) const {
        const std::string path = folder_.file("hook");
        std::ofstream(path) << "#!/bin/sh\ncd '" << folder_.path() << "'\n" << does << "\n";
        std::filesystem::permissions(path, std::filesystem::perms(0700));
        return path;
    }
    [[nodiscard]] std::string read(const std::string& name) const {
        std::ifstream file(folder_.file(name));
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }
    Task<bool> await_text(std::string name, std::string text) {
        for (int i = 0; i < 2000; ++i) {
            if (read(name) == text) co_return true;
            const bool slept = co_await io::sleep_for(core_, std::chrono::milliseconds(10));
            if (!slept) break;
        }
        co_return false;
    }

    ScratchFolder folder_;
    const std::unique_ptr<io::Kernel> kernel_ = *io::make_epoll_kernel();
    io::Core core_{*kernel_};
    const Proof proof_{"dns-01", "example.org", "token", "token.thumbprint"};
    const std::string words_ = "_acme-challenge.example.org " + base64url(tls::sha256("token.thumbprint")) + "\n";
};

TEST_F(DnsHooks, AddAndRemoveTheRecord) {
    DnsHook hook(core_, program("echo \"$@\" >> calls"));
    EXPECT_EQ(hook.types(7), std::vector<std::string>{"dns-01"});
    const auto shown = io::run_task(core_, hook.show(proof_));
    ASSERT_TRUE(shown) << shown.error().message;
    EXPECT_EQ(read("calls"), "add " + words_) << "show() ends when the program has";
    hook.take_back(proof_);
    EXPECT_TRUE(io::run_task(core_, await_text("calls", "add " + words_ + "remove " + words_)));
}

TEST_F(DnsHooks, MayFail) {
    DnsHook hook(core_, program("exit 3"));
    const auto shown = io::run_task(core_, hook.show(proof_));
    ASSERT_FALSE(shown);
    EXPECT_THAT(shown.error().message, HasSubstr("exit code 3"));
}

TEST_F(DnsHooks, MayBeMissing) {
    DnsHook hook(core_, folder_.file("missing"));
    const auto shown = io::run_task(core_, hook.show(proof_));
    ASSERT_FALSE(shown);
    EXPECT_THAT(shown.error().message, HasSubstr("No such file"));
    hook.take_back(proof_);
}

TEST_F(DnsHooks, MustEndInTime) {
    DnsHook hook(core_, program("sleep 1000"), seconds(0));
    const auto shown = io::run_task(core_, hook.show(proof_));
    ASSERT_FALSE(shown);
    EXPECT_THAT(shown.error().message, HasSubstr("longer than 0 s"));
}

Task<void> show_into(DnsHook& hook, Proof proof, bool& ended) {
    const auto shown = co_await hook.show(std::move(proof));
    ended = !shown && shown.error().what == Failure::What::stopped;
}

Task<bool> end(io::Scope& scope) {
    scope.request_stop();
    co_await scope.join();
    co_return true;
}

TEST_F(DnsHooks, AreStopped) {
    DnsHook hook(core_, program("echo begun > begun; sleep 1000"));
    bool ended = false;
    io::Scope showing;
    showing.start(show_into(hook, proof_, ended));
    ASSERT_TRUE(io::run_task(core_, await_text("begun", "begun\n")));
    EXPECT_TRUE(io::run_task(core_, end(showing)));
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace portico::acme
