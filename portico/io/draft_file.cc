// portico/io/draft_file.cc — see draft_file.h.
#include "portico/io/draft_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <optional>
#include <utility>

#include "portico/io/descriptors.h"

namespace portico::io {
namespace {

constexpr mode_t draft_mode = 0666;  // and the umask
constexpr std::string_view resumed_prefix = ".portico-part-";

std::string random_name() {
    std::uint64_t random = 0;
    // Up to 256 octets are never cut short, and never wait once the machine has started.
    while (::getrandom(&random, sizeof random, 0) < 0 && errno == EINTR) {
    }
    return ".portico-draft-" + std::to_string(random);
}

// A descriptor of its own, because the caller's may be closed before.
Result<Fd> duplicate(const Fd& folder) {
    std::optional<Fd> own = owned(::fcntl(folder.number(), F_DUPFD_CLOEXEC, 0));
    if (!own) return fail(errno, "fcntl");
    return *std::move(own);
}

// Locks the draft. False: somebody has it, or it has got another name meanwhile.
bool lock_draft(const Fd& folder, const Fd& file, const std::string& name) {
    if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) return false;
    struct stat by_number;
    struct stat by_name;
    return ::fstat(file.number(), &by_number) == 0 && S_ISREG(by_number.st_mode) &&
           ::fstatat(folder.number(), name.c_str(), &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
           by_number.st_ino == by_name.st_ino && by_number.st_dev == by_name.st_dev;
}

}  // namespace

Result<DraftFile> DraftFile::create(const Fd& folder) {
    Result<Fd> own = duplicate(folder);
    if (!own) return std::unexpected(own.error());
    std::string name = random_name();
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    std::optional<Fd> file = owned(::openat(own->number(), name.c_str(), flags, draft_mode));
    if (!file) return fail(errno, "open");
    return DraftFile(*std::move(own), *std::move(file), std::move(name), Fate::removed);
}

Result<DraftFile> DraftFile::resume(const Fd& folder, std::string_view key) {
    Result<Fd> own = duplicate(folder);
    if (!own) return std::unexpected(own.error());
    std::string name = std::string(resumed_prefix) + std::string(key);
    constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    std::optional<Fd> file = owned(::openat(own->number(), name.c_str(), flags, draft_mode));
    if (!file) return fail(errno, "open");
    if (!lock_draft(*own, *file, name)) return fail(EBUSY, "flock");
    const off_t end = ::lseek(file->number(), 0, SEEK_END);
    if (end < 0) return fail(errno, "lseek");
    DraftFile draft(*std::move(own), *std::move(file), std::move(name), Fate::stays);
    draft.octets_ = static_cast<std::uint64_t>(end);
    return draft;
}

DraftFile::DraftFile(DraftFile&& other) noexcept
    : folder_(std::move(other.folder_)),
      file_(std::move(other.file_)),
      name_(std::exchange(other.name_, {})),
      fate_(other.fate_),
      octets_(other.octets_) {}

DraftFile& DraftFile::operator=(DraftFile&& other) noexcept {
    DraftFile old(std::move(*this));
    folder_ = std::move(other.folder_);
    file_ = std::move(other.file_);
    name_ = std::exchange(other.name_, {});
    fate_ = other.fate_;
    octets_ = other.octets_;
    return *this;
}

DraftFile::~DraftFile() {
    if (fate_ == Fate::removed) discard();
}

Result<void> DraftFile::write(std::string_view octets) {
    const std::size_t wanted = octets.size();
    const Result<void> written = write_all(file_, octets);
    octets_ += wanted - octets.size();
    return written;
}

Result<DraftFile::Kept> DraftFile::keep(std::string_view name, Overwriting overwriting) {
    const std::string wanted(name);
    if (wanted.empty() || wanted.find('/') != std::string::npos) return fail(EINVAL, "rename");
    const int folder = folder_.number();
    Kept kept = Kept::created;
    if (::renameat2(folder, name_.c_str(), folder, wanted.c_str(), RENAME_NOREPLACE) != 0) {
        int failure = errno;
        // A file system that does not know the flag. link(2) does not overwrite either.
        if (failure == EINVAL || failure == ENOSYS) {
            failure = ::linkat(folder, name_.c_str(), folder, wanted.c_str(), 0) == 0 ? 0 : errno;
            if (failure == 0) ::unlinkat(folder, name_.c_str(), 0);
        }
        if (failure == EEXIST && overwriting == Overwriting::allowed) {
            kept = Kept::replaced;
            failure = ::renameat(folder, name_.c_str(), folder, wanted.c_str()) == 0 ? 0 : errno;
            if (failure == EISDIR || failure == ENOTEMPTY) failure = EEXIST;
        }
        if (failure != 0) return fail(failure, "rename");
    }
    name_.clear();
    return kept;
}

void DraftFile::discard() noexcept {
    if (!name_.empty()) ::unlinkat(folder_.number(), name_.c_str(), 0);
    name_.clear();
}

void DraftFile::remove_abandoned(const Fd& folder, std::chrono::seconds age) {
    std::optional<Fd> own = owned(::openat(folder.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    DIR* const stream = own ? ::fdopendir(own->number()) : nullptr;
    if (stream == nullptr) return;
    const int number = own->release();  // the stream closes it
    constexpr int names_max = 1000;
    for (int count = 0; count < names_max; ++count) {
        const dirent* const entry = ::readdir(stream);
        if (entry == nullptr) break;
        struct stat status;
        if (!std::string_view(entry->d_name).starts_with(resumed_prefix) ||
            ::fstatat(number, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            ::time(nullptr) - status.st_mtime < age.count()) {
            continue;
        }
        ::unlinkat(number, entry->d_name, 0);
    }
    ::closedir(stream);
}

}  // namespace portico::io
