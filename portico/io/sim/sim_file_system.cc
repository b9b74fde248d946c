// portico/io/sim/sim_file_system.cc — files in memory.
#include "portico/io/sim/sim_file_system.h"

#include <algorithm>
#include <cassert>
#include <deque>
#include <iterator>

#include "portico/io/sim/sim_sockets.h"

namespace portico::io {
namespace {

using Components = std::deque<std::string>;

// A slash at the end requires a directory, as "." does.
Components split(std::string_view path) {
    Components components;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        if (slash != 0) components.emplace_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return components;
        path.remove_prefix(slash + 1);
        if (path.empty()) components.emplace_back(".");
    }
    return components;
}

}  // namespace

int SimDescriptors::add(SimObject object) {
    ++open_;
    const auto free = std::ranges::find_if(objects_, [](const SimObject& slot) { return slot.index() == 0; });
    const auto number = first + static_cast<int>(free - objects_.begin());
    if (free == objects_.end()) {
        objects_.push_back(std::move(object));
    } else {
        *free = std::move(object);
    }
    return number;
}

SimObject SimDescriptors::remove(int number) {
    assert(at(number).index() != 0 && "a descriptor was closed twice");
    --open_;
    return std::exchange(objects_[static_cast<std::size_t>(number - first)], SimObject());
}

const SimObject& SimDescriptors::at(int number) const {
    assert(number >= first && static_cast<std::size_t>(number - first) < objects_.size());
    return objects_[static_cast<std::size_t>(number - first)];
}

SimFileSystem::SimFileSystem(Chance& chance, const SimFaults& faults, SimDescriptors& descriptors,
                             std::function<Time()> wall_clock)
    : chance_(&chance),
      faults_(&faults),
      descriptors_(&descriptors),
      top_(std::make_shared<SimNode>()),
      wall_clock_(std::move(wall_clock)) {
    top_->kind = FileKind::directory;
    touch(*top_);
}

void SimFileSystem::close(int number) noexcept {
    [[maybe_unused]] const SimObject closed = descriptors_->remove(number);
    assert(std::holds_alternative<std::shared_ptr<SimNode>>(closed) && "a socket was closed as a file");
}

void SimFileSystem::may_change(const SimNode* about) {
    if (before_call) before_call(about);
}

Result<std::shared_ptr<SimNode>> SimFileSystem::resolve(const std::shared_ptr<SimNode>& top, std::string_view path) {
    constexpr std::size_t path_octets_max = 4096;  // PATH_MAX, including the NUL at the end
    constexpr std::size_t name_octets_max = 255;
    constexpr int links_max = 40;
    if (path.size() >= path_octets_max) return fail(ENAMETOOLONG, "openat2");
    if (path.find('\0') != std::string_view::npos) return fail(EINVAL, "openat2");
    if (path.starts_with('/')) return fail(EXDEV, "openat2");

    std::vector<std::shared_ptr<SimNode>> way{top};
    Components left = split(path);
    for (int links = 0; !left.empty();) {
        const std::string name = std::move(left.front());
        left.pop_front();
        if (way.back()->kind != FileKind::directory) return fail(ENOTDIR, "openat2");
        if (name == ".") continue;
        if (name == "..") {
            if (way.size() == 1) return fail(EXDEV, "openat2");
            way.pop_back();
            continue;
        }
        if (name.size() > name_octets_max) return fail(ENAMETOOLONG, "openat2");
        const auto child = way.back()->children.find(name);
        if (child == way.back()->children.end()) return fail(ENOENT, "openat2");
        if (child->second->kind != FileKind::symlink) {
            way.push_back(child->second);
            continue;
        }
        if (++links > links_max) return fail(ELOOP, "openat2");
        if (child->second->content.starts_with('/')) return fail(EXDEV, "openat2");
        Components further = split(child->second->content);
        left.insert(left.begin(), std::make_move_iterator(further.begin()), std::make_move_iterator(further.end()));
    }
    return way.back();
}

Result<std::shared_ptr<SimNode>> SimFileSystem::node_of(const Fd& file, std::string_view doing) {
    auto node = descriptors_->find<SimNode>(file.number());
    if (node == nullptr) return fail(EBADF, doing);
    return node;
}

Result<Fd> SimFileSystem::open_directory(const std::string& path) {
    may_change();
    const auto node = resolve(top_, std::string_view(path).substr(path.starts_with('/') ? 1 : 0));
    if (!node) return std::unexpected(node.error());
    if ((*node)->kind != FileKind::directory) return fail(ENOTDIR, "open");
    return Fd(*this, descriptors_->add(*node));
}

Result<Fd> SimFileSystem::open_beneath(const Fd& directory, std::string_view path) {
    may_change();
    const auto top = node_of(directory, "openat2");
    if (!top) return std::unexpected(top.error());
    if (descriptors_->open() >= faults_->descriptors_max) return fail(EMFILE, "openat2");
    if (chance_->happens(faults_->open_failure)) {
        constexpr std::array failures{EMFILE, ENFILE, ENOMEM};
        return fail(failures[chance_->below(failures.size())], "openat2");
    }
    const auto node = resolve(*top, path);
    if (!node) return std::unexpected(node.error());
    return Fd(*this, descriptors_->add(*node));
}

Result<FileStatus> SimFileSystem::status_beneath(const Fd& directory, std::string_view path) {
    may_change();
    const auto top = node_of(directory, "openat2");
    if (!top) return std::unexpected(top.error());
    const auto node = resolve(*top, path);
    if (!node) return std::unexpected(node.error());
    return status_of(**node);
}

bool SimFileSystem::is_real(const Fd& file) { return &file.table() == &real_file_system(); }

