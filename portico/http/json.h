// portico/http/json.h — writes JSON (RFC 8259), from front to back.
//
// Room http: see status.h.
//
// Text goes to an output that the caller owns: a std::string, or anything else with append() and push_back(), such as
// memory that is known to be large enough. Only the output allocates.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace portico::http {

template <class Output>
concept JsonOutput = requires(Output& out, std::string_view text) {
    out.append(text);
    out.push_back(text.front());
};

// The most octets that one octet of a text becomes in a JSON string: "\u001f".
inline constexpr std::size_t json_octets_max = 6;

// How a JSON string has one character of a text.
struct JsonCharacter {
    std::size_t octets;  // how many octets of the text it is
    std::array<char, json_octets_max> room;
    std::size_t length;
    [[nodiscard]] std::string_view written() const { return {room.data(), length}; }
};

// Whether an octet needs no escape, whatever is beside it.
constexpr std::array<bool, 256> plain_in_json = [] {
    std::array<bool, 256> plain{};
    for (std::size_t octet = 0x20; octet < 0x7f; ++octet) plain[octet] = octet != '"' && octet != '\\';
    return plain;
}();
constexpr bool is_plain_in_json(char c) { return plain_in_json[static_cast<unsigned char>(c)]; }

// The name of a member: a literal, of which the compiler checks that nothing in it needs an escape.
class JsonName {
public:
    consteval JsonName(const char* literal) : text_(literal) {
        if (!std::ranges::all_of(text_, is_plain_in_json)) throw "this name needs an escape";
    }
    [[nodiscard]] constexpr std::string_view text() const { return text_; }

private:
    std::string_view text_;
};

// Returns the character at the front of `text`, which begins with an octet that is not plain. Octets that aren't UTF-8
// become \ufffd, because JSON can't contain them. DEL and U+0080 to U+009F are escaped too, so that a log line never
// moves a terminal's cursor.
JsonCharacter json_character(std::string_view text);

// Appends `text` as a JSON string, including quotation marks: see json_character().
template <JsonOutput Output>
void append_json_string(Output& out, std::string_view text) {
    out.push_back('"');
    for (;;) {
        const auto special = std::ranges::find_if_not(text, [](char c) { return is_plain_in_json(c); });
        const auto run = static_cast<std::size_t>(special - text.begin());
        out.append(text.substr(0, run));
        text.remove_prefix(run);
        if (text.empty()) break;
        const JsonCharacter character = json_character(text);
        out.append(character.written());
        text.remove_prefix(character.octets);
    }
    out.push_back('"');
}

// Appends a whole number. Inlined, for the access log.
template <JsonOutput Output, std::integral Number>
    requires(sizeof(Number) <= sizeof(std::uint64_t) && !std::same_as<Number, char>)
[[gnu::always_inline]] inline void append_json_number(Output& out, Number number) {
    std::array<char, 20> digits;  // of the longest 64-bit number, or of a shorter one and its sign
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

// Whether a space follows commas and colons.
enum class JsonSpacing : std::uint8_t { none, after_separators };

// Writes one JSON text, value by value. The caller closes what it opens, and names each value of an object.
template <JsonOutput Output>
class JsonWriter {
public:
    // `out` outlives the writer.
    explicit JsonWriter(Output& out, JsonSpacing spacing = JsonSpacing::none) : out_(&out), spacing_(spacing) {}

    void open_object() { open('{'); }
    void close_object() { close('}'); }
    void open_array() { open('['); }
    void close_array() { close(']'); }

    // Begins a member of an object; its value comes next. Inlined, like what follows, so that the name's length is a
    // constant: a line of the access log takes a quarter of the time.
    [[gnu::always_inline]] void name(JsonName name) {
        separate();
        out_->push_back('"');
        out_->append(name.text());
        out_->append(spacing_ == JsonSpacing::none ? "\":" : "\": ");
        place_ = Place::value_of_member;
    }

    // Writes a string, a whole number, or true or false.
    template <class Value>
    [[gnu::always_inline]] void value(const Value& value) {
        begin_value();
        if constexpr (std::same_as<Value, bool>) {
            out_->append(value ? "true" : "false");
        } else if constexpr (std::integral<Value>) {
            append_json_number(*out_, value);
        } else {
            append_json_string(*out_, std::string_view(value));
        }
    }
    // Writes null if there is no value.
    template <class Value>
    void value(const std::optional<Value>& optional) {
        if (optional) {
            value(*optional);
            return;
        }
        raw_value("null");
    }
    // Writes a value that is JSON text already.
    void raw_value(std::string_view json) {
        begin_value();
        out_->append(json);
    }

    template <class Value>
    [[gnu::always_inline]] void member(JsonName its_name, const Value& its_value) {
        name(its_name);
        value(its_value);
    }

    // Puts what comes next on a line of its own, after `indent`: an element of an array, or the bracket that closes
    // it.
    void break_line(std::string_view indent = {}) { indent_ = indent; }

private:
    // What comes next: the first value in its object or array, a further one, or the value of the member just named.
    enum class Place : std::uint8_t { first, further, value_of_member };

    [[gnu::always_inline]] void begin_value() {
        separate();
        place_ = Place::further;
    }
    // Writes what goes before a value or a member.
    [[gnu::always_inline]] void separate() {
        if (place_ == Place::further) out_->push_back(',');
        if (indent_) {
            start_line();
        } else if (place_ == Place::further && spacing_ == JsonSpacing::after_separators) {
            out_->push_back(' ');
        }
    }
    void start_line() {
        out_->push_back('\n');
        out_->append(*indent_);
        indent_.reset();
    }
    void open(char bracket) {
        separate();
        out_->push_back(bracket);
        place_ = Place::first;
    }
    void close(char bracket) {
        if (indent_) start_line();
        out_->push_back(bracket);
        place_ = Place::further;
    }

    Output* out_;
    JsonSpacing spacing_;
    Place place_ = Place::first;
    std::optional<std::string_view> indent_;  // a line begins before what comes next
};

}  // namespace portico::http
