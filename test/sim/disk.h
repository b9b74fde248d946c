// test/sim/disk.h — the files that a simulated server serves, all of their versions, and when each was current.
//
// The oracle compares answers with it. A right answer carries one whole version, and not one that was replaced long
// before.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "portico/io/sim/sim_kernel.h"

namespace portico::sim {

using Content = std::shared_ptr<const std::string>;

struct Version {
    Content content;  // null: there is no such file
    io::TimePoint from;
    io::TimePoint until = io::never;
};

class Disk {
public:
    static constexpr std::string_view root = "/srv";
    explicit Disk(io::SimKernel& kernel);

    // Every regular file below the root that a request may name, as a path from "/".
    [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }
    // Returns the file's versions that were current at `since` or later.
    [[nodiscard]] std::vector<Version> versions_since(const std::string& path, io::TimePoint since) const;
    [[nodiscard]] const Version& latest(const std::string& path) const { return versions_.at(path).back(); }
    [[nodiscard]] bool has_changed(const std::string& path) const { return versions_.at(path).size() > 1; }

    // Replaces, truncates, extends, overwrites, removes or restores some file.
    void change_something();
    // Does the same to this file if it is one of the files that change.
    void change_file(const io::SimNode& file);
    // The server keeps files up to this size in memory.
    void set_kept_octets_max(std::size_t octets) { kept_octets_max_ = octets; }
    // Returns whether a file that is sent from an open descriptor was overwritten in place, or truncated and then
    // lengthened. If that happens between two system calls, the server cannot avoid sending a mixture, but it must
    // break the connection afterwards.
    [[nodiscard]] bool may_mix(const std::string& path) const { return overwritten_.contains(path); }

private:
    void add(std::string path, std::size_t octets);
    void change(const std::string& path);
    [[nodiscard]] std::string make_content(const std::string& path, std::size_t octets);
    // Two versions of the same size within one tick of the file system's clock have the same validators, so they cannot
    // be distinguished. The world has no such versions.
    [[nodiscard]] bool is_distinct(const std::string& path, std::size_t octets);
    void remember(const std::string& path, Content content);

    io::SimKernel* kernel_;
    io::SimFileSystem* files_;
    std::vector<std::string> paths_;
    std::vector<std::string> changing_;
    std::map<std::string, std::vector<Version>> versions_;
    std::map<std::string, std::set<std::pair<io::SimFileSystem::Time, std::size_t>>> validators_;
    std::map<std::string, std::size_t> usual_octets_;
    std::set<std::string> overwritten_;
    std::set<std::string> truncated_;  // since they were last replaced, and sent from an open descriptor before that
    std::size_t kept_octets_max_ = 0;
    std::size_t made_ = 0;
};

}  // namespace portico::sim
