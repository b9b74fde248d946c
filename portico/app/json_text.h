// portico/app/json_text.h — what --json prints: small JSON texts, written from front to back.
//
// Room app: see command.h.
// Threads:   none. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "portico/io/net/address.h"

namespace portico::app {

// The text of a JSON value. It has its own type, so that it is not taken for a string.
struct JsonText {
    std::string text;
};

JsonText json_of(std::string_view value);
JsonText json_of(std::uint64_t value);
JsonText json_of(bool value);
inline JsonText json_of(const char* value) { return json_of(std::string_view(value)); }
inline JsonText json_of(const std::string& value) { return json_of(std::string_view(value)); }
inline JsonText json_of(JsonText value) { return value; }
inline JsonText json_null() { return {"null"}; }

class JsonObject {
public:
    template <class Value>
    JsonObject& add(std::string_view name, const Value& value) {
        add_text(name, json_of(value).text);
        return *this;
    }
    [[nodiscard]] JsonText done() const { return {"{" + members_ + "}"}; }

private:
    void add_text(std::string_view name, std::string_view value);
    std::string members_;
};

class JsonArray {
public:
    void add(const JsonText& value) { elements_ += (elements_.empty() ? "" : ", ") + value.text; }
    // Puts each element on a separate line.
    void add_line(const JsonText& value) { elements_ += (elements_.empty() ? "\n  " : ",\n  ") + value.text; }
    [[nodiscard]] JsonText done() const { return {"[" + elements_ + (elements_.starts_with('\n') ? "\n]" : "]")}; }

private:
    std::string elements_;
};

// {"address": "::1", "family": "ipv6", "reach": "loopback"}; the caller may add more members.
JsonObject json_object_of(const io::IpAddress& address);

}  // namespace portico::app
