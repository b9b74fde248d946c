// portico/io/line_reader.cc — see line_reader.h.
#include "portico/io/line_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace portico::io {
namespace {

Task<Result<std::size_t>> read_stream(Stream& stream, std::span<char> room, TimePoint deadline) {
    const Result<std::size_t> received = co_await stream.read(room, deadline);
    co_return received;
}

}  // namespace

LineReader::LineReader(Stream& stream, std::size_t octets_max) : stream_(&stream), octets_max_(octets_max) {}
LineReader::LineReader(ReadOctets read, std::size_t octets_max) : read_(std::move(read)), octets_max_(octets_max) {}

Task<Result<std::size_t>> LineReader::receive(std::span<char> room, TimePoint deadline) {
    if (stream_ == nullptr) return read_(room, deadline);
    return read_stream(*stream_, room, deadline);
}

// The buffered line, if its end has been received.
std::optional<Line> LineReader::take_line() {
    const std::string_view text = buffered();
    const std::size_t length = text.find('\n', searched_ - first_);
    if (length == std::string_view::npos) {
        searched_ = filled_;
        return std::nullopt;
    }
    first_ += length + 1;
    searched_ = first_;
    const bool has_cr = length > 0 && text[length - 1] == '\r';
    return Line{text.substr(0, has_cr ? length - 1 : length), has_cr ? LineEnd::crlf : LineEnd::lf};
}

// Room for the longest line with its CR and LF: one octet more proves the line too long.
void LineReader::make_room() {
    if (octets_.empty()) octets_.resize(octets_max_ + 2);
    std::memmove(octets_.data(), octets_.data() + first_, filled_ - first_);
    filled_ -= first_;
    searched_ -= first_;
    first_ = 0;
}

Task<Result<std::optional<Line>>> LineReader::read_line(TimePoint deadline) {
    if (is_too_long_) co_return fail(EMSGSIZE, "read_line");
    for (;;) {
        const std::optional<Line> line = take_line();
        const std::size_t length = line ? line->text.size() : buffered().size();
        const bool may_end_in_cr = !line && length == octets_max_ + 1 && buffered().back() == '\r';
        if (length > octets_max_ && !may_end_in_cr) {
            if (line) first_ -= length + (line->end == LineEnd::crlf ? 2 : 1);  // the line stays readable
            is_too_long_ = true;
            co_return fail(EMSGSIZE, "read_line");
        }
        if (line) co_return line;
        make_room();
        const std::span<char> room = std::span(octets_).subspan(filled_);
        const Result<std::size_t> received = co_await receive(room, deadline);
        if (!received) co_return std::unexpected(received.error());
        filled_ += *received;
        if (*received > 0) continue;
        if (buffered().empty()) co_return std::optional<Line>();
        if (buffered().size() > octets_max_) {  // the CR that might have begun a line end was part of the line
            is_too_long_ = true;
            co_return fail(EMSGSIZE, "read_line");
        }
        const Line last{buffered(), LineEnd::end_of_stream};
        first_ = searched_ = filled_;
        co_return last;
    }
}

Task<Result<std::size_t>> LineReader::read(std::span<char> room, TimePoint deadline) {
    const std::string_view ready = buffered();
    if (!ready.empty() && !room.empty()) {
        const std::size_t taken = ready.copy(room.data(), room.size());
        first_ += taken;
        searched_ = std::max(searched_, first_);
        co_return taken;
    }
    const Result<std::size_t> received = co_await receive(room, deadline);
    co_return received;
}

}  // namespace portico::io
