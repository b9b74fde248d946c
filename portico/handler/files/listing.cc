// portico/handler/files/listing.cc — see listing.h.
#include "portico/handler/files/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <cstddef>
#include <iterator>
#include <optional>

#include "portico/base/quantity.h"
#include "portico/handler/files/listing_script.h"
#include "portico/handler/files/live.h"
#include "portico/handler/files/markdown.h"
#include "portico/http/html.h"
#include "portico/http/json.h"
#include "portico/http/target.h"
#include "portico/route/style_sheet.h"

namespace portico::files {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
unsigned char lower(char c) { return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c); }

// Removes a run of digits from the front of `text`, and returns it without leading zeros.
std::string_view take_number(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    std::string_view number = text.substr(0, end);
    text.remove_prefix(end);
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
    return number;
}

// Compares numbers by value, and letters without their case.
std::strong_ordering compare_naturally(std::string_view a, std::string_view b) {
    while (!a.empty() && !b.empty()) {
        if (is_digit(a.front()) && is_digit(b.front())) {
            const std::string_view number_a = take_number(a);
            const std::string_view number_b = take_number(b);
            if (number_a.size() != number_b.size()) return number_a.size() <=> number_b.size();
            if (number_a != number_b) return number_a <=> number_b;
            continue;
        }
        if (lower(a.front()) != lower(b.front())) return lower(a.front()) <=> lower(b.front());
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    return a.size() <=> b.size();
}

std::strong_ordering compare_by(SortKey key, const ListedEntry& a, const ListedEntry& b) {
    switch (key) {
        case SortKey::name: break;
        case SortKey::size:
            if (a.kind == ListedEntry::Kind::file && a.size != b.size) return a.size <=> b.size;
            break;
        case SortKey::date:
            if (a.modified != b.modified) return a.modified <=> b.modified;
            break;
    }
    const auto natural = compare_naturally(a.name, b.name);
    return natural != std::strong_ordering::equal ? natural : a.name <=> b.name;
}

std::string_view word(SortKey key) {
    switch (key) {
        case SortKey::name: return "name";
        case SortKey::size: return "size";
        case SortKey::date: return "date";
    }
    return {};
}

// Empty for the usual order, so that most links have no query.
std::string query_of(SortOrder order) {
    if (order == SortOrder{}) return {};
    return fmt::format("?sort={}&amp;order={}", word(order.key),
                       order.direction == SortDirection::ascending ? "asc" : "desc");
}

void append_time(std::string& out, std::chrono::sys_time<std::chrono::nanoseconds> time, std::string_view pattern) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(seconds - day);
    fmt::format_to(std::back_inserter(out), fmt::runtime(pattern), static_cast<int>(date.year()),
                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                   clock.minutes().count(), clock.seconds().count());
}
constexpr std::string_view iso_pattern = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z";
constexpr std::string_view short_pattern = "{:04}-{:02}-{:02} <span>{:02}:{:02}</span>";

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

// Links are relative, so that they are right even behind a proxy that puts the site under a prefix.
void append_breadcrumbs(std::string& out, std::string_view path) {
    out += "<nav aria-label=\"Breadcrumb\"><ol>\n";
    auto levels_up = std::count(path.begin(), path.end(), '/') - 1;
    for (std::size_t end = 0; end < path.size(); end = path.find('/', end) + 1, --levels_up) {
        const std::string_view folder = path.substr(0, path.find('/', end) + 1);
        out += levels_up == 0 ? "<li><a aria-current=\"page\" href=\"./" : "<li><a href=\"";
        for (auto level = levels_up; level > 0; --level) out += "../";
        out += "\"><bdi>";
        folder.size() == 1 ? out += "Home" : (http::append_html(out, folder_name(folder)), out);
        out += "</bdi></a></li>\n";
    }
    out += "</ol></nav>\n";
}

void append_column_head(std::string& out, SortOrder current, SortKey key, std::string_view title) {
    SortOrder next{key, SortDirection::ascending};
    std::string_view state;
    std::string_view arrow;
    if (current.key == key) {
        const bool ascending = current.direction == SortDirection::ascending;
        if (ascending) next.direction = SortDirection::descending;
        state = ascending ? " aria-sort=\"ascending\"" : " aria-sort=\"descending\"";
        arrow = ascending ? " <span aria-hidden=\"true\">▲</span>" : " <span aria-hidden=\"true\">▼</span>";
    }
    // "?" alone leads back to the usual order: an empty link would keep the present query.
    const std::string query = query_of(next);
    fmt::format_to(std::back_inserter(out), "<th scope=\"col\"{}><a href=\"{}\">{}{}</a></th>\n", state,
                   query.empty() ? "?" : query, title, arrow);
}

