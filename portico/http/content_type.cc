// portico/http/content_type.cc — see content_type.h.
#include "portico/http/content_type.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "portico/http/fields.h"

namespace portico::http {
namespace {

struct Row {
    std::string_view extension;  // in lower case
    std::string_view type;
};

constexpr std::string_view plain_text = "text/plain; charset=utf-8";
constexpr std::string_view unknown = "application/octet-stream";

// JSON has no charset: it is UTF-8 (RFC 8259 §8.1). Types are IANA's if there is one. Files that a browser should show
// rather than save are text/plain.
constexpr auto extensions = std::to_array<Row>({
    // The web
    Row{"html", "text/html; charset=utf-8"},
    Row{"htm", "text/html; charset=utf-8"},
    Row{"shtml", "text/html; charset=utf-8"},
    Row{"xhtml", "application/xhtml+xml; charset=utf-8"},
    Row{"xht", "application/xhtml+xml; charset=utf-8"},
    Row{"css", "text/css; charset=utf-8"},
    Row{"js", "text/javascript; charset=utf-8"},
    Row{"mjs", "text/javascript; charset=utf-8"},
    Row{"cjs", "text/javascript; charset=utf-8"},
    Row{"json", "application/json"},
    Row{"map", "application/json"},
    Row{"topojson", "application/json"},
    Row{"jsonld", "application/ld+json"},
    Row{"geojson", "application/geo+json"},
    Row{"webmanifest", "application/manifest+json"},
    Row{"wasm", "application/wasm"},
    Row{"xml", "application/xml; charset=utf-8"},
    Row{"xsd", "application/xml; charset=utf-8"},
    Row{"xsl", "application/xml; charset=utf-8"},
    Row{"xslt", "application/xslt+xml; charset=utf-8"},
    Row{"rss", "application/rss+xml; charset=utf-8"},
    Row{"atom", "application/atom+xml; charset=utf-8"},
    Row{"gpx", "application/gpx+xml; charset=utf-8"},
    Row{"kml", "application/vnd.google-earth.kml+xml; charset=utf-8"},
    Row{"webapp", "application/x-web-app-manifest+json"},
    Row{"appcache", "text/cache-manifest; charset=utf-8"},
    Row{"vtt", "text/vtt; charset=utf-8"},
    Row{"jsonl", "application/jsonl"},
    Row{"ndjson", "application/jsonl"},
    Row{"json5", "application/json5"},
    // Text
    Row{"txt", plain_text},
    Row{"text", plain_text},
    Row{"log", plain_text},
    Row{"conf", plain_text},
    Row{"cfg", plain_text},
    Row{"ini", plain_text},
    Row{"env", plain_text},
    Row{"diff", plain_text},
    Row{"patch", plain_text},
    Row{"asc", plain_text},
    Row{"srt", plain_text},
    Row{"md", "text/markdown; charset=utf-8"},
    Row{"markdown", "text/markdown; charset=utf-8"},
    Row{"mkd", "text/markdown; charset=utf-8"},
    Row{"csv", "text/csv; charset=utf-8"},
    Row{"tsv", "text/tab-separated-values; charset=utf-8"},
    Row{"ics", "text/calendar; charset=utf-8"},
    Row{"vcf", "text/vcard; charset=utf-8"},
    Row{"yaml", "application/yaml"},
    Row{"yml", "application/yaml"},
    Row{"toml", "application/toml"},
    Row{"rst", plain_text},
    Row{"adoc", plain_text},
    Row{"org", plain_text},
    Row{"tex", plain_text},
    Row{"bib", plain_text},
    Row{"properties", plain_text},
    Row{"lock", plain_text},
    Row{"sql", "application/sql; charset=utf-8"},
    Row{"htc", "text/x-component; charset=utf-8"},
    // Source texts
    Row{"c", plain_text},
    Row{"h", plain_text},
    Row{"cc", plain_text},
    Row{"cpp", plain_text},
    Row{"cxx", plain_text},
    Row{"hh", plain_text},
    Row{"hpp", plain_text},
    Row{"hxx", plain_text},
    Row{"rs", plain_text},
    Row{"go", plain_text},
    Row{"py", plain_text},
    Row{"pyi", plain_text},
    Row{"rb", plain_text},
    Row{"pl", plain_text},
    Row{"pm", plain_text},
    Row{"php", plain_text},
    Row{"java", plain_text},
    Row{"kt", plain_text},
    Row{"kts", plain_text},
    Row{"scala", plain_text},
    Row{"swift", plain_text},
    Row{"m", plain_text},
    Row{"mm", plain_text},
    Row{"cs", plain_text},
    Row{"fs", plain_text},
    Row{"hs", plain_text},
    Row{"ml", plain_text},
    Row{"lua", plain_text},
    Row{"r", plain_text},
    Row{"jl", plain_text},
    Row{"zig", plain_text},
    Row{"nim", plain_text},
    Row{"dart", plain_text},
    Row{"ex", plain_text},
    Row{"exs", plain_text},
    Row{"erl", plain_text},
    Row{"clj", plain_text},
    Row{"el", plain_text},
    Row{"lisp", plain_text},
    Row{"vim", plain_text},
    Row{"sh", plain_text},
    Row{"bash", plain_text},
    Row{"zsh", plain_text},
    Row{"fish", plain_text},
    Row{"bat", plain_text},
    Row{"ps1", plain_text},
    Row{"cmake", plain_text},
    Row{"mk", plain_text},
    Row{"gradle", plain_text},
    Row{"tsx", plain_text},
    Row{"jsx", plain_text},
    Row{"vue", plain_text},
    Row{"svelte", plain_text},
    Row{"scss", plain_text},
    Row{"sass", plain_text},
    Row{"less", plain_text},
    Row{"styl", plain_text},
    Row{"coffee", plain_text},
    Row{"graphql", plain_text},
    Row{"gql", plain_text},
    Row{"proto", plain_text},
    Row{"asm", plain_text},
    Row{"s", plain_text},
    Row{"v", plain_text},
    Row{"vhd", plain_text},
    Row{"tcl", plain_text},
    Row{"awk", plain_text},
    Row{"sed", plain_text},
    Row{"d", plain_text},
    Row{"nix", plain_text},
    Row{"tf", plain_text},
    Row{"dockerfile", plain_text},
    // Images
    Row{"png", "image/png"},
    Row{"apng", "image/apng"},
    Row{"jpg", "image/jpeg"},
    Row{"jpeg", "image/jpeg"},
    Row{"jpe", "image/jpeg"},
    Row{"jfif", "image/jpeg"},
    Row{"gif", "image/gif"},
    Row{"webp", "image/webp"},
    Row{"avif", "image/avif"},
    Row{"jxl", "image/jxl"},
    Row{"svg", "image/svg+xml; charset=utf-8"},
    Row{"ico", "image/vnd.microsoft.icon"},
    Row{"cur", "image/vnd.microsoft.icon"},
    Row{"bmp", "image/bmp"},
    Row{"tif", "image/tiff"},
    Row{"tiff", "image/tiff"},
    Row{"heic", "image/heic"},
    Row{"heif", "image/heif"},
    Row{"jp2", "image/jp2"},
    Row{"psd", "image/vnd.adobe.photoshop"},
    // Fonts
    Row{"woff2", "font/woff2"},
    Row{"woff", "font/woff"},
    Row{"ttf", "font/ttf"},
    Row{"otf", "font/otf"},
    Row{"ttc", "font/collection"},
    Row{"eot", "application/vnd.ms-fontobject"},
    // Audio
    Row{"mp3", "audio/mpeg"},
    Row{"mp2", "audio/mpeg"},
    Row{"m4a", "audio/mp4"},
    Row{"m4b", "audio/mp4"},
    Row{"aac", "audio/aac"},
    Row{"ogg", "audio/ogg"},
    Row{"oga", "audio/ogg"},
    Row{"opus", "audio/ogg"},
    Row{"spx", "audio/ogg"},
    Row{"flac", "audio/flac"},
    Row{"wav", "audio/wav"},
    Row{"weba", "audio/webm"},
    Row{"mid", "audio/midi"},
    Row{"midi", "audio/midi"},
    Row{"aif", "audio/aiff"},
    Row{"aiff", "audio/aiff"},
    Row{"wma", "audio/x-ms-wma"},
    // Video
    Row{"mp4", "video/mp4"},
    Row{"m4v", "video/mp4"},
    Row{"webm", "video/webm"},
    Row{"ogv", "video/ogg"},
    Row{"mov", "video/quicktime"},
    Row{"qt", "video/quicktime"},
    Row{"avi", "video/x-msvideo"},
    Row{"mkv", "video/matroska"},
    Row{"mpg", "video/mpeg"},
    Row{"mpeg", "video/mpeg"},
    Row{"mpe", "video/mpeg"},
    Row{"ts", "video/mp2t"},
    Row{"m2ts", "video/mp2t"},
    Row{"flv", "video/x-flv"},
    Row{"wmv", "video/x-ms-wmv"},
    Row{"3gp", "video/3gpp"},
    Row{"m3u8", "application/vnd.apple.mpegurl"},
    Row{"m3u", "audio/mpegurl"},
    Row{"mpd", "application/dash+xml; charset=utf-8"},
    // Archives and packages
    Row{"zip", "application/zip"},
    Row{"gz", "application/gzip"},
    Row{"tgz", "application/gzip"},
    Row{"zst", "application/zstd"},
    Row{"tzst", "application/zstd"},
    Row{"bz2", "application/x-bzip2"},
    Row{"tbz2", "application/x-bzip2"},
    Row{"xz", "application/x-xz"},
    Row{"txz", "application/x-xz"},
    Row{"br", "application/x-brotli"},
    Row{"7z", "application/x-7z-compressed"},
    Row{"rar", "application/vnd.rar"},
    Row{"tar", "application/x-tar"},
    Row{"jar", "application/java-archive"},
    Row{"war", "application/java-archive"},
    Row{"ear", "application/java-archive"},
    Row{"deb", "application/vnd.debian.binary-package"},
    Row{"udeb", "application/vnd.debian.binary-package"},
    Row{"rpm", "application/x-rpm"},
    Row{"apk", "application/vnd.android.package-archive"},
    Row{"dmg", "application/x-apple-diskimage"},
    Row{"cpio", "application/x-cpio"},
    Row{"snap", "application/vnd.snap"},
    // Documents
    Row{"pdf", "application/pdf"},
    Row{"ps", "application/postscript"},
    Row{"eps", "application/postscript"},
    Row{"ai", "application/postscript"},
    Row{"rtf", "application/rtf"},
    Row{"epub", "application/epub+zip"},
    Row{"doc", "application/msword"},
    Row{"dot", "application/msword"},
    Row{"xls", "application/vnd.ms-excel"},
    Row{"xlt", "application/vnd.ms-excel"},
    Row{"ppt", "application/vnd.ms-powerpoint"},
    Row{"pps", "application/vnd.ms-powerpoint"},
    Row{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    Row{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    Row{"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    Row{"odt", "application/vnd.oasis.opendocument.text"},
    Row{"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    Row{"odp", "application/vnd.oasis.opendocument.presentation"},
    Row{"odg", "application/vnd.oasis.opendocument.graphics"},
    Row{"mobi", "application/x-mobipocket-ebook"},
    Row{"djvu", "image/vnd.djvu"},
    // Data and models
    Row{"sqlite", "application/vnd.sqlite3"},
    Row{"sqlite3", "application/vnd.sqlite3"},
    Row{"db", "application/vnd.sqlite3"},
    Row{"parquet", "application/vnd.apache.parquet"},
    Row{"npy", "application/x-ndarray"},
    Row{"gltf", "model/gltf+json"},
    Row{"glb", "model/gltf-binary"},
    Row{"stl", "model/stl"},
    Row{"obj", "model/obj"},
    Row{"3mf", "model/3mf"},
    Row{"sig", "application/pgp-signature"},
    Row{"pem", "application/pem-certificate-chain"},
    Row{"crt", "application/pkix-cert"},
    Row{"cer", "application/pkix-cert"},
    Row{"torrent", "application/x-bittorrent"},
    Row{"ipynb", "application/x-ipynb+json"},
    Row{"ttl", "text/turtle; charset=utf-8"},
    // Octets without a more specific type
    Row{"bin", "application/octet-stream"},
    Row{"exe", "application/octet-stream"},
    Row{"dll", "application/octet-stream"},
    Row{"so", "application/octet-stream"},
    Row{"dat", "application/octet-stream"},
    Row{"img", "application/octet-stream"},
    Row{"iso", "application/octet-stream"},
    Row{"msi", "application/octet-stream"},
});

// Names of text files without an extension.
constexpr auto text_names = std::to_array<std::string_view>(
    {"license",     "licence", "readme",   "changelog", "copying",     "authors",    "contributors",
     "notice",      "install", "news",     "todo",      "makefile",    "dockerfile", "containerfile",
     "jenkinsfile", "gemfile", "rakefile", "procfile",  "vagrantfile", "codeowners"});

constexpr std::size_t key_octets_max = 16;

// A name or extension in lower case, and its hash (FNV-1a).
struct Key {
    std::array<char, key_octets_max> text{};
    std::size_t octets = 0;
    std::uint32_t hash = 2166136261U;
    [[nodiscard]] constexpr std::string_view view() const { return {text.data(), octets}; }
};

constexpr Key make_key(std::string_view name) {
    Key key;
    for (const char c : name) {
        const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        key.text[key.octets++] = low;
        key.hash = (key.hash ^ static_cast<unsigned char>(low)) * 16777619U;
    }
    return key;
}

// Types that compress well; text/*, *+xml and *+json are not listed.
constexpr auto compressible_types = std::to_array<std::string_view>({
    "application/json",
    "application/json5",
    "application/jsonl",
    "application/xml",
    "application/javascript",
    "application/wasm",
    "application/yaml",
    "application/toml",
    "application/sql",
    "application/rtf",
    "application/postscript",
    "application/x-tar",
    "application/vnd.apple.mpegurl",
    "audio/mpegurl",
    "application/vnd.ms-fontobject",
    "application/pem-certificate-chain",
    "application/vnd.sqlite3",
    "font/ttf",
    "font/otf",
    "font/collection",
    "image/bmp",
    "image/vnd.microsoft.icon",
    "image/vnd.adobe.photoshop",
    "audio/wav",
    "audio/midi",
    "model/stl",
    "model/obj",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
});

// `type` is in lower case and without parameters.
constexpr bool shrinks(std::string_view type) {
    if (type.starts_with("text/") || type.ends_with("+xml") || type.ends_with("+json")) return true;
    return std::find(compressible_types.begin(), compressible_types.end(), type) != compressible_types.end();
}

constexpr std::string_view without_parameters(std::string_view type) { return type.substr(0, type.find(';')); }

// The row of an extension: a table with open addressing, never more than half full.
struct Slot {
    std::string_view extension;
    ContentType type;
};
constexpr std::size_t extension_slot_count = 1024;
static_assert(extensions.size() * 2 <= extension_slot_count &&
              (extension_slot_count & (extension_slot_count - 1)) == 0);

// The low bits of FNV-1a alone mix short keys badly.
constexpr std::size_t extension_slot_of(std::uint32_t hash) { return (hash ^ hash >> 15) % extension_slot_count; }

consteval std::array<Slot, extension_slot_count> make_extension_slots() {
    std::array<Slot, extension_slot_count> extension_slots{};
    for (const Row& row : extensions) {
        std::size_t at = extension_slot_of(make_key(row.extension).hash);
        while (!extension_slots[at].extension.empty()) at = (at + 1) % extension_slot_count;
        extension_slots[at] = Slot{row.extension, ContentType{row.type, shrinks(without_parameters(row.type))}};
    }
    return extension_slots;
}
constexpr auto extension_slots = make_extension_slots();

ContentType type_of_extension(std::string_view extension) {
    if (extension.empty() || extension.size() > key_octets_max) return {unknown, false};
    const Key key = make_key(extension);
    for (std::size_t at = extension_slot_of(key.hash);; at = (at + 1) % extension_slot_count) {
        if (extension_slots[at].extension == key.view()) return extension_slots[at].type;
        if (extension_slots[at].extension.empty()) return {unknown, false};
    }
}

ContentType type_of_bare_name(std::string_view name) {
    if (name.size() > key_octets_max) return {unknown, false};
    const Key key = make_key(name);
    const bool known = std::find(text_names.begin(), text_names.end(), key.view()) != text_names.end();
    return known ? ContentType{plain_text, true} : ContentType{unknown, false};
}

}  // namespace

ContentType content_type_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return type_of_bare_name(name);
    return dot == 0 ? ContentType{unknown, false} : type_of_extension(name.substr(dot + 1));
}

bool is_compressible(std::string_view media_type) {
    constexpr std::size_t type_octets_max = 64;
    const std::string_view type = trim(without_parameters(media_type));
    if (type.size() > type_octets_max) return false;
    std::array<char, type_octets_max> low{};
    std::transform(type.begin(), type.end(), low.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return shrinks({low.data(), type.size()});
}

}  // namespace portico::http
