// portico/handler/files/listing.h — renders the page that lists a folder, as HTML and as JSON.
//
// Room handler: see options.h.
// Threads:   none; pure functions. Rendering ten thousand entries takes some ten milliseconds: not on a core's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portico::files {

enum class SortKey : std::uint8_t { name, size, date };
enum class SortDirection : std::uint8_t { ascending, descending };
enum class ListingFormat : std::uint8_t { html, json };

struct SortOrder {
    SortKey key = SortKey::name;
    SortDirection direction = SortDirection::ascending;
    friend bool operator==(const SortOrder&, const SortOrder&) = default;
};

// Reads "sort=size&order=desc" from a query, which may have other parameters too. Ignores what it does not understand:
// a listing has an order, whatever the query says.
[[nodiscard]] SortOrder parse_sort_order(std::string_view query);

struct ListedEntry {
    enum class Kind : std::uint8_t { file, folder };
    enum class Reached : std::uint8_t { directly, by_link };
    std::string name;  // any octets but "/" and NUL
    Kind kind = Kind::file;
    std::uint64_t size = 0;  // octets; meaningless for a folder
    std::chrono::sys_time<std::chrono::nanoseconds> modified;
    Reached reached = Reached::directly;
};

// The content of a folder, in no particular order.
struct FoundFolder {
    std::vector<ListedEntry> entries;
    bool truncated = false;  // there are more entries than these
};

// Links to the folder's archives.
enum class ArchiveLinks : std::uint8_t { none, shown };

// A form to send files to the folder.
enum class UploadForm : std::uint8_t { none, shown };

// The script that reloads the page when a file changes.
enum class LiveScript : std::uint8_t { none, present };

// A page to render.
struct ListedFolder {
    std::string_view path;  // decoded, with a slash at both ends
    std::vector<ListedEntry> entries;
    SortOrder order;
    bool truncated = false;  // there are more entries than these
    ArchiveLinks archives = ArchiveLinks::none;
    UploadForm upload_form = UploadForm::none;
    LiveScript live_script = LiveScript::none;
    // The name and the text of a file that is shown below the list: Markdown if its name says so.
    std::optional<std::pair<std::string, std::string>> read_me = {};
};

// The file that is shown below a list: README, README.md or README.txt, in any case. Null: there is none.
[[nodiscard]] const ListedEntry* find_read_me(const std::vector<ListedEntry>& entries);

// The Content-Security-Policy of a page: the only scripts that it runs are those which it has by itself, and it loads
// nothing, so that an error in escaping could do no harm. A literal, or as long-lived.
[[nodiscard]] std::string_view listing_policy(UploadForm upload_form, LiveScript live_script);

// The last segment of a folder's path: "b" for "/a/b/"; empty for the root.
[[nodiscard]] std::string_view folder_name(std::string_view path);

// Sorts folders first, whatever the order. Sorts names as people do: "file 9" before "file 10", "b" after "A".
void sort_entries(std::vector<ListedEntry>& entries, SortOrder order);

// Renders the page: HTML or JSON in UTF-8, with the entries in their present order.
[[nodiscard]] std::string render_listing(const ListedFolder& folder, ListingFormat format);

}  // namespace portico::files
