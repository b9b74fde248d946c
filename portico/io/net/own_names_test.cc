// portico/io/net/own_names_test.cc — the names that a folder gives to a machine.
//
// Room io: see error.h.
#include "portico/io/net/own_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "portico/base/scratch_folder_for_test.h"

namespace portico::io {
namespace {

TEST(OwnNames, AreTheHostNameAndTheNamesForLoopback) {
    const ScratchFolder root;
    std::filesystem::create_directory(root.file("etc"));
    std::ofstream(root.file("etc/hosts")) << "127.0.0.1\tlocalhost\n"
                                             "127.0.1.1 box.example.org box # this machine\n"
                                             "#127.0.0.1 commented.test\n"
                                             "192.0.2.7 printer\n"
                                             "::1 app.test\n"
                                             "127.0.0.1 last.test";
    using Names = std::vector<std::string>;
    EXPECT_EQ(own_names("box.example.org", root.path()), (Names{"box.example.org", "box", "box.local", "localhost",
                                                                "box.example.org", "box", "app.test", "last.test"}));
}

TEST(OwnNames, MayBeNone) {
    const ScratchFolder root;
    EXPECT_TRUE(own_names("", root.path()).empty());
}

TEST(OwnNames, OfThisMachineAreSaidOnce) {
    const std::vector<std::string> names = names_of_this_machine();
    EXPECT_THAT(names, testing::IsSupersetOf({"localhost", "127.0.0.1", "::1"}));
    for (const std::string& name : names) EXPECT_THAT(names, testing::Contains(name).Times(1)) << name;
}

}  // namespace
}  // namespace portico::io
