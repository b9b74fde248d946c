// test/sim/disk.cc — see disk.h.
#include "test/sim/disk.h"

#include <algorithm>

namespace portico::sim {

Disk::Disk(io::SimKernel& kernel) : kernel_(&kernel), files_(&kernel.sim_files()) {
    add("/index.html", 800);
    add("/empty.txt", 0);
    add("/one.bin", 1);
    add("/dir/a.txt", 500);
    add("/dir/with space & \xc3\xbc.txt", 700);
    add("/sub/index.html", 2'000);
    for (const auto& [path, octets] : {std::pair("/small.txt", 100),
                                       {"/style.css", 3'000},
                                       {"/page.html", 20'000},
                                       {"/picture.png", 50'000},
                                       {"/data.json", 60'000},
                                       {"/large.bin", 300'000},
                                       {"/huge.bin", 700'000},
                                       {"/dir/b.txt", 900}}) {
        add(path, static_cast<std::size_t>(octets));
        changing_.emplace_back(path);
    }
    // Files that must not be reached, and things that are not files.
    files_->write("/secret.txt", "secret");
    files_->write("/srv/.hidden", "secret");
    files_->link("/srv/escape", "../secret.txt");
    files_->link("/srv/dangling", "nowhere");
    files_->link("/srv/loop", "loop");
    files_->make_fifo("/srv/fifo");
    files_->make_directory("/srv/vacant");
}

void Disk::add(std::string path, std::size_t octets) {
    std::string content = make_content(path, octets);
    files_->write(std::string(root) + path, content);
    static_cast<void>(is_distinct(path, octets));
    usual_octets_[path] = octets;
    remember(path, std::make_shared<const std::string>(std::move(content)));
    paths_.push_back(std::move(path));
}

// Each line contains the file, the version and its own position, so that no part of one version matches another.
std::string Disk::make_content(const std::string& path, std::size_t octets) {
    std::string line = path + " version " + std::to_string(++made_) + " line 000000\n";
    std::string content;
    content.reserve(octets + line.size());
    while (content.size() < octets) {
        content += line;
        for (auto digit = line.end() - 2; ++*digit > '9'; --digit) *digit = '0';  // the next number
    }
    content.resize(octets);
    return content;
}

bool Disk::is_distinct(const std::string& path, std::size_t octets) {
    return validators_[path].emplace(files_->now(), octets).second;
}

void Disk::remember(const std::string& path, Content content) {
    std::vector<Version>& versions = versions_[path];
    if (!versions.empty()) versions.back().until = kernel_->now();
    versions.push_back(Version{std::move(content), kernel_->now()});
}

std::vector<Version> Disk::versions_since(const std::string& path, io::TimePoint since) const {
    std::vector<Version> some;
    for (const Version& version : versions_.at(path)) {
        if (version.until >= since) some.push_back(version);
    }
    return some;
}

void Disk::change_something() { change(changing_[kernel_->chance().below(changing_.size())]); }

void Disk::change_file(const io::SimNode& file) {
    for (const std::string& path : changing_) {
        if (files_->find(std::string(root) + path).get() == &file) return change(path);
    }
}

void Disk::change(const std::string& path) {
    io::Chance& chance = kernel_->chance();
    const std::string full = std::string(root) + path;
    const Content old = latest(path).content;
    const std::size_t usual = usual_octets_.at(path);
    const std::size_t octets = chance.between(usual - usual / 3, usual + usual / 3);
    enum class Way : std::uint8_t { replace, truncate, lengthen, overwrite, remove };
    auto way = static_cast<Way>(chance.below(5));
    if (old == nullptr) way = Way::replace;
    if (way == Way::remove && path != "/dir/b.txt" && path != "/small.txt") way = Way::replace;
    std::string content;
    switch (way) {
        case Way::replace:
        case Way::overwrite: content = make_content(path, octets); break;
        case Way::truncate: content = old->substr(0, chance.below(old->size() + 1)); break;
        case Way::lengthen: content = *old + make_content(path, octets / 4); break;
        case Way::remove: files_->remove(full); return remember(path, nullptr);
    }
    if (content.size() < usual / 2 || content.size() > usual * 2 || !is_distinct(path, content.size())) return;
    switch (way) {
        case Way::replace:
            files_->replace(full, content);
            truncated_.erase(path);
            break;
        case Way::truncate:
            files_->truncate(full, content.size());
            if (old->size() > kept_octets_max_) truncated_.insert(path);
            break;
        default:
            files_->write(full, content);
            if (way == Way::overwrite && std::max(octets, old->size()) > kept_octets_max_) overwritten_.insert(path);
            // The new octets are where those of a longer version were.
            if (truncated_.contains(path)) overwritten_.insert(path);
            break;
    }
    remember(path, std::make_shared<const std::string>(std::move(content)));
}

}  // namespace portico::sim
