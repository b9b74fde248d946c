// portico/acme/folder_store.cc — see folder_store.h.
#include "portico/acme/folder_store.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "portico/io/file_lock.h"
#include "portico/io/temporary_file.h"

namespace portico::acme {
namespace {

// A certificate with its chain takes a few kilobytes.
constexpr std::size_t file_octets_max = 1024 * 1024;

std::unexpected<Failure> cannot(const std::string& doing, const std::string& path, int number) {
    return fail(Failure::What::local, "cannot " + doing + " '" + path + "': " + std::strerror(number));
}

// Makes a folder and those above it, for their owner alone.
Result<void> make_folder(const std::filesystem::path& path) {
    std::error_code failure;
    if (std::filesystem::is_directory(path, failure)) return {};
    if (path.has_parent_path() && path.parent_path() != path) {
        const auto made = make_folder(path.parent_path());
        if (!made) return made;
    }
    const bool is_new = std::filesystem::create_directory(path, failure);
    if (failure) return cannot("make the folder", path.string(), failure.value());
    if (is_new) std::filesystem::permissions(path, std::filesystem::perms::owner_all, failure);
    return {};
}

Result<void> write_file(const std::string& path, const std::string& text) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const auto made = make_folder(folder);
    if (!made) return made;
    auto file = io::TemporaryFile::create(folder);
    if (!file) return cannot("make a file in", folder, file.error().number);
    auto done = file->write(text);
    // The octets are on the disk before the name is: a crash leaves the old text or the new one.
    if (done) done = file->synchronise();
    if (done) done = file->finish();
    if (done) done = file->replace(path);
    if (!done) return cannot("write", path, done.error().number);
    return {};
}

class HeldLock final : public Store::Lock {
public:
    explicit HeldLock(io::FileLock lock) : lock_(std::move(lock)) {}

private:
    io::FileLock lock_;
};

// Removes what a process that was killed while it wrote has left. Only the holder of the lock writes.
void remove_unfinished(const std::string& folder) {
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
        if (!entry.path().filename().string().starts_with(".portico-")) continue;
        std::filesystem::remove(entry.path(), failure);
    }
}

Result<std::unique_ptr<Store::Lock>> take_lock(const std::string& folder) {
    const auto made = make_folder(folder);
    if (!made) return std::unexpected(made.error());
    auto taken = io::FileLock::try_take(folder + "/lock");
    if (!taken) return cannot("lock", folder + "/lock", taken.error().number);
    if (!*taken) return std::unique_ptr<Store::Lock>();
    remove_unfinished(folder);
    return std::make_unique<HeldLock>(**std::move(taken));
}

std::unexpected<Failure> stopped() { return fail(Failure::What::stopped, "the server ends"); }

}  // namespace

Result<std::optional<std::string>> read_stored(const std::string& folder, const std::string& path) {
    const std::string whole = folder + "/" + path;
    errno = 0;
    std::ifstream file(whole, std::ios::binary);
    if (!file.is_open()) {
        const int number = errno;
        if (number == ENOENT || number == ENOTDIR) return std::nullopt;
        return cannot("read", whole, number == 0 ? EIO : number);
    }
    std::string text(file_octets_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return cannot("read", whole, EIO);
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > file_octets_max) return cannot("read", whole, EFBIG);
    return text;
}

FolderStore::FolderStore(io::Core& core, std::string folder) : core_(&core), folder_(std::move(folder)) {}

Task<Result<std::optional<std::string>>> FolderStore::read(std::string path) {
    auto work = [this, &path] { return read_stored(folder_, path); };
    auto text = co_await io::offload(*core_, work);
    if (!text) co_return stopped();
    co_return *std::move(text);
}

Task<Result<void>> FolderStore::write(std::string path, std::string text) {
    auto work = [this, &path, &text] { return write_file(folder_ + "/" + path, text); };
    auto written = co_await io::offload(*core_, work);
    if (!written) co_return stopped();
    co_return *std::move(written);
}

Task<Result<std::unique_ptr<Store::Lock>>> FolderStore::try_lock(std::string folder) {
    auto work = [this, &folder] { return take_lock(folder_ + "/" + folder); };
    auto lock = co_await io::offload(*core_, work);
    if (!lock) co_return stopped();
    co_return *std::move(lock);
}

}  // namespace portico::acme
