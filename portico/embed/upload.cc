// portico/embed/upload.cc — see upload.h.
#include "portico/embed/upload.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "portico/io/core.h"

namespace portico {
namespace {

// As many octets of a file are collected before a helper thread writes them.
constexpr std::size_t write_octets = std::size_t{256} << 10;

http::Refusal refusal_of(int error) {
    if (error == ENOSPC || error == EDQUOT) return {Status::insufficient_storage, "no room for an uploaded file"};
    return {Status::internal_server_error, "an uploaded file can't be written"};
}

// A file that is being written, under a name that nothing else has. Removed with this object, unless it is taken.
class Writing {
public:
    Writing() = default;
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;
    ~Writing() { forget(); }

    void forget() noexcept {
        if (number_ >= 0) ::close(number_);
        if (!path_.empty()) ::unlink(path_.c_str());
        number_ = -1;
        path_.clear();
    }

    // Both block. An errno value; 0 where it went well.
    int write(const std::string& folder, std::string_view octets) {
        if (number_ < 0 && !open(folder)) return errno;
        while (!octets.empty()) {
            const ssize_t written = ::write(number_, octets.data(), octets.size());
            if (written < 0 && errno != EINTR) return errno;
            if (written > 0) octets.remove_prefix(static_cast<std::size_t>(written));
        }
        return 0;
    }
    int finish() { return ::close(std::exchange(number_, -1)) == 0 ? 0 : errno; }

    [[nodiscard]] std::string take_path() { return std::exchange(path_, {}); }

private:
    bool open(const std::string& folder) {
        std::string path = folder + "/.portico-upload-XXXXXX";
        number_ = ::mkostemp(path.data(), O_CLOEXEC);  // mode 0600
        if (number_ >= 0) path_ = std::move(path);
        return number_ >= 0;
    }

    int number_ = -1;
    std::string path_;
};

std::string folder_of(const UploadOptions& options) {
    if (!options.folder.empty()) return options.folder;
    const char* const temporary = ::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    return temporary != nullptr && *temporary != '\0' ? temporary : "/tmp";
}

// Takes the content piece by piece, and has its parts in the end.
class Receiver {
public:
    Receiver(io::Core& core, std::string_view boundary, UploadOptions options)
        : core_(&core), options_(std::move(options)), folder_(folder_of(options_)), reader_(boundary) {}

    [[nodiscard]] Task<Result<void>> take(std::string_view octets);
    [[nodiscard]] Result<Upload> finish() {
        if (!reader_.has_ended()) return http::refuse(Status::bad_request, "multipart content that ends early");
        return std::move(upload_);
    }

private:
    Result<void> begin_part();
    Result<void> add_content(std::string_view octets);
    Task<Result<void>> write_collected(bool is_last);
    Task<Result<void>> end_part();

    io::Core* core_;
    const UploadOptions options_;
    const std::string folder_;
    http::MultipartReader reader_;
    std::uint64_t octets_ = 0;       // of all content
    std::uint64_t part_octets_ = 0;  // of the part that is being read
    std::string collected_;          // of a field all, of a file what is not yet written
    Writing file_;
    Upload upload_;
};

Task<Result<void>> Receiver::take(std::string_view octets) {
    octets_ += octets.size();
    if (octets_ > options_.content_octets_max) co_return http::refuse(Status::content_too_large, "a large upload");
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
        return http::refuse(Status::content_too_large, "an upload of too many files");
    }
    if (!is_file && upload_.fields().size() == options_.fields_max) {
        return http::refuse(Status::content_too_large, "an upload of too many fields");
    }
    return {};
}

Result<void> Receiver::add_content(std::string_view octets) {
    part_octets_ += octets.size();
    const bool is_file = reader_.head().file_name.has_value();
    if (part_octets_ > (is_file ? options_.file_octets_max : options_.field_octets_max)) {
        return http::refuse(Status::content_too_large, is_file ? "a large file" : "a large field of a form");
    }
    collected_ += octets;
    return {};
}

Task<Result<void>> Receiver::write_collected(bool is_last) {
    auto write = [this, is_last] {
        const int error = file_.write(folder_, collected_);
        return error == 0 && is_last ? file_.finish() : error;
    };
    const std::optional<int> error = co_await io::offload(*core_, std::move(write));
    collected_.clear();
    if (error == 0) co_return Result<void>();
    file_.forget();
    co_return std::unexpected(refusal_of(error.value_or(ECANCELED)));
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
    if (written) upload_.add_file(UploadedFile(head, file_.take_path(), part_octets_));
    co_return written;
}

}  // namespace

UploadedFile::UploadedFile(http::PartHead head, std::string path, std::uint64_t octets)
    : head_(std::move(head)), path_(std::move(path)), octets_(octets) {}

UploadedFile::UploadedFile(UploadedFile&& other) noexcept
    : head_(std::move(other.head_)),
      path_(std::exchange(other.path_, {})),
      octets_(other.octets_),
      is_kept_(other.is_kept_) {}

UploadedFile& UploadedFile::operator=(UploadedFile&& other) noexcept {
    if (this == &other) return *this;
    remove();
    head_ = std::move(other.head_);
    path_ = std::exchange(other.path_, {});
    octets_ = other.octets_;
    is_kept_ = other.is_kept_;
    return *this;
}

UploadedFile::~UploadedFile() { remove(); }

void UploadedFile::remove() noexcept {
    if (!path_.empty() && !is_kept_) ::unlink(path_.c_str());
}

Task<io::Result<void>> UploadedFile::keep(io::Core& core, std::string path) {
    // link(2) overwrites nothing, which rename(2) does.
    auto name_it = [from = path_, &path] {
        if (::link(from.c_str(), path.c_str()) != 0) return errno;
        ::unlink(from.c_str());
        return 0;
    };
    const std::optional<int> error = co_await io::offload(core, std::move(name_it));
    if (error != 0) co_return io::fail(error.value_or(ECANCELED), "link");
    path_ = std::move(path);
    is_kept_ = true;
    co_return io::Result<void>();
}

std::optional<std::string_view> Upload::find(std::string_view name) const {
    const auto at = std::ranges::find(fields_, name, [](const auto& field) { return std::string_view(field.first); });
    return at == fields_.end() ? std::nullopt : std::optional<std::string_view>(at->second);
}

Task<Result<Upload>> read_upload(Request& request, UploadOptions options) {
    const auto boundary = http::multipart_boundary(request.field("Content-Type").value_or(""));
    if (!boundary) co_return http::refuse(Status::unsupported_media_type, "no multipart/form-data");
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
