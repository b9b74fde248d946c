// portico/handler/files/archive_tree.cc — see archive_tree.h.
#include "portico/handler/files/archive_tree.h"

#include <algorithm>
#include <utility>

#include "portico/handler/files/load.h"

namespace portico::files {
namespace {

// Of names that could not be read. More of them are left out without a word.
constexpr std::size_t left_out_octets_max = 64 * 1024;

}  // namespace

ArchiveTree::ArchiveTree(std::shared_ptr<const Folder> folder, std::string path, std::string name)
    : folder_(std::move(folder)), name_(std::move(name)), path_(std::move(path)) {}

void ArchiveTree::enter(const std::string& path, const std::string& name) {
    const std::size_t entries_max = folder_->options().archive_limits.entries_max;
    auto found = read_folder(*folder_, path, entries_max);
    // Nothing is said of a folder that has been removed in the meantime.
    if (!found && found.error().status == http::Status::not_found) return;
    if (!found) return leave_out(name);
    if (found->truncated) is_too_large_ = true;
    std::ranges::sort(found->entries, {}, &ListedEntry::name);
    Level level{path, name, std::move(found->entries)};
    level.octets = level.entries.capacity() * sizeof(ListedEntry);
    for (const ListedEntry& entry : level.entries) level.octets += entry.name.capacity();
    levels_.push_back(std::move(level));
}

std::optional<ArchivedFile> ArchiveTree::next() {
    if (!std::exchange(has_begun_, true)) enter(path_, name_ + "/");
    while (!levels_.empty() && !is_too_large_) {
        Level& level = levels_.back();
        if (level.next == level.entries.size()) {
            levels_.pop_back();
            continue;
        }
        const ListedEntry& entry = level.entries[level.next++];
        const bool is_folder = entry.kind == ListedEntry::Kind::folder;
        if (is_folder && entry.reached == ListedEntry::Reached::by_link) continue;
        ArchivedFile file{level.name + entry.name, is_folder ? 0 : entry.size, entry.modified};
        path_ = level.path + entry.name;
        count(file);
        if (is_too_large_) break;
        if (is_folder) {
            file.name += '/';
            enter(path_ + "/", file.name);  // `level` and `entry` are no longer valid
        }
        return file;
    }
    return std::nullopt;
}

void ArchiveTree::count(const ArchivedFile& file) {
    const ArchiveLimits& limits = folder_->options().archive_limits;
    ++entries_;
    octets_ += file.size;
    if (entries_ > limits.entries_max || octets_ > limits.octets_max) is_too_large_ = true;
}

void ArchiveTree::leave_out(const std::string& name) {
    if (left_out_.size() + name.size() < left_out_octets_max) left_out_ += name + "\n";
}

std::size_t ArchiveTree::kept_octets() const {
    std::size_t octets = left_out_.capacity();
    for (const Level& level : levels_) octets += sizeof(Level) + level.octets;
    return octets;
}

}  // namespace portico::files
