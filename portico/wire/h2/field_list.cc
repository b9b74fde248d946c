// portico/wire/h2/field_list.cc — see field_list.h.
#include "portico/wire/h2/field_list.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "portico/wire/h1/octets.h"
#include "portico/wire/h1/scan.h"

namespace portico::h2 {
namespace {

using http::FieldName;

// A token in lower case (RFC 9113 §8.2.1).
bool is_field_name(std::string_view name) {
    return !name.empty() &&
           std::ranges::all_of(name, [](char c) { return h1::is(h1::token_octet, c) && (c < 'A' || c > 'Z'); });
}

// RFC 9113 §8.2.2
bool is_connection_specific(FieldName known) {
    return known == FieldName::connection || known == FieldName::keep_alive || known == FieldName::proxy_connection ||
           known == FieldName::transfer_encoding || known == FieldName::upgrade;
}

}  // namespace

// All lines fit, and the Cookie lines once more when they are joined.
FieldList::FieldList(const Limits& limits)
    : limits_(&limits),
      memory_octets_(2 * limits.header_list_octets_max),
      memory_(std::make_unique_for_overwrite<char[]>(memory_octets_)) {}

std::optional<hpack::Failure> FieldList::decode(hpack::Decoder& decoder, std::string_view block, Section section) {
    used_ = list_octets_ = crumbs_ = 0;
    pseudo_ = {};
    lines_.clear();
    priority_ = {};
    malformation_ = {};
    is_too_large_ = false;
    decoder.begin_block();
    const std::size_t room_octets = limits_->header_list_octets_max;
    std::span<char> room(memory_.get(), room_octets);
    for (;;) {
        const bool is_kept = section != Section::none && !is_too_large_ && malformation_.empty();
        if (!is_kept) decoder.skip_indexed(block);
        std::span<char> no_room;
        const auto line = decoder.next(block, is_kept ? room : no_room);
        if (!line) return line.error();
        if (!*line) break;
        if (is_kept) add(**line, section);
        used_ = room_octets - room.size();
    }
    if (malformation_.empty() && h1::Scanner(octets()).count_controls() > 0) {
        // RFC 9110 §5.5; RFC 9113 §8.2.1 asks for less, but h1 refuses the same octets. Names have none.
        malformation_ = "control octet in a field value";
    }
    if (crumbs_ > 1) join_cookies();
    return std::nullopt;
}

void FieldList::moved(const char* to) {
    const auto move = [this, to](std::string_view& text) {
        if (is_ours(text)) text = {to + (text.data() - memory_.get()), text.size()};
    };
    for (http::FieldLine& line : lines_) {
        move(line.name);
        move(line.value);
    }
    for (auto* const text :
         {&pseudo_.method, &pseudo_.scheme, &pseudo_.authority, &pseudo_.path, &pseudo_.protocol, &pseudo_.status}) {
        if (*text) move(**text);
    }
}

// Whether `text` is in our memory. Otherwise it is in the decoder's static table.
bool FieldList::is_ours(std::string_view text) const {
    const std::less<const char*> is_before;
    return !is_before(text.data(), memory_.get()) && is_before(text.data(), memory_.get() + memory_octets_);
}

void FieldList::add(const hpack::DecodedLine& line, Section section) {
    list_octets_ += line.octets;
    const bool is_pseudo = line.name.starts_with(':');
    const bool is_one_too_many = !is_pseudo && lines_.size() >= limits_->field_count_max;
    if (list_octets_ > limits_->header_list_octets_max || is_one_too_many || !line.fits) {
        is_too_large_ = true;
        return;
    }
    malformation_ = is_pseudo ? add_pseudo(line, section) : check(line);
    if (is_pseudo || !malformation_.empty()) return;
    if (line.known == FieldName::cookie) ++crumbs_;
    if (line.name == "priority") priority_ = read_priority(line.value, priority_);
    lines_.push_back(http::FieldLine{line.known, line.name, line.value});
}

// Where the value of a pseudo-header field goes; null if there is no field with this name. Its length tells it from the
// others, or from all but one.
std::optional<std::string_view>* FieldList::place_of(std::string_view name, Section section) {
    const auto place_if = [name](std::string_view wanted, std::optional<std::string_view>& place) {
        return name == wanted ? &place : nullptr;
    };
    if (section == Section::response) return place_if(":status", pseudo_.status);
    switch (name.size()) {
        case std::string_view(":path").size(): return place_if(":path", pseudo_.path);
        case std::string_view(":method").size():
            return name[1] == 'm' ? place_if(":method", pseudo_.method) : place_if(":scheme", pseudo_.scheme);
        case std::string_view(":protocol").size(): return place_if(":protocol", pseudo_.protocol);
        case std::string_view(":authority").size(): return place_if(":authority", pseudo_.authority);
        default: return nullptr;
    }
}

// RFC 9113 §8.3. Returns why the message is malformed; empty if it isn't.
std::string_view FieldList::add_pseudo(const hpack::DecodedLine& line, Section section) {
    if (section == Section::trailers) return "pseudo-header field in a trailer section";
    if (!lines_.empty()) return "pseudo-header field after another field";
    std::optional<std::string_view>* const place = place_of(line.name, section);
    if (place == nullptr) return "unknown pseudo-header field";
    if (*place) return "repeated pseudo-header field";
    *place = line.value;
    return {};
}

// Why the line makes the message malformed; empty if it doesn't. Control octets are looked for in all lines together.
std::string_view FieldList::check(const hpack::DecodedLine& line) const {
    if (is_ours(line.name) && !is_field_name(line.name)) return "field name is not a token in lower case";
    if (!line.value.empty() && (h1::is_white(line.value.front()) || h1::is_white(line.value.back()))) {
        return "white space around a field value";  // RFC 9113 §8.2.1
    }
    if (is_connection_specific(line.known)) return "connection-specific field";
    if (line.known == FieldName::te && !http::equals_ignoring_case(line.value, "trailers")) {
        return "TE is not trailers";  // RFC 9113 §8.2.2
    }
    return {};
}

// RFC 9113 §8.2.3
void FieldList::join_cookies() {
    const std::size_t begin = used_;
    const auto append = [this](std::string_view text) { used_ += text.copy(memory_.get() + used_, text.size()); };
    std::string_view separator;
    for (const http::FieldLine& line : lines_) {
        if (line.known != FieldName::cookie) continue;
        append(std::exchange(separator, "; "));
        append(line.value);
    }
    const auto first = std::ranges::find(lines_, FieldName::cookie, &http::FieldLine::known);
    first->value = {memory_.get() + begin, used_ - begin};
    const auto rest = std::ranges::remove_if(
        first + 1, lines_.end(), [](const http::FieldLine& line) { return line.known == FieldName::cookie; });
    lines_.erase(rest.begin(), rest.end());
}

}  // namespace portico::h2