void append_row(std::string& out, const ListedEntry& entry, std::string_view query) {
    const bool folder = entry.kind == ListedEntry::Kind::folder;
    out += folder ? "<tr class=\"folder\"><td><a href=\"" : "<tr><td><a href=\"";
    http::append_encoded_path(out, entry.name);
    if (folder) {
        out += '/';
        out += query;
    }
    out += "\"><bdi>";
    http::append_html(out, entry.name);
    out += folder ? "</bdi>/</a></td><td>" : "</bdi></a></td><td";
    if (!folder) fmt::format_to(std::back_inserter(out), " title=\"{} bytes\">{}", entry.size, size_text(entry.size));
    out += "</td><td><time datetime=\"";
    append_time(out, entry.modified, iso_pattern);
    out += "\">";
    append_time(out, entry.modified, short_pattern);
    out += "</time></td></tr>\n";
}

void append_summary(std::string& out, const ListedFolder& folder) {
    std::size_t folders = 0;
    std::uint64_t octets = 0;
    for (const ListedEntry& entry : folder.entries) {
        if (entry.kind == ListedEntry::Kind::folder) {
            ++folders;
        } else {
            octets += entry.size;
        }
    }
    const std::size_t files = folder.entries.size() - folders;
    out += "<p>";
    if (folder.entries.empty()) {
        out += "This folder is empty.";
    } else {
        out += counted(folders, "folder", "folders") + ", " + counted(files, "file", "files");
        if (files != 0) out += ", " + size_text(octets);
    }
    if (folder.truncated) {
        out += fmt::format(" <strong>There is more: only {} entries are shown.</strong>", folder.entries.size());
    }
    out += "</p>\n";
}

constexpr std::string_view filter_box =
    "<p class=\"filter\" hidden><label>Filter <input id=\"filter\" type=\"search\" autocomplete=\"off\"></label> "
    "<span id=\"found\" role=\"status\"></span></p>\n";
constexpr std::string_view upload_box =
    "<form id=\"upload\" method=\"post\" enctype=\"multipart/form-data\">\n"
    "<label>Send files to this folder <input type=\"file\" name=\"file\" multiple required></label> "
    "<button>Send</button>\n<ul id=\"sent\" aria-live=\"polite\"></ul>\n</form>\n";

void append_script(std::string& out, std::string_view script) {
    out += "<script>";
    out += script;
    out += "</script>\n";
}

void append_read_me(std::string& out, const std::pair<std::string, std::string>& read_me) {
    out += "<section class=\"text\"><h2><bdi>";
    http::append_html(out, read_me.first);
    out += "</bdi></h2>\n";
    if (text_form_of(read_me.first) == TextForm::markdown) {
        out += "<div class=\"markdown\" dir=\"auto\">\n" + render_markdown(read_me.second) + "</div></section>\n";
        return;
    }
    out += "<pre>";
    // Line ends and tabs are control octets, which are not shown in names.
    std::string_view text = read_me.second;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\n\r\t"), text.size());
        http::append_html(out, text.substr(0, end));
        if (end < text.size() && text[end] != '\r') out += text[end];
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    out += "</pre></section>\n";
}

std::string render_html(const ListedFolder& folder) {
    std::string out;
    out.reserve(4096 + folder.entries.size() * 256);
    const std::string_view name = folder_name(folder.path);
    out += route::page_start;
    out += "<title>";
    name.empty() ? out += "Home" : (http::append_html(out, name), out);
    out += " – files</title>\n<style>";
    out += route::listing_style;
    out += "</style>\n</head>\n<body>\n<header>\n";
    append_breadcrumbs(out, folder.path);
    out += "<h1><bdi>";
    name.empty() ? out += "Home" : (http::append_html(out, name), out);
    out += "</bdi></h1>\n</header>\n<main>\n";
    out += filter_box;
    out += "<table>\n<caption>Files and folders</caption>\n<thead><tr>\n";
    append_column_head(out, folder.order, SortKey::name, "Name");
    append_column_head(out, folder.order, SortKey::size, "Size");
    append_column_head(out, folder.order, SortKey::date, "Modified <small>(UTC)</small>");
    out += "</tr></thead>\n<tbody>\n";
    const std::string query = query_of(folder.order);
    if (folder.path.size() > 1) {
        out += "<tr class=\"parent\"><td><a href=\"../" + query + "\">Parent folder</a></td><td></td><td></td></tr>\n";
    }
    for (const ListedEntry& entry : folder.entries) append_row(out, entry, query);
    out += "</tbody>\n</table>\n";
    append_summary(out, folder);
    if (folder.archives == ArchiveLinks::shown && !folder.entries.empty()) {
        out +=
            "<p>Everything here as one file: <a href=\"?download=zip\" download>.zip</a>, "
            "<a href=\"?download=tar.zst\" download>.tar.zst</a></p>\n";
    }
    if (folder.upload_form == UploadForm::shown) out += upload_box;
    if (folder.read_me) append_read_me(out, *folder.read_me);
    out += "</main>\n";
    append_script(out, filter_script);
    if (folder.upload_form == UploadForm::shown) append_script(out, upload_script);
    out += "</body>\n</html>\n";
    if (folder.live_script == LiveScript::present) add_live_script(out);
    return out;
}