Result<FileStatus> SimFileSystem::status(const Fd& file) {
    if (is_real(file)) return real_file_system().status(file);
    const auto node = node_of(file, "fstat");
    if (!node) return std::unexpected(node.error());
    may_change(node->get());
    return status_of(**node);
}

Result<std::size_t> SimFileSystem::read_at(const Fd& file, std::uint64_t offset, std::span<char> room) {
    if (is_real(file)) return real_file_system().read_at(file, offset, room);
    const auto node = node_of(file, "pread");
    if (!node) return std::unexpected(node.error());
    if ((*node)->kind == FileKind::directory) return fail(EISDIR, "pread");
    if ((*node)->kind != FileKind::regular) return fail(ESPIPE, "pread");
    // The real function is a loop of pread(2) calls that may each read less than requested, so its parts may differ in
    // age.
    std::size_t filled = 0;
    while (filled < room.size()) {
        may_change(node->get());
        if (chance_->happens(faults_->disk_failure)) return fail(EIO, "pread");
        const std::string& content = (*node)->content;
        if (offset + filled >= content.size()) break;
        const std::size_t part = chance_->happens(0.7) ? room.size() : chance_->between(1, room.size() - filled);
        filled += content.copy(room.data() + filled, std::min(part, room.size() - filled), offset + filled);
    }
    return filled;
}

Result<std::vector<DirectoryEntry>> SimFileSystem::list(const Fd& directory, std::size_t entries_max) {
    may_change();
    if (before_list) before_list();
    const auto top = node_of(directory, "open");
    if (!top) return std::unexpected(top.error());
    if ((*top)->kind != FileKind::directory) return fail(ENOTDIR, "open");
    if (chance_->happens(faults_->disk_failure)) return fail(EIO, "readdir");
    std::vector<DirectoryEntry> entries;
    for (const auto& [name, child] : (*top)->children) {
        if (entries.size() == entries_max) break;
        entries.push_back(DirectoryEntry{name, status_of(*child)});
    }
    // In random order.
    for (std::size_t i = entries.size(); i > 1; --i) std::swap(entries[i - 1], entries[chance_->below(i)]);
    return entries;
}

FileStatus SimFileSystem::status_of(const SimNode& node) {
    FileStatus status;
    status.kind = node.kind;
    status.size = node.kind == FileKind::regular ? node.content.size() : 4096;
    status.modified = node.modified;
    status.changed = node.changed;
    status.device = 1;
    status.inode = node.inode;
    status.links = node.links;
    return status;
}

SimFileSystem::Time SimFileSystem::now() const {
    const auto since_epoch = wall_clock_().time_since_epoch();
    return Time(since_epoch / tick * tick);
}

void SimFileSystem::touch(SimNode& node) {
    node.modified = node.changed = now();
    if (node.inode == 0) node.inode = ++last_inode_;
}

void SimFileSystem::drop_name(SimNode& parent, const std::string& name) {
    const auto child = parent.children.find(name);
    if (child == parent.children.end()) return;
    --child->second->links;
    child->second->changed = now();
    parent.children.erase(child);
}

void SimFileSystem::set_modified(std::string_view path, Time time) {
    const auto node = find(path);
    assert(node != nullptr);
    node->modified = time;
    node->changed = now();
}

std::shared_ptr<SimNode> SimFileSystem::parent_of(std::string_view path, std::string& name) {
    assert(path.starts_with('/'));
    Components components = split(path);
    assert(!components.empty());
    name = std::move(components.back());
    components.pop_back();
    std::shared_ptr<SimNode> node = top_;
    for (const std::string& component : components) {
        std::shared_ptr<SimNode>& child = node->children[component];
        if (child == nullptr) {
            child = std::make_shared<SimNode>();
            child->kind = FileKind::directory;
            touch(*child);
        }
        node = child;
    }
    assert(node->kind == FileKind::directory);
    return node;
}

std::shared_ptr<SimNode> SimFileSystem::make(std::string_view path, FileKind kind) {
    std::string name;
    const auto parent = parent_of(path, name);
    auto node = std::make_shared<SimNode>();
    node->kind = kind;
    touch(*node);
    touch(*parent);
    drop_name(*parent, name);
    parent->children[name] = node;
    return node;
}

std::shared_ptr<SimNode> SimFileSystem::find(std::string_view path) const {
    std::shared_ptr<SimNode> node = top_;
    for (const std::string& component : split(path)) {
        const auto child = node->children.find(component);
        if (child == node->children.end()) return nullptr;
        node = child->second;
    }
    return node;
}

void SimFileSystem::make_directory(std::string_view path) {
    if (find(path) == nullptr) make(path, FileKind::directory);
}

void SimFileSystem::write(std::string_view path, std::string content) {
    auto node = find(path);
    if (node == nullptr) node = make(path, FileKind::regular);
    node->content = std::move(content);
    touch(*node);
}

void SimFileSystem::replace(std::string_view path, std::string content) {
    make(path, FileKind::regular)->content = std::move(content);
}

void SimFileSystem::truncate(std::string_view path, std::size_t octets) {
    const auto node = find(path);
    assert(node != nullptr && node->kind == FileKind::regular);
    node->content.resize(octets, '\0');
    touch(*node);
}

void SimFileSystem::link(std::string_view path, std::string target) {
    make(path, FileKind::symlink)->content = std::move(target);
}

void SimFileSystem::make_fifo(std::string_view path) { make(path, FileKind::other); }

void SimFileSystem::remove(std::string_view path) {
    std::string name;
    const auto parent = parent_of(path, name);
    drop_name(*parent, name);
    touch(*parent);
}

}  // namespace portico::io
