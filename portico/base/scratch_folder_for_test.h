// portico/base/scratch_folder_for_test.h — an empty folder for a test.
//
// Room base: see fd.h. Included by tests alone.
#pragma once

#include <stdlib.h>

#include <cassert>
#include <filesystem>
#include <string>

namespace portico {

// The folder is removed with this object, and everything in it too.
class ScratchFolder {
public:
    ScratchFolder() : path_((std::filesystem::temp_directory_path() / "portico-XXXXXX").string()) {
        [[maybe_unused]] const char* const made = ::mkdtemp(path_.data());
        assert(made != nullptr);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder() { std::filesystem::remove_all(path_); }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

}  // namespace portico
