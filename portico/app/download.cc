// portico/app/download.cc — see download.h.
#include "portico/app/download.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "portico/app/notice.h"
#include "portico/base/quantity.h"

namespace portico::app {
namespace {

constexpr auto look_pause = std::chrono::milliseconds(200);

std::string trouble_with_output(int number) {
    if (number == EPIPE) return {};
    return fmt::format("standard output could not be written: {}", std::strerror(number));
}

}  // namespace

bool is_binary(std::string_view octets) { return octets.find('\0') != std::string_view::npos; }

std::string progress_text(std::uint64_t received, std::optional<std::uint64_t> total, io::Duration time) {
    std::string text = size_text(received);
    if (total) {
        const double part = *total == 0 ? 1 : static_cast<double>(received) / static_cast<double>(*total);
        text += fmt::format(" of {}  {:.0f} %", size_text(*total), std::min(part, 1.0) * 100);
    }
    const double seconds = std::chrono::duration<double>(time).count();
    if (seconds < 0.001) return text;
    return text + fmt::format("  {}/s", size_text(static_cast<std::uint64_t>(static_cast<double>(received) / seconds)));
}

std::optional<std::string> Download::begin(std::optional<std::uint64_t> length) {
    length_ = length;
    began_ = next_look_ = core_->now();
    if (output_) return std::nullopt;
    auto file = io::OutputFile::open(path_);
    if (!file) return fmt::format("'{}' could not be written: {}", path_, std::strerror(file.error().number));
    file_.emplace(*std::move(file));
    return std::nullopt;
}

Task<std::optional<std::string>> Download::print(std::string_view octets, io::TimePoint deadline) {
    const io::Result<void> written = co_await output_->write_all(octets, deadline);
    if (written) co_return std::nullopt;
    co_return trouble_with_output(written.error().number);
}

Task<std::optional<std::string>> Download::write(std::string_view octets, io::TimePoint deadline) {
    received_ += octets.size();
    if (!output_) {
        const io::Result<void> written = file_->write(octets);
        if (!written) {
            co_return fmt::format("'{}' could not be written: {}", path_, std::strerror(written.error().number));
        }
        show_progress(false);
        co_return std::nullopt;
    }
    if (shown_ == Shown::raw) co_return co_await print(octets, deadline);
    if (is_binary(octets)) co_return std::string("the content is not text, and standard output is a terminal");
    const std::string text = printer_.print(octets);
    co_return co_await print(text, deadline);
}

Task<std::optional<std::string>> Download::finish(io::TimePoint deadline) {
    if (output_) {
        if (shown_ == Shown::raw) co_return std::nullopt;
        const std::string text = printer_.finish();
        co_return co_await print(text, deadline);
    }
    if (!file_) co_return std::nullopt;
    show_progress(true);
    const io::Result<void> finished = file_->finish();
    file_.reset();
    if (finished) co_return std::nullopt;
    co_return fmt::format("'{}' could not be written: {}", path_, std::strerror(finished.error().number));
}

void Download::show_progress(bool is_last) {
    const io::TimePoint now = core_->now();
    if (!shows_progress_ || (!is_last && now < next_look_)) return;
    next_look_ = now + look_pause;
    say_aside(fmt::format("\r{}\x1b[K{}", progress_text(received_, length_, now - began_), is_last ? "\n" : ""));
}

}  // namespace portico::app
