// portico/handler/files/responder.cc — see responder.h.
#include "portico/handler/files/responder.h"

#include <array>
#include <cassert>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/route/refusal_page.h"

namespace portico::files {
namespace {

using http::Coding;
using http::FieldName;
using http::Status;

constexpr std::string_view own_not_found_page = "/404.html";
constexpr http::Refusal stopped{Status::service_unavailable, "asked to stop"};

http::CodingSet all_codings() {
    http::CodingSet codings;
    for (const Coding coding : {Coding::gzip, Coding::zstd, Coding::br}) codings.add(coding);
    return codings;
}

ListingRequest listing_request(const http::Request& request, const Resource& resource) {
    constexpr std::array<std::string_view, 2> formats = {"text/html", "application/json"};
    const auto format = http::choose_media_type(request.fields, formats);
    ListingRequest wanted;
    wanted.path = resource.path;
    wanted.order = parse_sort_order(request.query);
    wanted.format = format == 1 ? ListingFormat::json : ListingFormat::html;
    wanted.coding = http::choose_coding(request.fields, all_codings()).value_or(Coding::identity);
    return wanted;
}

bool names_html(const http::FieldSection& fields) {
    bool named = false;
    fields.for_each(FieldName::accept, [&named](std::string_view value) {
        while (const auto range = http::next_element(value)) {
            const std::string_view type = http::trim(range->substr(0, range->find(';')));
            named = named || http::equals_ignoring_case(type, "text/html");
        }
    });
    return named;
}

// Whether a path that leads to nothing is a view of an application that the root's index file draws. A navigating
// browser names text/html; a missing script or picture has an extension, and its request does not name text/html.
bool is_navigation(const http::Request& request, const Resource& resource) {
    const std::string_view name = resource.path.substr(resource.path.rfind('/') + 1);
    if (name.find('.') != std::string_view::npos) return names_html(request.fields);
    constexpr std::array<std::string_view, 1> html = {"text/html"};
    return http::choose_media_type(request.fields, html).has_value();
}

// The archive that is asked for, if the folder offers any.
std::optional<ArchiveFormat> wanted_archive(const http::Request& request, const Folder& folder) {
    if (folder.options().archives == Archives::off || folder.options().listing == Listing::off) return std::nullopt;
    return parse_download(request.query);
}

bool root_index_answers(const http::Request& request, const Resource& resource, const http::Refusal& refusal,
                        const Folder& folder) {
    return folder.only_path().empty() && folder.options().missing_path == MissingPath::root_index &&
           refusal.status == Status::not_found && is_navigation(request, resource);
}

// The answer depends on Accept, wherever it comes from in the end.
void add_vary_by_type(http::Response& response) { response.fields.set(FieldName::vary, "Accept, Accept-Encoding"); }

bool wants_own_page(const http::Request& request, const http::Refusal& refusal, const Folder& folder) {
    return folder.only_path().empty() && refusal.status == Status::not_found &&
           route::preferred_format(request) == route::PageFormat::html &&
           (request.method == http::Method::get || request.method == http::Method::head);
}

}  // namespace

Responder::Responder(io::Core& core, std::shared_ptr<const Folder> folder)
    : core_(&core), store_(core, std::move(folder)), key_(random_key(core)), measuring_(core), archives_(core) {}

bool Responder::respond_at_once(const http::Request& request, const Resource& resource, http::Response& response) {
    const std::shared_ptr<Entry>* const entry = store_.find(resource.path);
    return entry != nullptr && fill_at_once(request, resource, **entry, response);
}

bool Responder::fill_at_once(const http::Request& request, const Resource& resource, Entry& entry,
                             http::Response& response) {
    switch (entry.kind) {
        case Entry::Kind::file: {
            auto wanted = Coding::identity;
            const Step step = fill_from_file(request, entry, Check::file, wanted, response);
            if (step == Step::stale) store_.forget(entry);
            return step == Step::filled;
        }
        case Entry::Kind::folder_without_slash:
            compose_slash_redirect(request, resource, store_.folder(), response);
            return true;
        case Entry::Kind::folder: return fill_listing_at_once(request, resource, response);
        case Entry::Kind::listing: return false;  // no path leads to one
        case Entry::Kind::refused: {
            const http::Refusal refusal = entry.refusal;
            if (!root_index_answers(request, resource, refusal, *store_.folder())) {
                return refuse_at_once(request, refusal, response);
            }
            return fill_root_index_at_once(request, response);
        }
    }
    return false;
}

bool Responder::fill_listing_at_once(const http::Request& request, const Resource& resource, http::Response& response) {
    if (store_.folder()->options().listing == Listing::off) {
        return refuse_at_once(request, {Status::not_found, "a folder without an index file"}, response);
    }
    if (wanted_archive(request, *store_.folder())) return false;
    const std::shared_ptr<Entry>* const page = store_.find(listing_request(request, resource).key());
    return page != nullptr &&
           fill(request, (*page)->variant(Coding::identity).made, Check::file, response) == Step::filled;
}

bool Responder::fill_root_index_at_once(const http::Request& request, http::Response& response) {
    const std::shared_ptr<Entry>* const index = store_.find("/");
    if (index == nullptr || (*index)->kind != Entry::Kind::file) return false;
    auto wanted = Coding::identity;
    if (fill_from_file(request, **index, Check::file, wanted, response) != Step::filled) return false;
    add_vary_by_type(response);
    return true;
}

Responder::Step Responder::fill_from_file(const http::Request& request, const Entry& entry, Check check, Coding& wanted,
                                          http::Response& response) {
    wanted = Coding::identity;
    if (request.fields.has(FieldName::accept_encoding)) {
        auto chosen = http::choose_coding(request.fields, entry.offered);
        if (!chosen) chosen = http::choose_coding(request.fields, entry.possible);
        if (!chosen) {
            route::write_refusal(Status::not_acceptable, route::preferred_format(request), response);
            return Step::filled;
        }
        wanted = *chosen;
    }
    const SharedRepresentation& representation = entry.variant(wanted).made;
    if (!representation) return Step::needs_variant;
    return fill(request, representation, check, response);
}

Responder::Step Responder::fill(const http::Request& request, const SharedRepresentation& representation, Check check,
                                http::Response& response) {
    const bool holds =
        check == Check::file ? store_.is_unchanged(*representation) : store_.has_same_content(*representation);
    if (!holds) return Step::stale;
    if (is_plain(request.fields)) {
        compose_whole(representation, response);
    } else {
        compose(request, representation, circumstances(), response);
    }
    return Step::filled;
}

bool Responder::refuse_at_once(const http::Request& request, const http::Refusal& refusal, http::Response& response) {
    if (wants_own_page(request, refusal, *store_.folder())) {
        const std::shared_ptr<Entry>* const own = store_.find(own_not_found_page);
        if (own == nullptr) return false;
        if ((*own)->kind == Entry::Kind::file) {
            const SharedRepresentation page = (*own)->variant(Coding::identity).made;
            if (!store_.is_unchanged(*page)) {
                store_.forget(**own);
                return false;
            }
            compose_refusal(page, refusal.status, response);
            return true;
        }
    }
    route::write_refusal(refusal.status, route::preferred_format(request), response);
    return true;
}

Circumstances Responder::circumstances() {
    std::array<char, sizeof(multiparts_)> count;
    ++multiparts_;
    std::memcpy(count.data(), &multiparts_, sizeof(multiparts_));
    const std::string_view octets(count.data(), count.size());
    return {std::chrono::floor<std::chrono::seconds>(core_->wall_clock()), route::sip_hash<2, 4>(key_, octets)};
}

Task<void> Responder::respond(const http::Request& request, const Resource& resource, http::Response& response) {
    // A file that changes between the check and the sending is looked up again; after several changes, we give up.
    constexpr int attempts_max = 4;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        const bool responded = co_await try_to_respond(request, resource, response);
        if (responded) co_return;
    }
    route::write_refusal(Status::service_unavailable, route::preferred_format(request), response);
}

