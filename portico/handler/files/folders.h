// portico/handler/files/folders.h — folders of files as handlers.
//
// Room handler: see options.h.
// Threads:   one core's, except for routes_for().
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "portico/handler/files/folder.h"
#include "portico/handler/files/responder.h"
#include "portico/io/core.h"
#include "portico/route/handler.h"
#include "portico/route/hosts.h"
#include "portico/route/routes.h"

namespace portico::files {

// The folders that a core serves. Routes that come later and serve the same folder in the same way get the same
// responder, and so what it has cached.
class Folders {
public:
    explicit Folders(io::Core& core) : core_(&core) {}
    // The core's own, which lives as long as the core.
    [[nodiscard]] static Folders& of(io::Core& core);

    // The responder for the folder, which lives as long as somebody uses it.
    [[nodiscard]] std::shared_ptr<Responder> open(const std::shared_ptr<const Folder>& folder);

private:
    io::Core* core_;
    std::vector<std::weak_ptr<Responder>> responders_;
};

// Answers with the files of a folder: the path after `prefix` names the file.
class FolderHandler final : public route::Handler {
public:
    // `prefix`: decoded, without a slash at its end; empty: the folder has all paths.
    FolderHandler(std::shared_ptr<Responder> files, std::string prefix)
        : files_(std::move(files)), prefix_(std::move(prefix)) {
        files_->add_user();
    }
    FolderHandler(const FolderHandler&) = delete;
    FolderHandler& operator=(const FolderHandler&) = delete;
    ~FolderHandler() override { retire(); }

    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override;
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override;
    void forget_kept() override { files_->forget_kept(); }
    void retire() override;

private:
    std::shared_ptr<Responder> files_;
    std::string prefix_;
    bool is_retired_ = false;
};

// Makes a core's handler for the folder.
[[nodiscard]] route::ForCore<route::Handler> folder_handler(std::shared_ptr<const Folder> folder,
                                                            std::string prefix = {});

// The routes of a server that is one folder: its users are admitted, and scripts as its options say. `live`: answers
// below live_prefix; empty: files do.
[[nodiscard]] std::shared_ptr<const route::Routes> routes_for(const std::shared_ptr<const Folder>& folder,
                                                              route::HostOptions hosts = {},
                                                              route::Precedence precedence = {},
                                                              route::ForCore<route::Handler> live = {});

}  // namespace portico::files
