// portico/handler/files/upload.cc — see upload.h.
#include "portico/handler/files/upload.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "portico/handler/files/representation.h"
#include "portico/handler/files/translate.h"
#include "portico/http/hex.h"
#include "portico/http/multipart.h"
#include "portico/http/range.h"
#include "portico/http/target.h"
#include "portico/io/core.h"
#include "portico/io/draft_file.h"
#include "portico/route/refusal_page.h"

namespace portico::files {
namespace {

using http::FieldName;
using http::Status;

// How many octets are collected before a helper thread writes them.
constexpr std::size_t write_octets = std::size_t{256} << 10;
constexpr std::size_t name_octets_max = 255;  // NAME_MAX of Linux
constexpr std::string_view upload_offset = "Upload-Offset";

// The reasons are what the client reads, too.
http::Refusal upload_refusal(int failure) {
    switch (failure) {
        case EEXIST: return {Status::conflict, "There is a file or a folder with that name already."};
        case EBUSY: return {Status::service_unavailable, "Somebody else is sending this file."};
        case ENOSPC:
        case EDQUOT: return {Status::insufficient_storage, "The disk is full."};
        case EFBIG: return {Status::content_too_large, "The file system does not take files of that size."};
        case ENOENT:
        case ENOTDIR:
        case ELOOP:
        case EXDEV: return {Status::not_found, "There is no such folder."};
        case ENAMETOOLONG:
        case EINVAL: return {Status::bad_request, "The file system does not take that name."};
        case EACCES:
        case EPERM:
        case EROFS: return {Status::forbidden, "The server may not write to that folder."};
        case EMFILE:
        case ENFILE:
        case ENOMEM: return {Status::service_unavailable, "The server is out of descriptors or memory."};
        default: return {Status::internal_server_error, "The file could not be written."};
    }
}
std::unexpected<http::Refusal> upload_failed(const io::Error& error) {
    return std::unexpected(upload_refusal(error.number));
}
constexpr http::Refusal upload_too_large{Status::content_too_large, "The file is larger than this server accepts."};
constexpr http::Refusal upload_stopped{Status::service_unavailable, "The server is stopping."};

// Where a file is to be put.
struct Place {
    std::string folder;  // below the root
    std::string name;
};

// What a request sends.
struct Sending {
    std::optional<http::SentRange> part;  // none: all of it
    std::string key;                      // of the draft, if it is a part
    std::uint64_t octets_max = 0;         // of this request's content
};

io::Overwriting overwriting(const FolderOptions& options, const http::Request& request) {
    // RFC 9110 §13.1.2: the client wants to create the file, and nothing else.
    const bool is_for_new = request.fields.has(FieldName::if_none_match);
    const bool is_allowed = options.uploads == Uploads::overwriting && !is_for_new;
    return is_allowed ? io::Overwriting::allowed : io::Overwriting::refused;
}

// On a helper thread: opens the folder, and a draft in it.
http::Result<io::DraftFile> open_draft(const Folder& folder, const Place& place, const std::string& key,
                                       io::Overwriting overwriting) {
    io::FileSystem& files = folder.files();
    const auto opened = files.open_beneath(folder.root(), place.folder);
    if (!opened) return upload_failed(opened.error());
    const auto kind = files.status(*opened);
    if (!kind || kind->kind != io::FileKind::directory) return std::unexpected(upload_refusal(ENOTDIR));
    // It is asked again when the file gets its name. This spares the client from sending a file in vain.
    const auto there = files.status_beneath(*opened, place.name);
    const bool is_in_the_way =
        there && (overwriting == io::Overwriting::refused || there->kind != io::FileKind::regular);
    if (is_in_the_way) return std::unexpected(upload_refusal(EEXIST));
    if (!key.empty()) io::DraftFile::remove_abandoned(*opened, folder.options().upload_limits.part_age_max);
    auto draft = key.empty() ? io::DraftFile::create(*opened) : io::DraftFile::resume(*opened, key);
    if (!draft) return upload_failed(draft.error());
    return *std::move(draft);
}

// Writes what has been collected.
Task<http::Result<void>> write_collected(io::Core& core, io::DraftFile& draft, std::string& collected) {
    auto work = [&draft, &collected] { return draft.write(collected); };
    const std::optional<io::Result<void>> written = co_await io::offload(core, work);
    collected.clear();
    if (!written) co_return std::unexpected(upload_stopped);
    if (!*written) {
        draft.discard();  // nothing is left on a full disk
        co_return upload_failed(written->error());
    }
    co_return http::Result<void>();
}

http::Refusal refusal_of_content(link::Exchange& exchange, link::ContentEnd end) {
    if (end == link::ContentEnd::refused) return exchange.refusal();
    return {Status::bad_request, "The content ended early."};
}

// Writes all of the request's content to the draft.
Task<http::Result<void>> receive(link::Exchange& exchange, io::DraftFile& draft, std::uint64_t octets_max) {
    const Charge charge(exchange.core().ledger(), write_octets);
    std::string collected;
    std::uint64_t received = 0;
    for (;;) {
        const link::ContentStep step = co_await exchange.read_content();
        const bool is_end = step.octets.empty();
        if (is_end && step.end != link::ContentEnd::complete) {
            co_return std::unexpected(refusal_of_content(exchange, step.end));
        }
        received += step.octets.size();
        if (received > octets_max) co_return std::unexpected(upload_too_large);
        collected += step.octets;
        if (is_end ? collected.empty() : collected.size() < write_octets) {
            if (is_end) co_return http::Result<void>();
            continue;
        }
        const http::Result<void> written = co_await write_collected(exchange.core(), draft, collected);
        if (!written || is_end) co_return written;
    }
}

// Gives the complete draft its name.
Task<http::Result<io::DraftFile::Kept>> keep(io::Core& core, io::DraftFile& draft, const std::string& name,
                                             io::Overwriting overwriting) {
    auto work = [&draft, &name, overwriting] { return draft.keep(name, overwriting); };
    const std::optional<io::Result<io::DraftFile::Kept>> kept = co_await io::offload(core, work);
    if (!kept) co_return std::unexpected(upload_stopped);
    if (!*kept) {
        draft.discard();
        co_return upload_failed(kept->error());
    }
    co_return **kept;
}

// Distinguishes the drafts of a folder: by the file, its size, what the client says of it, and who the client is.
std::string draft_key(const Place& place, const http::SentRange& part, const link::Exchange& exchange) {
    std::string all = place.name;
    all += '\0';
    all += std::to_string(part.whole_octets);
    all += '\0';
    all += exchange.request().query;
    all += '\0';
    all += exchange.notes().admitted;
    const std::uint64_t hash = content_hash(all);
    std::string key;
    for (int shift = 60; shift >= 0; shift -= 4) key += http::hex_digits_lower[hash >> shift & 15];
    return key;
}

http::Result<Sending> read_sending(const link::Exchange& exchange, const Place& place, const UploadLimits& limits) {
    const http::Request& request = exchange.request();
    Sending sending;
    sending.octets_max = limits.file_octets_max;
    std::uint64_t whole = request.content_length.value_or(0);
    const auto field = request.fields.find(FieldName::content_range);
    if (field) {
        sending.part = http::parse_sent_range(*field);
        if (!sending.part || request.fields.count(FieldName::content_range) != 1) {
            return http::refuse(Status::bad_request, "Content-Range is not that of a part of a file.");
        }
        whole = sending.part->whole_octets;
        sending.octets_max = sending.part->range.length;
        if (request.content_length.value_or(sending.octets_max) != sending.octets_max) {
            return http::refuse(Status::bad_request, "Content-Length and Content-Range contradict each other.");
        }
        sending.key = draft_key(place, *sending.part, exchange);
    }
    if (whole > limits.file_octets_max) return std::unexpected(upload_too_large);
    return sending;
}

void add_offset(http::Response& response, const io::DraftFile& draft) {
    response.add_made(upload_offset, std::to_string(draft.octets()));
    response.fields.add(FieldName::cache_control, "no-store");
}

Task<http::Result<void>> put_file(link::Exchange& exchange, const Folder& folder, Place place) {
    const http::Request& request = exchange.request();
    http::Response& response = exchange.response();
    const http::Result<Sending> sending = read_sending(exchange, place, folder.options().upload_limits);
    if (!sending) co_return std::unexpected(sending.error());
    const io::Overwriting over = overwriting(folder.options(), request);
    auto open = [&] { return open_draft(folder, place, sending->key, over); };
    std::optional<http::Result<io::DraftFile>> opened = co_await io::offload(exchange.core(), open);
    if (!opened) co_return std::unexpected(upload_stopped);
    if (!*opened) co_return std::unexpected((*opened).error());
    io::DraftFile& draft = **opened;
    const std::optional<http::SentRange>& part = sending->part;
    const bool is_question = part && part->range.length == 0;
    // All parts may be there, and only the name may be missing.
    const bool is_complete = is_question && draft.octets() > 0 && draft.octets() == part->whole_octets;
    if (part && !is_complete && (is_question || part->range.first != draft.octets())) {
        // A part that does not follow what is there: the client learns where to go on.
        response.status = is_question ? Status::accepted : Status::conflict;
        add_offset(response, draft);
        if (draft.octets() == 0) draft.discard();
        co_return http::Result<void>();
    }
    const http::Result<void> received = co_await receive(exchange, draft, sending->octets_max);
    if (!received) co_return received;
    if (part && draft.octets() < part->whole_octets) {
        response.status = Status::accepted;
        add_offset(response, draft);
        co_return http::Result<void>();
    }
    const http::Result<io::DraftFile::Kept> kept = co_await keep(exchange.core(), draft, place.name, over);
    if (!kept) co_return std::unexpected(kept.error());
    response.status = *kept == io::DraftFile::Kept::created ? Status::created : Status::no_content;
    co_return http::Result<void>();
}

http::Result<Place> place_of(std::string_view path, const Folder& folder) {
    if (folder.options().dotfiles == Dotfiles::hidden && http::is_hidden(path)) {
        return http::refuse(Status::forbidden, "Names that begin with a dot are hidden.");
    }
    const std::size_t slash = path.rfind('/');
    Place place{std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
    if (!place.folder.empty()) place.folder.erase(0, 1);
    return place;
}

Task<http::Result<void>> put(link::Exchange& exchange, const Folder& folder) {
    const http::FieldSection& fields = exchange.request().fields;
    if (fields.has(FieldName::content_encoding)) {
        co_return http::refuse(Status::unsupported_media_type, "Files are stored as they are, without a coding.");
    }
    // A condition that isn't evaluated must not be ignored (RFC 9110 §13.2.1).
    if (fields.has(FieldName::if_match) || fields.has(FieldName::if_unmodified_since)) {
        co_return http::refuse(Status::precondition_failed, "Only the condition If-None-Match: * is supported here.");
    }
    http::Result<Place> place = place_of(exchange.path(), folder);
    if (!place) co_return std::unexpected(place.error());
    const http::Result<void> is_usable = check_uploaded_name(place->name, folder.options());
    if (!is_usable) co_return is_usable;
    const http::Result<void> done = co_await put_file(exchange, folder, *std::move(place));
    co_return done;
}

// Takes a form piece by piece, and puts its files into the folder.
class FormReceiver {
public:
    FormReceiver(link::Exchange& exchange, const Folder& folder, std::string place, std::string_view boundary)
        : exchange_(&exchange), folder_(&folder), reader_(boundary) {
        place_.folder = std::move(place);
    }

    [[nodiscard]] Task<http::Result<void>> take(std::string_view octets);
    [[nodiscard]] bool has_ended() const { return reader_.has_ended(); }

private:
    [[nodiscard]] Task<http::Result<void>> begin_part();
    [[nodiscard]] Task<http::Result<void>> end_part();

    link::Exchange* exchange_;
    const Folder* folder_;
    http::MultipartReader reader_;
    Place place_;
    std::optional<io::DraftFile> draft_;  // of the file that is being received
    std::string collected_;
    std::uint64_t octets_ = 0;  // of this file
    std::size_t files_ = 0;
};

Task<http::Result<void>> FormReceiver::take(std::string_view octets) {
    for (;;) {
        const http::MultipartReader::Step step = reader_.next(octets);
        http::Result<void> done;
        switch (step.what) {
            case http::MultipartReader::What::more: co_return http::Result<void>();
            case http::MultipartReader::What::broken: co_return http::refuse(Status::bad_request, reader_.trouble());
            case http::MultipartReader::What::head: done = co_await begin_part(); break;
            case http::MultipartReader::What::content:
                octets_ += step.octets.size();
                if (octets_ > folder_->options().upload_limits.file_octets_max) {
                    co_return std::unexpected(upload_too_large);
                }
                if (draft_) collected_ += step.octets;
                break;
            case http::MultipartReader::What::part_end: done = co_await end_part(); break;
            case http::MultipartReader::What::end: break;
        }
        if (done && draft_ && collected_.size() >= write_octets) {
            done = co_await write_collected(exchange_->core(), *draft_, collected_);
        }
        if (!done) co_return done;
    }
}

// Fields that are not files are dropped, and so is a file field for which the user has chosen no file.
Task<http::Result<void>> FormReceiver::begin_part() {
    octets_ = 0;
    draft_.reset();
    collected_.clear();
    const http::PartHead& head = reader_.head();
    if (!head.file_name || head.file_name->empty()) co_return http::Result<void>();
    if (++files_ > folder_->options().upload_limits.files_max) {
        co_return http::refuse(Status::content_too_large, "There are too many files in one form.");
    }
    const http::Result<void> is_usable = check_uploaded_name(*head.file_name, folder_->options());
    if (!is_usable) co_return is_usable;
    place_.name = *head.file_name;
    const io::Overwriting over = overwriting(folder_->options(), exchange_->request());
    auto open = [this, over] { return open_draft(*folder_, place_, {}, over); };
    std::optional<http::Result<io::DraftFile>> opened = co_await io::offload(exchange_->core(), open);
    if (!opened) co_return std::unexpected(upload_stopped);
    if (!*opened) co_return std::unexpected((*opened).error());
    draft_ = **std::move(opened);
    co_return http::Result<void>();
}

Task<http::Result<void>> FormReceiver::end_part() {
    if (!draft_) co_return http::Result<void>();
    const http::Result<void> written = co_await write_collected(exchange_->core(), *draft_, collected_);
    if (!written) co_return written;
    const io::Overwriting over = overwriting(folder_->options(), exchange_->request());
    const auto kept = co_await keep(exchange_->core(), *draft_, place_.name, over);
    draft_.reset();
    if (!kept) co_return std::unexpected(kept.error());
    co_return http::Result<void>();
}

Task<http::Result<void>> post(link::Exchange& exchange, const Folder& folder) {
    const std::string_view path = exchange.path();
    const auto type = exchange.request().fields.find(FieldName::content_type);
    const auto boundary = http::multipart_boundary(type.value_or(""));
    if (!boundary) co_return http::refuse(Status::unsupported_media_type, "Files are sent as multipart/form-data.");
    if (!path.ends_with('/')) co_return http::refuse(Status::bad_request, "Files are sent to a folder.");
    const http::Result<Place> place = place_of(path, folder);
    if (!place) co_return std::unexpected(place.error());
    const Charge charge(exchange.core().ledger(), write_octets);
    FormReceiver receiver(exchange, folder, place->folder, *boundary);
    for (;;) {
        const link::ContentStep step = co_await exchange.read_content();
        if (step.octets.empty() && step.end != link::ContentEnd::complete) {
            co_return std::unexpected(refusal_of_content(exchange, step.end));
        }
        if (step.octets.empty()) break;
        const http::Result<void> taken = co_await receiver.take(step.octets);
        if (!taken) co_return taken;
    }
    if (!receiver.has_ended()) co_return http::refuse(Status::bad_request, "The form ended early.");
    std::string location;
    http::append_encoded_path(location, path);
    route::write_refusal(Status::see_other, route::preferred_format(exchange.request()), exchange.response());
    exchange.response().add_made(FieldName::location, std::move(location));
    co_return http::Result<void>();
}

}  // namespace

http::Result<void> check_uploaded_name(std::string_view name, const FolderOptions& options) {
    const bool has_control =
        std::ranges::any_of(name, [](char c) { return http::octet(c) < 0x20 || c == 0x7f || c == '/'; });
    if (name.empty() || name == "." || name == ".." || name.size() > name_octets_max || has_control) {
        return http::refuse(Status::bad_request, "A file can not have that name.");
    }
    const bool is_hidden = name.front() == '.' && options.dotfiles == Dotfiles::hidden;
    if (is_hidden || name.starts_with(".portico-")) {
        return http::refuse(Status::forbidden, "Names that begin with a dot are hidden.");
    }
    return {};
}

bool is_from_own_page(const http::Request& request) {
    const auto site = request.fields.find("sec-fetch-site");
    if (site && *site != "same-origin" && *site != "none") return false;
    const auto origin = request.fields.find(FieldName::origin);
    if (!origin) return true;
    // The scheme may have been changed by a gateway in front of us.
    const std::size_t authority = origin->find("://");
    return authority != std::string_view::npos &&
           http::equals_ignoring_case(origin->substr(authority + 3), request.authority);
}

Task<void> UploadHandler::answer(link::Exchange& exchange) {
    http::Result<void> done;
    if (!is_from_own_page(exchange.request())) {
        done = http::refuse(Status::forbidden, "A page of another site may not send files here.");
    } else if (exchange.request().method == http::Method::put) {
        done = co_await put(exchange, *folder_);
    } else {
        done = co_await post(exchange, *folder_);
    }
    if (done) co_return;
    exchange.notes().reason = done.error().reason;
    exchange.response().clear();
    route::write_refusal(done.error().status, route::preferred_format(exchange.request()), exchange.response(),
                         done.error().reason);
}

}  // namespace portico::files
