// portico/acme/acme_answers_fuzz.cc — any octets as what an authority answers.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "portico/acme/base64url.h"
#include "portico/acme/documents.h"
#include "portico/acme/names.h"
#include "portico/acme/schedule.h"
#include "portico/acme/store.h"

namespace {

using namespace portico::acme;

void check(bool holds) {
    if (!holds) std::abort();
}

// An error says what is wrong.
template <class Document>
bool is_read(const Read<Document>& read) {
    check(read.has_value() || !read.error().empty());
    return read.has_value();
}

void check_documents(std::string_view text) {
    const auto directory = read_directory(text);
    if (is_read(directory)) {
        check(is_https(directory->new_nonce) && is_https(directory->new_account) && is_https(directory->new_order));
        check(directory->renewal_info.empty() || is_https(directory->renewal_info));
    }
    const auto order = read_order(text);
    if (is_read(order)) {
        check(is_https(order->finalize) && order->authorizations.size() <= list_length_max);
        for (const std::string& url : order->authorizations) check(is_https(url));
        check(order->status != OrderStatus::valid || is_https(order->certificate));
    }
    const auto authorization = read_authorization(text);
    if (is_read(authorization)) {
        check(authorization->challenges.size() <= list_length_max);
        for (const Challenge& challenge : authorization->challenges) {
            check(is_https(challenge.url) && !challenge.type.empty());
            check(challenge.token.size() <= token_octets_max && challenge.token.find('/') == std::string::npos);
        }
    }
    static_cast<void>(is_read(read_problem(text)));
    const auto window = read_renewal_info(text);
    if (is_read(window)) check(window->start < window->end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_documents(text);
    const auto octets = from_base64url(text);
    if (octets) check(base64url(*octets) == text);
    check(from_base64url(base64url(text)) == text);
    const auto wait = read_retry_after(text, std::chrono::sys_seconds{});
    if (wait) check(wait->count() >= 0 && *wait <= std::chrono::hours(7 * 24));
    const auto name = read_name(text);
    if (name) check(read_name(*name) == *name && certificate_path(*name).find("/../") == std::string::npos);
    const auto stored = read_certificate(std::string(text));
    if (stored) check(text_of(*stored) == text);
    static_cast<void>(read_attempts(text));
    return 0;
}
