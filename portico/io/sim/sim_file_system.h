// portico/io/sim/sim_file_system.h — files in memory, which a test changes while they are served.
//
// Room io: see error.h.
// Threads:   one.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "portico/io/file_system.h"
#include "portico/io/sim/sim_chance.h"

namespace portico::io {

class SimDescriptors;

// One file, directory or link. A descriptor keeps it alive after its name is gone, like an inode.
struct SimNode {
    FileKind kind = FileKind::regular;
    std::string content;  // of a regular file; for a link: its target
    std::map<std::string, std::shared_ptr<SimNode>, std::less<>> children;
    std::chrono::sys_time<std::chrono::nanoseconds> modified;
    std::chrono::sys_time<std::chrono::nanoseconds> changed;
    std::uint64_t inode = 0;
    std::uint64_t links = 1;
};

// Resolves paths beneath a directory as openat2(2) does, with the same errors. Paths for the test's own functions
// are absolute and without links.
class SimFileSystem final : public FileSystem {
public:
    // A file system's clock is coarse, as on Linux: all changes within the same four milliseconds of the wall clock get
    // the same time.
    static constexpr std::chrono::milliseconds tick{4};
    using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

    SimFileSystem(Chance& chance, const SimFaults& faults, SimDescriptors& descriptors,
                  std::function<Time()> wall_clock);

    void close(int number) noexcept override;
    Result<Fd> open_directory(const std::string& path) override;
    Result<Fd> open_beneath(const Fd& directory, std::string_view path) override;
    Result<FileStatus> status_beneath(const Fd& directory, std::string_view path) override;
    Result<FileStatus> status(const Fd& file) override;
    Result<std::size_t> read_at(const Fd& file, std::uint64_t offset, std::span<char> room) override;
    bool is_in_memory(const Fd&, std::uint64_t, std::uint64_t) override { return !chance_->happens(faults_->cold); }
    Result<std::vector<DirectoryEntry>> list(const Fd& directory, std::size_t entries_max) override;

    // Whether this is a file of the real machine, which is read and sent as it is: a program's folders are real even if
    // its sockets are simulated.
    [[nodiscard]] static bool is_real(const Fd& file);

    // --- changes that a test makes to the disk. Missing parents are created; every change sets the file's time.
    void make_directory(std::string_view path);
    void write(std::string_view path, std::string content);    // overwrites the file if it exists
    void replace(std::string_view path, std::string content);  // another file of that name, as after rename(2)
    void truncate(std::string_view path, std::size_t octets);  // makes it shorter, or longer with NULs
    void link(std::string_view path, std::string target);
    void make_fifo(std::string_view path);
    void remove(std::string_view path);
    void set_modified(std::string_view path, Time time);
    [[nodiscard]] std::shared_ptr<SimNode> find(std::string_view path) const;
    [[nodiscard]] Time now() const;  // the time that a change would get

    // Called before each call from the program, and between the parts of a long read, so that a test can change the
    // disk in the meantime. The argument is the file that the call concerns, or null if the call has yet to resolve a
    // path.
    std::function<void(const SimNode*)> before_call;
    // Called before a directory is read.
    std::function<void()> before_list;

private:
    Result<std::shared_ptr<SimNode>> resolve(const std::shared_ptr<SimNode>& top, std::string_view path);
    Result<std::shared_ptr<SimNode>> node_of(const Fd& file, std::string_view doing);
    std::shared_ptr<SimNode> make(std::string_view path, FileKind kind);
    std::shared_ptr<SimNode> parent_of(std::string_view path, std::string& name);
    void touch(SimNode& node);
    void drop_name(SimNode& parent, const std::string& name);
    void may_change(const SimNode* about = nullptr);
    [[nodiscard]] static FileStatus status_of(const SimNode& node);

    Chance* chance_;
    const SimFaults* faults_;
    SimDescriptors* descriptors_;
    std::shared_ptr<SimNode> top_;
    std::function<Time()> wall_clock_;
    std::uint64_t last_inode_ = 0;
};

}  // namespace portico::io
