// portico/embed/upload.h — forms with files (multipart/form-data), which are written to disk while they arrive.
//
//   portico::UploadOptions options;
//   options.folder = "uploads";
//   portico::Result<portico::Upload> upload = co_await portico::read_upload(request, options);
//   if (!upload) co_return upload.error();
//   for (portico::UploadedFile& file : upload->files()) { … co_await file.keep(request.core(), "uploads/1.jpg"); … }
//
// Room embed: see response.h.
// Threads:   one core's; helper threads wait for the disk.
// Source:    RFC 7578.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/task.h"
#include "portico/embed/request.h"
#include "portico/http/multipart.h"
#include "portico/io/error.h"
#include "portico/io/temporary_file.h"

namespace portico {

// Limits of one upload. The server's Limits::content_octets_max applies too: raise it if files are large.
class UploadOptions {
public:
    UploadOptions() {}  // NOLINT(modernize-use-equals-default): see Options

    // The folder where files are written before they are kept. It must be on the file system where they will be kept.
    // Empty: $TMPDIR, or /tmp.
    std::string folder;
    std::uint64_t file_octets_max = std::uint64_t{100} << 20;   // of one file
    std::uint64_t content_octets_max = std::uint64_t{1} << 30;  // of the whole form
    std::size_t files_max = 20;                                 // in one form
    std::size_t fields_max = 100;                               // fields that are not files
    std::size_t field_octets_max = std::size_t{64} << 10;       // of one field that is not a file
    // Called with the number of octets received so far, each time some arrive.
    std::function<void(std::uint64_t octets)> progress;
};

// One file of a form, on disk under a temporary name. The file is removed with this object unless it is kept.
class UploadedFile {
public:
    // For read_upload(). `file` is finished and has this many octets; `head` has a file name.
    UploadedFile(http::PartHead head, io::TemporaryFile file, std::uint64_t octets)
        : head_(std::move(head)), file_(std::move(file)), octets_(octets) {}

    // The name of the form's field.
    [[nodiscard]] const std::string& name() const { return head_.name; }
    // The file name that the client sent: any octets, perhaps slashes. Never use it as a path.
    [[nodiscard]] const std::string& file_name() const { return *head_.file_name; }
    // As the client sent it; empty if it sent none.
    [[nodiscard]] const std::string& content_type() const { return head_.content_type; }
    [[nodiscard]] std::uint64_t octets() const { return octets_; }  // of the content
    // Its temporary path.
    [[nodiscard]] const std::string& path() const { return file_.path(); }

    // Keeps the file under the name `path`. EEXIST if there is such a file: nothing is overwritten; EXDEV if `path` is
    // on another file system. Only the owner may read the file (mode 0600).
    [[nodiscard]] Task<io::Result<void>> keep(io::Core& core, std::string path);

private:
    http::PartHead head_;
    io::TemporaryFile file_;
    std::uint64_t octets_;
};

// The fields and files of a form, in the form's order.
class Upload {
public:
    // The first field with this name that is not a file.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    // Names and values of all fields that are not files.
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
    // If the user has not chosen a file for a field, that field has no file here.
    [[nodiscard]] std::vector<UploadedFile>& files() { return files_; }

    // --- for read_upload()
    // In the order of the form.
    void add_field(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    void add_file(UploadedFile file) { files_.push_back(std::move(file)); }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
    std::vector<UploadedFile> files_;
};

// Reads the whole content of the request. Refusals: 415 the content is not multipart/form-data; 400 it is malformed, or
// ends early; 413 it is larger than the options allow; 507 the disk is full; 500 the folder can't be written to; and
// those of Request::read(). For 507 and 500, standard error says what failed. Files written before that are removed.
[[nodiscard]] Task<Result<Upload>> read_upload(Request& request, UploadOptions options = UploadOptions());

}  // namespace portico
