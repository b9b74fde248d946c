// portico/handler/files/upload.h — files that clients send: each gets its name once all of it has arrived.
//
// Room handler: see options.h.
// Threads:   one core's; helper threads write.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "portico/base/task.h"
#include "portico/handler/files/folder.h"
#include "portico/http/message.h"
#include "portico/link/exchange.h"
#include "portico/route/handler.h"

namespace portico::files {

// Whether a file may be given this name by a client. Refusals: 400 no name, or one with a slash, a control octet or
// more
//                                                                 than 255 octets
//                                                              403 hidden, or one that drafts have
[[nodiscard]] http::Result<void> check_uploaded_name(std::string_view name, const FolderOptions& options);

// Whether the request comes from a page of this server, or from no page at all. Browsers let any page send forms to any
// server, and say where they come from (Fetch §3.2, Origin; Fetch Metadata, Sec-Fetch-Site).
[[nodiscard]] bool is_from_own_page(const http::Request& request);

// PUT: the content becomes the file that the path names (RFC 9110 §9.3.4), or a part of it (§14.5). POST of a form with
// files (RFC 7578): they are put into the folder that the path names. docs/files.md says what is answered.
class UploadHandler final : public route::Handler {
public:
    explicit UploadHandler(std::shared_ptr<const Folder> folder) : folder_(std::move(folder)) {}

    [[nodiscard]] route::ContentUse content_use() const override { return route::ContentUse::reads; }
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override;

private:
    std::shared_ptr<const Folder> folder_;
};

}  // namespace portico::files
