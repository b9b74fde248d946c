// portico/embed/form_fuzz.cc — any octets as a form: every way to read it gives the same result, and encoding followed
// by decoding gives the original.
//
// Room embed: see response.h.
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "portico/embed/form.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const portico::Form form(text);
    std::string again;
    for (const auto& [name, value] : form.values()) {
        assert(portico::find_in_form(text, name) == form.find(name));
        portico::append_to_form(again, name, value);
    }
    assert(portico::Form(again).values() == form.values());

    std::string encoded;
    portico::append_percent_encoded(encoded, text);
    assert(portico::decode_form(encoded) == text);
    assert(encoded.find_first_of("&=+/?#<>\"'\r\n ") == std::string::npos);

    const std::string escaped = portico::escape_html(text);
    assert(escaped.find_first_of("<>\"'") == std::string::npos);
    return 0;
}
