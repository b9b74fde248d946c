// portico/handler/files/archive.cc — see archive.h.
#include "portico/handler/files/archive.h"

#include <zstd.h>

#include <algorithm>
#include <cassert>
#include <new>
#include <span>
#include <utility>

#include "portico/http/hex.h"
#include "portico/io/file_system.h"

namespace portico::files {
namespace {

constexpr std::size_t piece_octets = 256 * 1024;
constexpr int archive_zstd_level = 3;  // faster than most networks
constexpr std::string_view list_of_left_out = "NOT-INCLUDED.txt";

std::string_view ending(ArchiveFormat format) {
    switch (format) {
        case ArchiveFormat::zip: return ".zip";
        case ArchiveFormat::tar_zst: return ".tar.zst";
    }
    return {};
}

// RFC 8187 §3.2.1: attr-char, of which only letters, digits and three marks are used as they are.
std::string extended_value(std::string_view name) {
    std::string value = "UTF-8''";
    for (const char c : name) {
        const bool is_plain_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (is_plain_letter || c == '.' || c == '-' || c == '_') {
            value += c;
        } else {
            value += '%';
            value += http::hex_digits_upper[http::octet(c) >> 4];
            value += http::hex_digits_upper[http::octet(c) & 15];
        }
    }
    return value;
}

// RFC 6266 §4.3
std::string disposition(const std::string& file_name) { return "attachment; filename*=" + extended_value(file_name); }

Task<bool> send_archive(io::Core& core, std::shared_ptr<ArchiveJob> job, http::ContentWriter& writer) {
    std::string piece;
    for (;;) {
        piece.clear();
        auto work = [&piece, maker = &job->maker] { return maker->make(piece); };
        const std::optional<ArchiveMaker::Step> step = co_await io::offload(core, work);
        if (!step || *step == ArchiveMaker::Step::failed) co_return false;
        job->charge = Charge(core.ledger(), job->maker.kept_octets() + piece.capacity());
        if (!piece.empty()) {
            const bool goes_on = co_await writer.write(piece);
            if (!goes_on) co_return false;
        }
        if (*step == ArchiveMaker::Step::end) co_return true;
    }
}

}  // namespace

std::optional<ArchiveFormat> parse_download(std::string_view query) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view parameter = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (parameter == "download=zip") return ArchiveFormat::zip;
        if (parameter == "download=tar.zst") return ArchiveFormat::tar_zst;
    }
    return std::nullopt;
}

struct ArchiveMaker::Compressor {
    Compressor() : context(ZSTD_createCCtx()) {
        if (context == nullptr) throw std::bad_alloc();
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, archive_zstd_level);
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    }
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;
    ~Compressor() { ZSTD_freeCCtx(context); }

    // False: out of memory.
    [[nodiscard]] bool compress(std::string_view octets, ZSTD_EndDirective directive, std::string& out) const {
        ZSTD_inBuffer input{octets.data(), octets.size(), 0};
        for (;;) {
            const std::size_t before = out.size();
            out.resize(before + ZSTD_CStreamOutSize());
            ZSTD_outBuffer output{out.data() + before, out.size() - before, 0};
            const std::size_t left = ZSTD_compressStream2(context, &output, &input, directive);
            out.resize(before + output.pos);
            if (ZSTD_isError(left) != 0) return false;
            const bool is_done = directive == ZSTD_e_end ? left == 0 : input.pos == input.size;
            if (is_done) return true;
        }
    }

    ZSTD_CCtx* context;
};

ArchiveMaker::ArchiveMaker(std::shared_ptr<const Folder> folder, std::string path, std::string name,
                           ArchiveFormat format)
    : folder_(folder), name_(name), tree_(std::move(folder), std::move(path), std::move(name)) {
    if (format == ArchiveFormat::zip) return;
    writer_.emplace<TarWriter>();
    compressor_ = std::make_unique<Compressor>();
}

ArchiveMaker::~ArchiveMaker() = default;

ArchiveMaker::Step ArchiveMaker::make(std::string& out) {
    if (compressor_ == nullptr) return make_plain(out);
    plain_.clear();
    const Step step = make_plain(plain_);
    const auto directive = step == Step::end ? ZSTD_e_end : ZSTD_e_continue;
    const bool is_compressed = step != Step::failed && compressor_->compress(plain_, directive, out);
    return is_compressed ? step : Step::failed;
}

