// portico/embed/upload.cc — see upload.h.
#include "portico/embed/upload.h"

#include <stdlib.h>

#include <algorithm>
#include <cerrno>

#include "portico/embed/tell.h"
#include "portico/io/core.h"

namespace portico {
namespace {

// How many octets of a file are collected before a helper thread writes them.
constexpr std::size_t write_octets = std::size_t{256} << 10;

http::Refusal refusal_of(const io::Error& error) {
    if (error.number == ENOSPC || error.number == EDQUOT)
        return {Status::insufficient_storage, "the disk has no room for an uploaded file"};
    return {Status::internal_server_error, "an uploaded file can't be written"};
}

std::string folder_of(const UploadOptions& options) {
    if (!options.folder.empty()) return options.folder;
    const char* const temporary = ::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    return temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
}

// Takes the content piece by piece and collects its parts.
class Receiver {
public:
    Receiver(io::Core& core, std::string_view boundary, UploadOptions options)
        : core_(&core), options_(std::move(options)), folder_(folder_of(options_)), reader_(boundary) {}

    [[nodiscard]] Task<Result<void>> take(std::string_view octets);
    [[nodiscard]] Result<Upload> finish() {
        if (!reader_.has_ended()) return http::refuse(Status::bad_request, "the multipart content ends early");
        return std::move(upload_);
    }

private:
    Result<void> begin_part();
    Result<void> add_content(std::string_view octets);
    io::Result<void> write_at_once(bool is_last);
    Task<Result<void>> write_collected(bool is_last);
    Task<Result<void>> end_part();

    io::Core* core_;
    const UploadOptions options_;
    const std::string folder_;
    http::MultipartReader reader_;
    std::uint64_t octets_ = 0;               // of the whole content
    std::uint64_t part_octets_ = 0;          // of the part that is being read
    std::string collected_;                  // a whole field, or the part of a file that has not been written yet
    std::optional<io::TemporaryFile> file_;  // exists once part of it has been written
    Upload upload_;
};

Task<Result<void>> Receiver::take(std::string_view octets) {
    octets_ += octets.size();
    if (octets_ > options_.content_octets_max) {
        co_return http::refuse(Status::content_too_large, "the upload is too large");
    }
    if (options_.progress) options_.progress(octets_);
    for (;;) {
        const http::MultipartReader::Step step = reader_.next(octets);
        Result<void> done;
        switch (step.what) {
            case http::MultipartReader::What::more: co_return Result<void>();
            case http::MultipartReader::What::broken: co_return http::refuse(Status::bad_request, reader_.trouble());
            case http::MultipartReader::What::head: done = begin_part(); break;
            case http::MultipartReader::What::content: done = add_content(step.octets); break;
            case http::MultipartReader::What::part_end: done = co_await end_part(); break;
            case http::MultipartReader::What::end: break;
        }
        if (done && reader_.head().file_name && collected_.size() >= write_octets) {
            done = co_await write_collected(false);
        }
        if (!done) co_return std::unexpected(done.error());
    }
}

Result<void> Receiver::begin_part() {
    part_octets_ = 0;
    collected_.clear();
    const bool is_file = reader_.head().file_name.has_value();
    if (is_file && upload_.files().size() == options_.files_max) {
        return http::refuse(Status::content_too_large, "the upload has too many files");
    }
    if (!is_file && upload_.fields().size() == options_.fields_max) {
        return http::refuse(Status::content_too_large, "the upload has too many fields");
    }
    return {};
}

Result<void> Receiver::add_content(std::string_view octets) {
    part_octets_ += octets.size();
    const bool is_file = reader_.head().file_name.has_value();
    if (part_octets_ > (is_file ? options_.file_octets_max : options_.field_octets_max)) {
        return http::refuse(Status::content_too_large,
                            is_file ? "a file of the upload is too large" : "a field of the upload is too large");
    }
    collected_ += octets;
    return {};
}

// On a helper thread.
io::Result<void> Receiver::write_at_once(bool is_last) {
    if (!file_) {
        io::Result<io::TemporaryFile> created = io::TemporaryFile::create(folder_);
        if (!created) return std::unexpected(created.error());
        file_.emplace(*std::move(created));
    }
    const io::Result<void> written = file_->write(collected_);
    return written && is_last ? file_->finish() : written;
}

Task<Result<void>> Receiver::write_collected(bool is_last) {
    auto write = [this, is_last] { return write_at_once(is_last); };
    const std::optional<io::Result<void>> written = co_await io::offload(*core_, write);
    collected_.clear();
    if (!written) co_return http::refuse(Status::service_unavailable, "the server is stopping");
    if (!*written) {
        tell_of_error(*core_,
                      "an uploaded file can't be written to " + folder_ + ": " + io::describe(written->error()));
        co_return std::unexpected(refusal_of(written->error()));
    }
    co_return Result<void>();
}

Task<Result<void>> Receiver::end_part() {
    const http::PartHead& head = reader_.head();
    if (!head.file_name) {
        upload_.add_field(head.name, std::exchange(collected_, {}));
        co_return Result<void>();
    }
    const bool nothing_was_chosen = head.file_name->empty() && part_octets_ == 0;
    if (nothing_was_chosen) co_return Result<void>();
    const Result<void> written = co_await write_collected(true);
    if (written) upload_.add_file(UploadedFile(head, *std::exchange(file_, std::nullopt), part_octets_));
    co_return written;
}

}  // namespace

Task<io::Result<void>> UploadedFile::keep(io::Core& core, std::string path) {
    auto name_it = [this, &path] { return file_.keep(path); };
    const std::optional<io::Result<void>> done = co_await io::offload(core, name_it);
    co_return done.value_or(io::fail(ECANCELED, "link"));
}

std::optional<std::string_view> Upload::find(std::string_view name) const {
    const auto at = std::ranges::find(fields_, name, [](const auto& field) { return std::string_view(field.first); });
    return at == fields_.end() ? std::nullopt : std::optional<std::string_view>(at->second);
}

Task<Result<Upload>> read_upload(Request& request, UploadOptions options) {
    const auto boundary = http::multipart_boundary(request.field("Content-Type").value_or(""));
    if (!boundary) co_return http::refuse(Status::unsupported_media_type, "the content is not multipart/form-data");
    const http::Request& message = request.message();
    if (message.content_length.value_or(0) > options.content_octets_max) {
        co_return http::refuse(Status::content_too_large, "the upload is too large");
    }
    Receiver receiver(request.core(), *boundary, std::move(options));
    for (;;) {
        const Result<std::string_view> octets = co_await request.read();
        if (!octets) co_return std::unexpected(octets.error());
        if (octets->empty()) break;
        const Result<void> taken = co_await receiver.take(*octets);
        if (!taken) co_return std::unexpected(taken.error());
    }
    co_return receiver.finish();
}

}  // namespace portico