std::string render_json(const ListedFolder& folder) {
    std::string out;
    std::string scratch;
    http::JsonWriter json(out);
    json.open_object();
    json.member("path", folder.path);
    json.member("truncated", folder.truncated);
    json.name("entries");
    json.open_array();
    for (const ListedEntry& entry : folder.entries) {
        const bool is_folder = entry.kind == ListedEntry::Kind::folder;
        json.break_line();
        json.open_object();
        json.member("name", entry.name);
        // A name that is not UTF-8 can't be written in JSON, but the link leads to it.
        scratch.clear();
        http::append_encoded_path(scratch, entry.name);
        if (is_folder) scratch += '/';
        json.member("href", scratch);
        json.member("type", is_folder ? "folder" : "file");
        if (!is_folder) json.member("size", entry.size);
        scratch.clear();
        append_time(scratch, entry.modified, iso_pattern);
        json.member("modified", scratch);
        json.close_object();
    }
    if (!folder.entries.empty()) json.break_line();
    json.close_array();
    json.close_object();
    out += '\n';
    return out;
}

}  // namespace

std::string_view folder_name(std::string_view path) {
    path.remove_suffix(1);
    return path.substr(path.rfind('/') + 1);
}

const ListedEntry* find_read_me(const std::vector<ListedEntry>& entries) {
    for (const std::string_view name : {"readme.md", "readme", "readme.txt"}) {
        for (const ListedEntry& entry : entries) {
            const bool is_file = entry.kind == ListedEntry::Kind::file;
            if (is_file && std::ranges::equal(entry.name, name, {}, lower)) return &entry;
        }
    }
    return nullptr;
}

std::string_view listing_policy(UploadForm upload_form, LiveScript live_script) {
    const auto policy = [](std::string_view more, std::string_view scripts) {
        return fmt::format(
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; {}; script-src "
            "'{}'{}",
            more, filter_script_hash, scripts);
    };
    static const std::string usual = policy("form-action 'none'", "");
    static const std::string with_form =
        policy("form-action 'self'; connect-src 'self'", fmt::format(" '{}'", upload_script_hash));
    // No source names one path of this server, so the page may run each script of it.
    static const std::string live = policy("form-action 'none'; connect-src 'self'", " 'self'");
    if (upload_form == UploadForm::shown) return with_form;
    return live_script == LiveScript::present ? live : usual;
}

SortOrder parse_sort_order(std::string_view query) {
    SortOrder order;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view parameter = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        for (const SortKey key : {SortKey::name, SortKey::size, SortKey::date}) {
            if (parameter.starts_with("sort=") && parameter.substr(5) == word(key)) order.key = key;
        }
        if (parameter == "order=asc") order.direction = SortDirection::ascending;
        if (parameter == "order=desc") order.direction = SortDirection::descending;
    }
    return order;
}

void sort_entries(std::vector<ListedEntry>& entries, SortOrder order) {
    std::sort(entries.begin(), entries.end(), [order](const ListedEntry& a, const ListedEntry& b) {
        if (a.kind != b.kind) return a.kind == ListedEntry::Kind::folder;
        const auto ordering = compare_by(order.key, a, b);
        return order.direction == SortDirection::ascending ? ordering < 0 : ordering > 0;
    });
}

std::string render_listing(const ListedFolder& folder, ListingFormat format) {
    switch (format) {
        case ListingFormat::html: return render_html(folder);
        case ListingFormat::json: return render_json(folder);
    }
    return {};
}

}  // namespace portico::files