ArchiveMaker::Step ArchiveMaker::make_plain(std::string& out) {
    const std::size_t enough = out.size() + piece_octets;
    while (out.size() < enough) {
        auto step = Step::more;
        switch (phase_) {
            case Phase::between_files: step = begin_next(out); break;
            case Phase::in_file:
                if (!copy_content(out)) step = Step::failed;
                break;
            case Phase::done: step = Step::end; break;
        }
        if (step != Step::more) return step;
    }
    return Step::more;
}

// Begins the next file. One that can't be opened is noted for the list at the end.
ArchiveMaker::Step ArchiveMaker::begin_next(std::string& out) {
    std::optional<ArchivedFile> next = tree_.next();
    if (tree_.is_too_large()) return Step::failed;
    if (!next) {
        finish(out);
        phase_ = Phase::done;
        return Step::end;
    }
    if (next->is_folder()) {
        write(*next, {}, out);
        return Step::more;
    }
    io::FileSystem& files = folder_->files();
    auto file = files.open_beneath(folder_->root(), tree_.path().substr(1));
    const auto status = file ? files.status(*file) : std::unexpected(file.error());
    if (!status || status->kind != io::FileKind::regular) {
        tree_.leave_out(next->name);
        return Step::more;
    }
    next->size = status->size;
    next->modified = status->modified;
    std::visit([&](auto& writer) { writer.begin(*next, out); }, writer_);
    file_ = std::move(*file);
    read_ = 0;
    size_ = status->size;
    phase_ = Phase::in_file;
    return Step::more;
}

// The archive has announced the size that the file had when it was opened. More than that is not read; with less, the
// archive would be corrupt.
bool ArchiveMaker::copy_content(std::string& out) {
    std::string octets(std::min<std::uint64_t>(size_ - read_, piece_octets), '\0');
    const auto read = folder_->files().read_at(*file_, read_, octets);
    if (!read || *read != octets.size()) return false;
    std::visit([&](auto& writer) { writer.content(octets, out); }, writer_);
    read_ += *read;
    if (read_ < size_) return true;
    std::visit([&](auto& writer) { writer.end(out); }, writer_);
    file_.reset();
    phase_ = Phase::between_files;
    return true;
}

void ArchiveMaker::write(const ArchivedFile& file, std::string_view content, std::string& out) {
    std::visit(
        [&](auto& writer) {
            writer.begin(file, out);
            writer.content(content, out);
            writer.end(out);
        },
        writer_);
}

void ArchiveMaker::finish(std::string& out) {
    if (!tree_.left_out().empty()) {
        const std::string list = "The server could not read these:\n\n" + tree_.left_out();
        ArchivedFile file;
        file.name = name_ + "/" + std::string(list_of_left_out);
        file.size = list.size();
        write(file, list, out);
    }
    std::visit([&](auto& writer) { writer.finish(out); }, writer_);
}

std::size_t ArchiveMaker::kept_octets() const {
    const std::size_t compressing = compressor_ ? ZSTD_sizeof_CCtx(compressor_->context) + plain_.capacity() : 0;
    return tree_.kept_octets() + compressing +
           std::visit([](const auto& writer) { return writer.kept_octets(); }, writer_);
}

bool can_be_archived(const std::shared_ptr<const Folder>& folder, const std::string& path) {
    ArchiveTree tree(folder, path, "");
    while (tree.next()) {
    }
    return !tree.is_too_large();
}

ArchiveJob::ArchiveJob(Permits& archives, std::shared_ptr<const Folder> folder, std::string path, std::string name,
                       ArchiveFormat format)
    : permit(archives, folder->options().archive_limits.at_once_max, 0),
      maker(folder, std::move(path), std::move(name), format) {}

void compose_archive(io::Core& core, std::shared_ptr<ArchiveJob> job, std::string_view name, ArchiveFormat format,
                     http::Response& response) {
    using http::FieldName;
    response.status = http::Status::ok;
    response.fields.add(FieldName::content_type, format == ArchiveFormat::zip ? "application/zip" : "application/zstd");
    response.add_made(FieldName::content_disposition, disposition(std::string(name) + std::string(ending(format))));
    response.fields.add(FieldName::cache_control, "no-store");
    response.fields.add(FieldName::x_content_type_options, "nosniff");
    response.producer = [&core, job = std::move(job)](http::ContentWriter& writer) {
        return send_archive(core, job, writer);
    };
}

}  // namespace portico::files
