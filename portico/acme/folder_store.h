// portico/acme/folder_store.h — accounts and certificates in a folder of this machine.
//
// Room acme: see base64url.h.
// Threads:   each object belongs to one core. Objects, and processes, may share the folder.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "portico/acme/store.h"
#include "portico/io/core.h"

namespace portico::acme {

// Files can be read by their owner only (mode 0600), folders are made when they are needed (0700).
class FolderStore final : public Store {
public:
    // Disks are waited for on helper threads of `core`, which outlives the store.
    FolderStore(io::Core& core, std::string folder);

    [[nodiscard]] Task<Result<std::optional<std::string>>> read(std::string path) override;
    [[nodiscard]] Task<Result<void>> write(std::string path, std::string text) override;
    [[nodiscard]] Task<Result<std::unique_ptr<Lock>>> try_lock(std::string folder) override;

private:
    io::Core* core_;
    std::string folder_;
};

// What a store with this folder would read, for code that may wait for a disk.
[[nodiscard]] Result<std::optional<std::string>> read_stored(const std::string& folder, const std::string& path);

}  // namespace portico::acme
