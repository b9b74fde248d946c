// portico/io/draft_file.h — a file that gets its name once all of it has been written.
//
// Room io: see error.h.
// Threads:   one at a time. Every call may block on a disk: from a core, go through offload.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "portico/base/fd.h"
#include "portico/io/error.h"

namespace portico::io {

// What becomes of a file that has the wanted name already.
enum class Overwriting : std::uint8_t { refused, allowed };

// A new file in a folder of the real file system, which is open for reading (FileSystem::open_beneath). Until it is
// kept, it has a name that begins with ".portico-". It has the permissions that the process's umask leaves.
class DraftFile {
public:
    // A file that is removed with this object unless it is kept. After a crash it remains. `folder` need not outlive
    // it.
    static Result<DraftFile> create(const Fd& folder);
    // The draft with this key in the folder; a new one if there is none. It remains until it is kept or discarded, so
    // that it can be continued later. EBUSY: somebody else has it open. `key`: letters and digits.
    static Result<DraftFile> resume(const Fd& folder, std::string_view key);
    DraftFile(DraftFile&& other) noexcept;
    DraftFile& operator=(DraftFile&& other) noexcept;
    ~DraftFile();

    // How many octets have been written, also before it was resumed.
    [[nodiscard]] std::uint64_t octets() const { return octets_; }
    // Appends all of `octets`, or as many as possible.
    Result<void> write(std::string_view octets);

    enum class Kept : std::uint8_t { created, replaced };
    // Gives the file its name, which has no slash. EEXIST: there is such a file, or a folder, which is never replaced.
    Result<Kept> keep(std::string_view name, Overwriting overwriting);
    // Removes it.
    void discard() noexcept;

    // Removes drafts in the folder that resume() made and that nobody has written to for so long. Of at most a thousand
    // names it takes a look at.
    static void remove_abandoned(const Fd& folder, std::chrono::seconds age);

private:
    enum class Fate : std::uint8_t { removed, stays };
    DraftFile(Fd folder, Fd file, std::string name, Fate fate)
        : folder_(std::move(folder)), file_(std::move(file)), name_(std::move(name)), fate_(fate) {}

    Fd folder_;
    Fd file_;
    std::string name_;  // in the folder; empty: it has been kept, discarded, or moved away
    Fate fate_;
    std::uint64_t octets_ = 0;
};

}  // namespace portico::io