// False: the file has changed in the meantime, and nothing is filled.
Task<bool> Responder::try_to_respond(const http::Request& request, const Resource& resource, http::Response& response) {
    const std::shared_ptr<Entry> entry = co_await store_.obtain(std::string(resource.path));
    if (!entry) {
        route::write_refusal(Status::service_unavailable, route::preferred_format(request), response);
        co_return true;
    }
    http::Refusal refusal = entry->refusal;
    switch (entry->kind) {
        case Entry::Kind::file: {
            const bool responded = co_await respond_from_file(request, entry, response);
            co_return responded;
        }
        case Entry::Kind::folder_without_slash:
            compose_slash_redirect(request, resource, store_.folder(), response);
            co_return true;
        case Entry::Kind::folder:
            if (store_.folder()->options().listing == Listing::on) {
                co_await respond_listing(request, resource, response);
                co_return true;
            }
            refusal = http::Refusal{Status::not_found, "a folder without an index file"};
            break;
        case Entry::Kind::listing:
        case Entry::Kind::refused: break;
    }
    if (root_index_answers(request, resource, refusal, *store_.folder())) {
        const bool responded = co_await respond_with_root_index(request, refusal, response);
        co_return responded;
    }
    co_await respond_refusal(request, refusal, response);
    co_return true;
}

