// Sockets on Unix paths: which files they replace, which files they remove, and who may connect.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/io/core.h"
#include "portico/io/descriptors.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/stream.h"

namespace portico::io {
namespace {

namespace fs = std::filesystem;

class SocketFile : public testing::Test {
protected:
    Result<Listener> listen() { return Listener::open(core_, SocketAddress::unix_path_of(path_)); }
    int failure_of_listening() {
        const Result<Listener> listener = listen();
        return listener ? 0 : listener.error().number;
    }
    static void write(const std::string& path) { std::ofstream(path) << "precious"; }
    static std::string content(const std::string& path) {
        std::string text;
        std::ifstream(path) >> text;
        return text;
    }
    // Leaves a socket file on which nothing listens, as a killed process does.
    static void leave_socket(const std::string& path) {
        const std::optional<Fd> socket = owned(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(socket->number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    [[nodiscard]] fs::file_type type() const { return fs::symlink_status(path_).type(); }

    Result<std::unique_ptr<Kernel>> kernel_ = make_epoll_kernel();
    Core core_{**kernel_};
    const ScratchFolder scratch_;
    const std::string place_ = scratch_.path();
    const std::string path_ = scratch_.file("socket");
};

TEST_F(SocketFile, IsThereWhileItsListenerIs) {
    {
        const Result<Listener> listener = listen();
        ASSERT_TRUE(listener);
        EXPECT_EQ(type(), fs::file_type::socket);
    }
    EXPECT_EQ(type(), fs::file_type::not_found);
}

TEST_F(SocketFile, ReplacesASocketThatNobodyListensOn) {
    leave_socket(path_);
    EXPECT_EQ(failure_of_listening(), 0);
}

TEST_F(SocketFile, DoesNotReplaceASocketInUse) {
    const Result<Listener> listener = listen();
    EXPECT_EQ(failure_of_listening(), EADDRINUSE);
    EXPECT_EQ(type(), fs::file_type::socket);
}

TEST_F(SocketFile, DoesNotReplaceAnotherFile) {
    write(path_);
    EXPECT_EQ(failure_of_listening(), EADDRINUSE);
    EXPECT_EQ(content(path_), "precious");
    fs::remove(path_);
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_EQ(failure_of_listening(), EADDRINUSE);
    EXPECT_EQ(type(), fs::file_type::fifo);
    fs::remove(path_);
    fs::create_directory(path_);
    EXPECT_EQ(failure_of_listening(), EADDRINUSE);
    EXPECT_EQ(type(), fs::file_type::directory);
}

TEST_F(SocketFile, DoesNotReplaceALinkWhateverItLeadsTo) {
    const std::string target = place_ + "/target";
    for (const bool leads_to_socket : {false, true}) {
        fs::remove(target);
        fs::remove(path_);
        leads_to_socket ? leave_socket(target) : write(target);
        fs::create_symlink(target, path_);
        EXPECT_EQ(failure_of_listening(), EADDRINUSE);
        EXPECT_EQ(type(), fs::file_type::symlink);
        EXPECT_TRUE(fs::exists(target));
    }
}

TEST_F(SocketFile, LeavesAFileThatHasTakenItsPlace) {
    {
        const Result<Listener> listener = listen();
        ASSERT_TRUE(listener);
        fs::remove(path_);
        write(path_);
    }
    EXPECT_EQ(content(path_), "precious");
}

TEST_F(SocketFile, LeavesItsSuccessorsSocket) {
    std::optional<Listener> first(*listen());
    fs::remove(path_);
    const Result<Listener> second = listen();
    ASSERT_TRUE(second);
    first.reset();
    EXPECT_EQ(type(), fs::file_type::socket);
    EXPECT_EQ(failure_of_listening(), EADDRINUSE);
}

TEST_F(SocketFile, HasThePermissionsThatTheUmaskLeaves) {
    for (const auto& [mask, mode] : {std::pair(0022U, 0644U), {0007U, 0660U}, {0077U, 0600U}, {0U, 0666U}}) {
        const mode_t before = ::umask(mask);
        const Result<Listener> listener = listen();
        ::umask(before);
        struct stat status{};
        ASSERT_EQ(::stat(path_.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, mode);
    }
}

}  // namespace
}  // namespace portico::io
