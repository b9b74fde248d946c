// portico/app/machine_test.cc — the properties of machines that a folder imitates.
//
// Room app: see command.h.
#include "portico/app/machine.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "portico/base/scratch_folder_for_test.h"

namespace portico::app {
namespace {

namespace fs = std::filesystem;

// A folder that stands for a machine's root. It is removed at the end of the test.
class Machine : public testing::Test {
protected:
    void has(const std::string& path, std::string_view text = "") {
        fs::create_directories(fs::path(root_ + path).parent_path());
        std::ofstream(root_ + path) << text;
    }
    [[nodiscard]] const std::string& root() const { return root_; }

private:
    const ScratchFolder scratch_;
    const std::string root_ = scratch_.path();
};

TEST_F(Machine, WithoutControlGroupsAllowsItsAffinity) {
    EXPECT_EQ(allowed_cores(6, root()), 6U);
    EXPECT_EQ(allowed_cores(0, root()), 1U);
}

TEST_F(Machine, QuotaOfVersion2Bounds) {
    has("/proc/self/cgroup", "0::/user.slice/me\n");
    has("/sys/fs/cgroup/user.slice/me/cpu.max", "200000 100000\n");
    EXPECT_EQ(allowed_cores(8, root()), 2U);
    EXPECT_EQ(allowed_cores(1, root()), 1U);
}

TEST_F(Machine, QuotaOfAGroupAboveBoundsToo) {
    has("/proc/self/cgroup", "0::/user.slice/me\n");
    has("/sys/fs/cgroup/user.slice/me/cpu.max", "max 100000\n");
    has("/sys/fs/cgroup/user.slice/cpu.max", "350000 100000\n");
    EXPECT_EQ(allowed_cores(8, root()), 3U);
}

TEST_F(Machine, QuotaBelowOneCoreIsOne) {
    has("/proc/self/cgroup", "0::/\n");
    has("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    EXPECT_EQ(allowed_cores(8, root()), 1U);
}

TEST_F(Machine, QuotaOfVersion1Bounds) {
    has("/proc/self/cgroup", "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/\n");
    has("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "400000\n");
    has("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(allowed_cores(8, root()), 4U);
}

TEST_F(Machine, NoQuotaAndNonsenseBoundNothing) {
    has("/proc/self/cgroup", "4:cpu:/\n0::/\nnonsense\n:\n");
    has("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    has("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    has("/sys/fs/cgroup/cpu.max", "7");
    EXPECT_EQ(allowed_cores(8, root()), 8U);
}

TEST_F(Machine, IsSeenToBeAContainer) {
    EXPECT_EQ(container_kind(root()), std::nullopt);
    has("/proc/1/cgroup", "0::/kubepods/burstable/pod1\n");
    EXPECT_EQ(container_kind(root()), "kubernetes");
    has("/.dockerenv");
    EXPECT_EQ(container_kind(root()), "docker");
    has("/run/.containerenv");
    EXPECT_EQ(container_kind(root()), "podman");
}

TEST_F(Machine, SaysWhichPortsNeedAPrivilege) {
    EXPECT_EQ(first_unprivileged_port(root()), 1024U);
    has("/proc/sys/net/ipv4/ip_unprivileged_port_start", "80\n");
    EXPECT_EQ(first_unprivileged_port(root()), 80U);
}

TEST(ThisMachine, HasACore) {
    EXPECT_GE(cores_of_affinity(), 1U);
    EXPECT_LE(allowed_cores(cores_of_affinity()), cores_of_affinity());
}

}  // namespace
}  // namespace portico::app