// False: as for try_to_respond().
Task<bool> Responder::respond_from_file(const http::Request& request, std::shared_ptr<Entry> entry,
                                        http::Response& response) {
    // One for each coding, and one more in case another request failed to make it.
    for (int attempt = 0; attempt <= static_cast<int>(http::coding_count); ++attempt) {
        auto wanted = Coding::identity;
        const Step step = fill_from_file(request, *entry, Check::content, wanted, response);
        if (step == Step::filled) co_return true;
        auto making = Store::Making::stale;
        if (step == Step::needs_variant) making = co_await store_.make_variant(entry, wanted);
        if (making == Store::Making::stale) break;
        if (making == Store::Making::made) continue;
        // The coding is not available now. The unencoded content is sent: RFC 9110 §12.4 allows us to disregard the
        // field.
        const Step whole = fill(request, entry->variant(Coding::identity).made, Check::content, response);
        if (whole == Step::filled) co_return true;
        break;
    }
    store_.forget(*entry);
    co_return false;
}

// Refuses if there is no index file, or if it can't be read. False: as above.
Task<bool> Responder::respond_with_root_index(const http::Request& request, http::Refusal refusal,
                                              http::Response& response) {
    const std::shared_ptr<Entry> index = co_await store_.obtain(std::string("/"));
    if (index && index->kind == Entry::Kind::file) {
        const bool responded = co_await respond_from_file(request, index, response);
        if (responded) add_vary_by_type(response);
        co_return responded;
    }
    if (!index) refusal = stopped;
    // A 404 would say that there is no such page, which is not known: out of descriptors, for one, means "try again".
    if (index && index->kind == Entry::Kind::refused) refusal = index->refusal;
    co_await respond_refusal(request, refusal, response);
    co_return true;
}

Task<void> Responder::respond_archive(const http::Request& request, const Resource& resource, ArchiveFormat format,
                                      http::Response& response) {
    const FolderOptions& options = store_.folder()->options();
    const std::string path(resource.path);
    const std::string name(path.size() == 1 ? "files" : folder_name(path));
    const route::PageFormat page = route::preferred_format(request);
    const auto job = std::make_shared<ArchiveJob>(archives_, store_.folder(), path, name, format);
    Permit permit(measuring_, options.long_reads_at_once_max, options.archive_limits.at_once_max);
    if (!job->permit.is_taken() || permit.is_refused()) {
        route::write_refusal(Status::service_unavailable, page, response, "Too many archives are being sent.");
        co_return;
    }
    bool is_stopped = false;
    while (!permit.is_taken() && !is_stopped) {
        const bool woken = co_await permit.wait();
        is_stopped = !woken;
    }
    auto measure = [&path, &folder = store_.folder()] { return can_be_archived(folder, path); };
    std::optional<bool> fits;
    if (!is_stopped) fits = co_await io::offload(*core_, measure);
    if (!fits) {
        route::write_refusal(Status::service_unavailable, page, response);
    } else if (!*fits) {
        route::write_refusal(Status::forbidden, page, response, "There is too much in this folder for one archive.");
    } else {
        compose_archive(*core_, job, name, format, response);
    }
}

Task<void> Responder::respond_listing(const http::Request& request, const Resource& resource,
                                      http::Response& response) {
    const std::optional<ArchiveFormat> archive = wanted_archive(request, *store_.folder());
    if (archive) {
        co_await respond_archive(request, resource, *archive, response);
        co_return;
    }
    const std::shared_ptr<Entry> page = co_await store_.obtain_listing(listing_request(request, resource));
    if (page && page->kind == Entry::Kind::listing) {
        // A page is in memory and never stale.
        const Step step = fill(request, page->variant(Coding::identity).made, Check::content, response);
        assert(step == Step::filled);
        co_return;
    }
    const http::Refusal refusal = page ? page->refusal : stopped;
    co_await respond_refusal(request, refusal, response);
}

Task<void> Responder::respond_refusal(const http::Request& request, const http::Refusal& refusal,
                                      http::Response& response) {
    const bool refused = refuse_at_once(request, refusal, response);
    if (refused) co_return;
    const std::shared_ptr<Entry> own = co_await store_.obtain(std::string(own_not_found_page));
    if (own && own->kind == Entry::Kind::file) {
        compose_refusal(own->variant(Coding::identity).made, refusal.status, response);
    } else {
        route::write_refusal(refusal.status, route::preferred_format(request), response);
    }
}

}  // namespace portico::files
