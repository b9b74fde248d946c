// portico/embed/json_text.h — the JSON text of an answer, written without building a value first.
//
// Room embed: see response.h.
// Threads:   values.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace portico {
namespace detail {

// Writes what nlohmann's library turns into JSON; portico/json.h has it.
template <class Value>
struct JsonText;

// An empty text that has the room that most answers need.
std::string json_buffer();
// Append a value. Octets of a string that are not UTF-8 become U+FFFD; a number that is not finite becomes null.
void append_json_string(std::string& out, std::string_view text);
void append_json_number(std::string& out, std::int64_t number);
void append_json_number(std::string& out, std::uint64_t number);
void append_json_number(std::string& out, double number);

// A member of an object, as Response::json() is given it: {"name", value}, or {"name", {members}}. It refers to its
// name and its value: it is an argument, and nothing else.
class JsonMember {
public:
    template <class Value>
    JsonMember(std::string_view name, const Value& value)
        : name_(name), value_(std::addressof(value)), append_(append_value<Value>) {}
    JsonMember(std::string_view name, std::initializer_list<JsonMember> members)
        : name_(name), value_(members.begin()), members_(members.size()), append_(append_object) {}
    JsonMember(const JsonMember&) = delete;
    JsonMember& operator=(const JsonMember&) = delete;
    ~JsonMember() = default;

    // Appends an object that has these `count` members.
    static void append_all(std::string& out, const JsonMember* members, std::size_t count);

private:
    template <class Value>
    static void append_value(std::string& out, const JsonMember& member) {
        const Value& value = *static_cast<const Value*>(member.value_);
        if constexpr (std::same_as<Value, bool>) {
            out += value ? "true" : "false";
        } else if constexpr (std::signed_integral<Value>) {
            append_json_number(out, std::int64_t{value});
        } else if constexpr (std::unsigned_integral<Value>) {
            append_json_number(out, std::uint64_t{value});
        } else if constexpr (std::floating_point<Value>) {
            append_json_number(out, static_cast<double>(value));
        } else if constexpr (std::convertible_to<const Value&, std::string_view>) {
            append_json_string(out, value);
        } else {
            constexpr bool is_known = requires { JsonText<Value>::append(out, value); };
            static_assert(is_known, "Response::json() needs #include <portico/json.h>");
            if constexpr (is_known) JsonText<Value>::append(out, value);
        }
    }
    static void append_object(std::string& out, const JsonMember& member);

    std::string_view name_;
    const void* value_;        // a Value, or the first of its members
    std::size_t members_ = 0;  // 0 for a Value
    void (*append_)(std::string& out, const JsonMember& member);
};

}  // namespace detail
}  // namespace portico
