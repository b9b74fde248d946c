// Names of any octets: the page stays well-formed, and all of its markup is ours.
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "portico/handler/files/listing.h"
#include "portico/http/target.h"
#include "portico/http/utf8.h"

namespace {

using namespace portico;

// The input is a query and names, separated by "/" and NUL, which names cannot contain. The first octets choose.
files::ListedFolder folder_of(std::string_view input, std::string& path) {
    files::ListedFolder folder;
    const std::uint8_t choice = input.empty() ? 0 : static_cast<std::uint8_t>(input.front());
    input.remove_prefix(std::min<std::size_t>(1, input.size()));
    folder.truncated = (choice & 1) != 0;
    // Markdown has markup of its own: markdown_fuzz.
    if ((choice & 4) != 0) folder.read_me.emplace(std::string(input.substr(0, input.find('\n'))) + ".txt", input);
    if ((choice & 8) != 0) folder.upload_form = files::UploadForm::shown;
    bool first = true;
    while (!input.empty()) {
        constexpr std::string_view parting("/\0", 2);
        const std::size_t end = std::min(input.find_first_of(parting), input.size());
        const std::string_view part = input.substr(0, end);
        input.remove_prefix(std::min(end + 1, input.size()));
        if (first) {
            folder.order = files::parse_sort_order(part);
        } else if (!part.empty() && (choice & 2) != 0 && path.size() < 100) {
            path.append(part).push_back('/');
        } else if (!part.empty()) {
            const bool is_folder = (part.size() & 1) != 0;
            folder.entries.push_back({std::string(part),
                                      is_folder ? files::ListedEntry::Kind::folder : files::ListedEntry::Kind::file,
                                      part.size() * 1'000'003,
                                      {}});
        }
        first = false;
    }
    folder.path = path;
    return folder;
}

std::size_t count(std::string_view text, char c) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), c));
}

void check_text(std::string_view text) {
    assert(http::is_utf8(text));
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        assert(octet == '\n' || octet == '\t' || (octet >= 0x20 && octet != 0x7f));
    }
}

// The same folder with harmless names. If it has as much markup as before, all of the page's markup is ours.
files::ListedFolder harmless(const files::ListedFolder& folder, std::string& path) {
    files::ListedFolder other = folder;
    for (files::ListedEntry& entry : other.entries) std::fill(entry.name.begin(), entry.name.end(), 'a');
    if (other.read_me) {
        std::fill(other.read_me->first.begin(), other.read_me->first.end(), 'a');
        for (char& c : other.read_me->second) c = c == '\n' || c == '\r' || c == '\t' ? c : 'a';
    }
    for (char& c : path) c = c == '/' ? '/' : 'a';
    other.path = path;
    return other;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string path = "/";
    files::ListedFolder folder = folder_of({reinterpret_cast<const char*>(data), size}, path);
    files::sort_entries(folder.entries, folder.order);
    std::string harmless_path = path;
    const files::ListedFolder plain = harmless(folder, harmless_path);
    for (const auto format : {files::ListingFormat::html, files::ListingFormat::json}) {
        const std::string page = files::render_listing(folder, format);
        const std::string plain_page = files::render_listing(plain, format);
        check_text(page);
        assert(count(page, '\n') == count(plain_page, '\n'));
        if (format == files::ListingFormat::json) continue;
        for (const char markup : {'<', '>', '"', '\''}) assert(count(page, markup) == count(plain_page, markup));
    }
    // Each link leads to its entry.
    for (const files::ListedEntry& entry : folder.entries) {
        if (entry.name == "." || entry.name == "..") continue;
        std::string link = "/";
        http::append_encoded_path(link, entry.name);
        std::string buffer;
        const auto decoded = http::decode_path(link, buffer);
        assert(!decoded || *decoded == "/" + entry.name);
    }
    return 0;
}
