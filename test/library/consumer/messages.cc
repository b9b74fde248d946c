// messages.cc — a program that parses HTTP messages and prints which version of Portico it was built with.
#include <portico/http/content_type.h>
#include <portico/http/fields.h>
#include <portico/http/range.h>
#include <portico/version.h>

#include <iostream>
#include <string_view>

// Programs that use pkg-config know the version only from the header.
#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION PORTICO_VERSION_STRING
#endif
static_assert(std::string_view(PACKAGE_VERSION) == PORTICO_VERSION_STRING,
              "the header is of another version than the package");
static_assert(PORTICO_VERSION >= 100);

int main() {
    namespace http = portico::http;
    http::FieldSection fields;
    fields.add("Range", "bytes=0-9");
    const auto range = fields.find("range");
    const bool right = range && http::content_type_of("index.html").value.starts_with("text/html") &&
                       http::select_ranges(*range, 100).parts().size() == 1;
    std::cout << "Portico " PORTICO_VERSION_STRING << (right ? "\n" : " misreads a field\n");
    return right ? 0 : 1;
}
