// portico/app/download.h — where `portico get` puts a response's content, and how it shows the progress.
//
// Room app: see command.h.
// Threads:   one core's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "portico/base/printable.h"
#include "portico/base/task.h"
#include "portico/io/output_file.h"
#include "portico/io/stream.h"

namespace portico::app {

// How content is written to standard output.
enum class Shown : std::uint8_t {
    raw,   // unchanged
    safe,  // for a terminal: characters that would control it are made visible, and content that is no text is refused
};

// Whether octets are not text for a terminal: they have a NUL.
bool is_binary(std::string_view octets);

// One line about a transfer, without a line end: "12.0 MB of 45.1 MB  26 %  3.20 MB/s".
std::string progress_text(std::uint64_t received, std::optional<std::uint64_t> total, io::Duration time);

// Takes the content of a response.
class Download {
public:
    // Writes to standard output.
    Download(io::Core& core, io::Stream output, Shown shown)
        : core_(&core), output_(std::move(output)), shown_(shown) {}
    // Writes to a file, which is opened when the content begins. `shows_progress`: on standard error, a terminal.
    Download(io::Core& core, std::string path, bool shows_progress)
        : core_(&core), path_(std::move(path)), shows_progress_(shows_progress) {}

    // The content begins; its length may be known. The error is a sentence.
    [[nodiscard]] std::optional<std::string> begin(std::optional<std::uint64_t> length);
    // The next octets. The error is a sentence, empty if nobody reads standard output any more.
    [[nodiscard]] Task<std::optional<std::string>> write(std::string_view octets, io::TimePoint deadline);
    // The content has ended, in good order or not.
    [[nodiscard]] Task<std::optional<std::string>> finish(io::TimePoint deadline);

private:
    [[nodiscard]] Task<std::optional<std::string>> print(std::string_view octets, io::TimePoint deadline);
    void show_progress(bool is_last);

    io::Core* core_;
    std::optional<io::Stream> output_;  // nothing: a file
    Shown shown_ = Shown::raw;
    StreamPrinter printer_;
    std::string path_;
    std::optional<io::OutputFile> file_;
    bool shows_progress_ = false;
    std::optional<std::uint64_t> length_;
    std::uint64_t received_ = 0;
    io::TimePoint began_{};
    io::TimePoint next_look_{};
};

}  // namespace portico::app
