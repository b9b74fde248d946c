// portico/embed/upload.h — a form with files (multipart/form-data), whose files go to disk while they arrive.
//
//   portico::UploadOptions options;
//   options.folder = "uploads";
//   portico::Result<portico::Upload> upload = co_await portico::read_upload(request, options);
//   if (!upload) co_return upload.error();
//   for (portico::UploadedFile& file : upload->files()) { … co_await file.keep(request.core(), "uploads/1.jpg"); … }
//
// Room embed: see response.h.
// Threads:   one core's; disks are waited for on helper threads.
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

// What an upload may cost. The server's Limits::content_octets_max holds as well: raise that where files are large.
class UploadOptions {
public:
    UploadOptions() {}  // NOLINT(modernize-use-equals-default): see Options

    // Where files are written before they are kept; a folder on the same file system as what they will be. Empty:
    // $TMPDIR, or /tmp.
    std::string folder;
    std::uint64_t file_octets_max = std::uint64_t{100} << 20;   // of one file
    std::uint64_t content_octets_max = std::uint64_t{1} << 30;  // of all
    std::size_t files_max = 20;                                 // in one form
    std::size_t fields_max = 100;                               // that are no files
    std::size_t field_octets_max = std::size_t{64} << 10;       // of one field that is no file
    // Told how many octets of the content have come, each time some have.
    std::function<void(std::uint64_t octets)> progress;
};

// One file of a form, on disk, under a name of no meaning. It is removed with this object unless it is kept.
class UploadedFile {
public:
    // For read_upload(). `file` is finished and has this many octets; `head` has a file name.
    UploadedFile(http::PartHead head, io::TemporaryFile file, std::uint64_t octets)
        : head_(std::move(head)), file_(std::move(file)), octets_(octets) {}

    // The form's field.
    [[nodiscard]] const std::string& name() const { return head_.name; }
    // As the client says it: any octets, perhaps with slashes. Never a path to be used as it is.
    [[nodiscard]] const std::string& file_name() const { return *head_.file_name; }
    // As the client says it; empty where it says nothing.
    [[nodiscard]] const std::string& content_type() const { return head_.content_type; }
    [[nodiscard]] std::uint64_t octets() const { return octets_; }  // of its content
    // Where it is now.
    [[nodiscard]] const std::string& path() const { return file_.path(); }

    // Gives it the name `path`, and keeps it. EEXIST where there is such a file: nothing is overwritten; EXDEV where
    // that is on another file system. The file is its owner's alone (mode 0600).
    [[nodiscard]] Task<io::Result<void>> keep(io::Core& core, std::string path);

private:
    http::PartHead head_;
    io::TemporaryFile file_;
    std::uint64_t octets_;
};

// A form's fields and files, in its order.
class Upload {
public:
    // The first field of that name that is no file.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    // All fields that are no files: names and values.
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
    // Where a form has a field for a file, and the user chose none, there is none.
    [[nodiscard]] std::vector<UploadedFile>& files() { return files_; }

    // --- for read_upload()
    // In the order of the form.
    void add_field(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    void add_file(UploadedFile file) { files_.push_back(std::move(file)); }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
    std::vector<UploadedFile> files_;
};

// Reads the request's content to its end. Refusals: 415 it is no multipart/form-data; 400 it is not what it says, or
// ends early; 413 more than the options allow; 507 the disk is full and 500 the folder can't be written to, both of
// which standard error is told; and Request::read()'s. What was written until then is removed.
[[nodiscard]] Task<Result<Upload>> read_upload(Request& request, UploadOptions options = UploadOptions());

}  // namespace portico
