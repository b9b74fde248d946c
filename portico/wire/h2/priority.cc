// portico/wire/h2/priority.cc — see priority.h.
#include "portico/wire/h2/priority.h"

#include <optional>

namespace portico::h2 {
namespace {

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_alpha(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_visible(char c) { return c >= 0x20 && c <= 0x7e; }
constexpr bool is_among(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

// The value of a member, as far as the two that we know can have it.
struct Value {
    enum class Type : std::uint8_t { integer, boolean, other } type = Type::boolean;
    int number = 1;  // of an integer up to 99, or of a boolean; a member without a value is true
};

// Parses a Dictionary (RFC 9651 §4.2.2) from front to back.
class DictionaryReader {
public:
    explicit DictionaryReader(std::string_view text) : text_(text) {
        skip(" ");
        while (!text_.empty() && text_.back() == ' ') text_.remove_suffix(1);
    }

    [[nodiscard]] bool at_end() const { return text_.empty(); }

    // Reads a member and what separates it from the next. False if the text is no Dictionary.
    [[nodiscard]] bool read_member(std::string_view& key, Value& value) {
        if (!read_key(key)) return false;
        value = Value{};
        if (take('=') && !read_value(value)) return false;
        if (!read_parameters()) return false;
        skip(" \t");
        if (at_end()) return true;
        if (!take(',')) return false;
        skip(" \t");
        return !at_end();  // a comma must not be last
    }

private:
    void skip(std::string_view set) {
        while (!text_.empty() && is_among(set, text_.front())) text_.remove_prefix(1);
    }
    [[nodiscard]] bool take(char c) {
        if (text_.empty() || text_.front() != c) return false;
        text_.remove_prefix(1);
        return true;
    }
    // Removes the octets for which `belongs` holds.
    template <class Belongs>
    std::string_view take_while(Belongs belongs) {
        std::size_t octets = 0;
        while (octets < text_.size() && belongs(text_[octets])) ++octets;
        const std::string_view taken = text_.substr(0, octets);
        text_.remove_prefix(octets);
        return taken;
    }

    // RFC 9651 §4.2.3.3
    [[nodiscard]] bool read_key(std::string_view& key) {
        if (at_end() || (!is_lower(text_.front()) && text_.front() != '*')) return false;
        key = take_while([](char c) { return is_lower(c) || is_digit(c) || is_among("_-.*", c); });
        return true;
    }

    // An Item or an Inner List, without its parameters.
    [[nodiscard]] bool read_value(Value& value) {
        if (!take('(')) return read_item(value);
        for (;;) {  // RFC 9651 §4.2.1.2
            skip(" ");
            if (take(')')) break;
            if (!read_item(value) || !read_parameters()) return false;
            if (at_end() || !is_among(" )", text_.front())) return false;
        }
        value.type = Value::Type::other;
        return true;
    }

    // RFC 9651 §4.2.3.1
    [[nodiscard]] bool read_item(Value& value) {
        value.type = Value::Type::other;
        if (at_end()) return false;
        const char first = text_.front();
        if (first == '-' || is_digit(first)) return read_number(value);
        if (is_alpha(first) || first == '*') {
            take_while([](char c) { return is_alpha(c) || is_digit(c) || is_among("!#$%&'*+-.^_`|~:/", c); });
            return true;
        }
        text_.remove_prefix(1);
        switch (first) {
            case '"': return read_string();
            case '?': return read_boolean(value);
            case ':':
                take_while([](char c) { return is_alpha(c) || is_digit(c) || is_among("+/=", c); });
                return take(':');
            case '@': {
                Value date;
                return read_number(date) && date.type == Value::Type::integer;
            }
            case '%':
                if (!take('"')) return false;
                take_while([](char c) { return is_visible(c) && c != '"'; });
                return take('"');
            default: return false;
        }
    }

    // RFC 9651 §4.2.4: an Integer, or a Decimal, which we don't need.
    [[nodiscard]] bool read_number(Value& value) {
        const bool negative = take('-');
        const std::string_view digits = take_while(is_digit);
        if (digits.empty() || digits.size() > 15) return false;
        value.type = Value::Type::integer;
        value.number = 0;
        for (const char digit : digits) {
            if (value.number < 10) value.number = value.number * 10 + (digit - '0');
        }
        if (negative) value.number = -value.number;
        if (!take('.')) return true;
        value.type = Value::Type::other;
        const std::size_t fraction = take_while(is_digit).size();
        return digits.size() <= 12 && fraction >= 1 && fraction <= 3;
    }

    // RFC 9651 §4.2.5, after the first quotation mark.
    [[nodiscard]] bool read_string() {
        while (!at_end()) {
            const char c = text_.front();
            text_.remove_prefix(1);
            if (c == '"') return true;
            if (!is_visible(c)) return false;
            if (c == '\\' && !take('"') && !take('\\')) return false;
        }
        return false;
    }

    // RFC 9651 §4.2.8, after the question mark.
    [[nodiscard]] bool read_boolean(Value& value) {
        value.type = Value::Type::boolean;
        value.number = take('1') ? 1 : 0;
        return value.number == 1 || take('0');
    }

    // RFC 9651 §4.2.3.2. No member has parameters that we know.
    [[nodiscard]] bool read_parameters() {
        while (take(';')) {
            skip(" ");
            std::string_view key;
            Value value;
            if (!read_key(key)) return false;
            if (take('=') && !read_item(value)) return false;
        }
        return true;
    }

    std::string_view text_;
};

}  // namespace

Priority read_priority(std::string_view field_value, Priority otherwise) {
    Priority priority = otherwise;
    DictionaryReader reader(field_value);
    while (!reader.at_end()) {
        std::string_view key;
        Value value;
        if (!reader.read_member(key, value)) return otherwise;
        // The last of several members with the same key counts (RFC 9651 §3.2), whether we can use it or not.
        if (key == "u") {
            const bool is_urgency = value.type == Value::Type::integer && value.number >= 0 &&
                                    value.number < static_cast<int>(urgency_count);
            priority.urgency = is_urgency ? static_cast<std::uint8_t>(value.number) : otherwise.urgency;
        } else if (key == "i") {
            const Delivery sent = value.number == 1 ? Delivery::incremental : Delivery::whole;
            priority.delivery = value.type == Value::Type::boolean ? sent : otherwise.delivery;
        }
    }
    return priority;
}

}  // namespace portico::h2
