// portico/handler/files/responder.h — answers requests for files. One for each core.
//
// Room handler: see options.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <memory>

#include "portico/base/task.h"
#include "portico/handler/files/archive.h"
#include "portico/handler/files/compose.h"
#include "portico/handler/files/folder.h"
#include "portico/handler/files/permits.h"
#include "portico/handler/files/store.h"
#include "portico/handler/files/translate.h"
#include "portico/http/message.h"
#include "portico/io/core.h"
#include "portico/route/sip_hash.h"

namespace portico::files {

// Answers requests for files. It caches what it has read (FolderOptions::cache_limits), and checks at most once in
// FolderOptions::revalidate whether a file has changed.
//
// `response` is clear when it is passed in. It owns everything that its views point into, so nothing else must be kept
// until it is sent. The handler outlives all of its tasks; the core and its ledger outlive the handler and every
// response.
class Responder {
public:
    Responder(io::Core& core, std::shared_ptr<const Folder> folder);
    Responder(const Responder&) = delete;
    Responder& operator=(const Responder&) = delete;

    // True: the response is filled from the cache, without waiting; a whole small file is answered without an
    // allocation. False: `response` is unchanged; call respond().
    [[nodiscard]] bool respond_at_once(const http::Request& request, const Resource& resource,
                                       http::Response& response);
    [[nodiscard]] Task<void> respond(const http::Request& request, const Resource& resource, http::Response& response);

    // The answer to a request that is not served as asked: the site's own /404.html if it has one, else a small page,
    // as HTML, plain text or JSON, whichever Accept prefers. The first function never waits: if it returns false,
    // nothing is filled; call the second.
    [[nodiscard]] bool refuse_at_once(const http::Request& request, const http::Refusal& refusal,
                                      http::Response& response);
    [[nodiscard]] Task<void> respond_refusal(const http::Request& request, const http::Refusal& refusal,
                                             http::Response& response);

    [[nodiscard]] const Store& store() const { return store_; }
    // How many handlers begin new exchanges with it. With the last of them, everything that is only cached is dropped:
    // the exchanges that have begun may last for long.
    void add_user() { ++users_; }
    void remove_user() {
        if (--users_ == 0) forget_kept();
    }
    // Memory is short: drops everything that is only cached.
    void forget_kept() { store_.forget_kept(); }

private:
    // The state of an answer from a file's entry.
    enum class Step : std::uint8_t {
        filled,         // the response is complete
        needs_variant,  // the wanted coding must be made first
        stale,          // the file has changed since it was opened
    };

    // What a cached file is compared by before it is sent.
    enum class Check : std::uint8_t {
        file,     // its whole status: the path may lead to another file by now
        content,  // it was looked up for this request, so a new file at its path does not matter
    };

    [[nodiscard]] bool fill_at_once(const http::Request& request, const Resource& resource, Entry& entry,
                                    http::Response& response);
    [[nodiscard]] bool fill_listing_at_once(const http::Request& request, const Resource& resource,
                                            http::Response& response);
    [[nodiscard]] bool fill_root_index_at_once(const http::Request& request, http::Response& response);
    [[nodiscard]] Step fill_from_file(const http::Request& request, const Entry& entry, Check check,
                                      http::Coding& wanted, http::Response& response);
    [[nodiscard]] Step fill(const http::Request& request, const SharedRepresentation& representation, Check check,
                            http::Response& response);
    [[nodiscard]] Circumstances circumstances();

    Task<bool> try_to_respond(const http::Request& request, const Resource& resource, http::Response& response);
    Task<bool> respond_from_file(const http::Request& request, std::shared_ptr<Entry> entry, http::Response& response);
    Task<bool> respond_with_root_index(const http::Request& request, http::Refusal refusal, http::Response& response);
    Task<void> respond_archive(const http::Request& request, const Resource& resource, ArchiveFormat format,
                               http::Response& response);
    Task<void> respond_listing(const http::Request& request, const Resource& resource, http::Response& response);

    io::Core* core_;
    Store store_;
    route::HashKey key_;
    Permits measuring_;  // folders that somebody wants to have as an archive
    Permits archives_;   // that are being sent
    unsigned users_ = 0;
    std::uint64_t multiparts_ = 0;  // the number of boundaries made
};

}  // namespace portico::files
