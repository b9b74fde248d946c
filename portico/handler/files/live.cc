// portico/handler/files/live.cc — see live.h.
#include "portico/handler/files/live.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "portico/handler/files/upload.h"
#include "portico/http/json.h"
#include "portico/http/target.h"
#include "portico/route/refusal_page.h"

namespace portico::files {
namespace {

using http::FieldName;
using http::Status;

// Runs in every page. A hidden page closes its stream: browsers have six connections to a server for all of its pages.
constexpr std::string_view script_start = "\"use strict\";\n(() => {\nlet state = \"";
constexpr std::string_view script_rest = R"js(";
const navigation = performance.getEntriesByType("navigation")[0];
const wasRefused = navigation !== undefined && navigation.responseStatus >= 400;
let stream = null;
const reload = async () => {
  // A page that is being built may be missing for a moment. The next change tries again.
  const options = { method: "HEAD", cache: "no-store", headers: { Accept: "text/html, */*" } };
  const answer = await fetch(location.href, options).catch(() => null);
  if (answer !== null && (answer.ok || wasRefused)) location.reload();
};
const plain = path => { try { return decodeURIComponent(path); } catch { return path; } };
const sheets = path => [...document.querySelectorAll('link[rel~="stylesheet"][href]')].filter(link => {
  const url = new URL(link.href);
  return url.origin === location.origin && plain(url.pathname) === plain(path);
});
const restyle = link => {
  if (link.dataset.porticoReplaced) return;
  link.dataset.porticoReplaced = "yes";
  const fresh = link.cloneNode(), url = new URL(link.href);
  url.searchParams.set("portico-live", state);
  fresh.href = url.href;
  delete fresh.dataset.porticoReplaced;
  fresh.addEventListener("load", () => link.remove());
  link.after(fresh);
};
const take = news => {
  if (news.state === state) return;
  const inOrder = news.before === state;
  state = news.state;
  const links = news.styles.map(sheets);
  if (inOrder && links.length > 0 && links.every(found => found.length > 0)) links.flat().forEach(restyle);
  else reload();
};
const close = () => {
  if (stream !== null) stream.close();
  stream = null;
};
const open = () => {
  if (stream !== null || document.hidden) return;
  stream = new EventSource(new URL("/.portico-live/events", location.origin));
  stream.onmessage = event => take(JSON.parse(event.data));
  stream.onerror = () => { close(); setTimeout(open, 1000); };
};
document.addEventListener("visibilitychange", () => document.hidden ? close() : open());
addEventListener("pagehide", close);
addEventListener("pageshow", open);
open();
})();
)js";

// An event names no more style sheets than this: pages reload if more have changed.
constexpr std::size_t styles_max = 16;

std::string styles_among(const io::FolderChanges& changes) {
    const bool is_listed = changes.listed == io::FolderChanges::Listed::all && changes.names.size() <= styles_max;
    const auto is_style = [](const std::string& name) { return name.ends_with(".css"); };
    if (!is_listed || !std::ranges::all_of(changes.names, is_style)) return "[]";
    std::string styles;
    http::JsonWriter json(styles);
    json.open_array();
    for (const std::string& name : changes.names) {
        std::string path = "/";
        http::append_encoded_path(path, name);
        json.value(path);
    }
    json.close_array();
    return styles;
}

std::string event_text(const LiveReload& live, const LiveNews& news) { return "data: " + live.event(news) + "\n\n"; }

// Tells one browser, until it leaves.
Task<bool> tell_browser(LiveReload& live, io::Core& core, http::ContentWriter& writer) {
    Subscription<LiveNews> subscription = live.news().subscribe(core);
    if (live.has_too_many()) co_return false;  // others came between the answer and its content
    std::string text = event_text(live, live.now());
    for (;;) {
        const bool sent = co_await writer.write(text);
        if (!sent) co_return false;
        const std::optional<LiveNews> news = co_await subscription.next();
        if (!news) co_return true;
        text = event_text(live, *news);
    }
}

class LiveHandler final : public route::Handler {
public:
    LiveHandler(LiveReload& live, io::Core& core) : live_(&live), core_(&core) {}

    bool answer_at_once(link::Exchange& exchange) override {
        const std::string_view path = exchange.path();
        http::Response& response = exchange.response();
        if (path == "/.portico-live/script.js") {
            response.fields.add(FieldName::content_type, "text/javascript; charset=utf-8");
            response.content.push_back(http::Piece::text(live_->script()));
        } else if (path == "/.portico-live/events") {
            stream_events(exchange);
        } else {
            refuse(exchange, Status::not_found);
        }
        if (response.status != Status::ok) return true;
        response.fields.add(FieldName::cache_control, "no-store");
        response.fields.add(FieldName::x_content_type_options, "nosniff");
        return true;
    }
    Task<void> answer(link::Exchange& exchange) override {
        static_cast<void>(answer_at_once(exchange));
        co_return;
    }

private:
    static void refuse(link::Exchange& exchange, Status status) {
        route::write_refusal(status, route::preferred_format(exchange.request()), exchange.response());
    }
    void stream_events(link::Exchange& exchange) {
        // A page of another site could use up the streams, though it could not read them.
        if (!is_from_own_page(exchange.request())) return refuse(exchange, Status::forbidden);
        if (!live_->has_room()) return refuse(exchange, Status::service_unavailable);
        http::Response& response = exchange.response();
        response.fields.add(FieldName::content_type, "text/event-stream");
        response.is_endless = true;
        response.producer = [live = live_, core = core_](http::ContentWriter& writer) {
            return tell_browser(*live, *core, writer);
        };
    }

    LiveReload* live_;
    io::Core* core_;
};

}  // namespace

void add_live_script(std::string& page) { page += live_script_tag; }

io::Result<void> LiveReload::watch(const Folder& folder, std::function<void()> on_too_many_folders) {
    const FolderOptions& options = folder.options();
    io::WatchOptions watched;
    watched.folders_max = options.live_limits.folders_max;
    if (!options.only_file.empty()) watched.depth = io::WatchOptions::Depth::root_only;
    watched.skips = [dotfiles = options.dotfiles, only = options.only_file](std::string_view name) {
        if (!only.empty()) return name != only;
        // Backups that editors make beside a file.
        if (name.ends_with('~')) return true;
        return dotfiles == Dotfiles::hidden && http::is_hidden("/" + std::string(name));
    };
    auto note = [this, on_too_many_folders = std::move(on_too_many_folders)](io::FolderChanges::Reach reach) {
        if (reach != io::FolderChanges::Reach::all && has_all_folders_.exchange(false)) on_too_many_folders();
    };
    auto watcher =
        io::FolderWatcher::start(folder.root(), std::move(watched), [this, note](const io::FolderChanges& changes) {
            tell(changes);
            note(changes.reach);
        });
    if (!watcher) return std::unexpected(watcher.error());
    watcher_ = std::move(*watcher);
    note(watcher_->reach_at_start());
    return {};
}

void LiveReload::tell(const io::FolderChanges& changes) {
    LiveNews news;
    news.styles = styles_among(changes);
    {
        const std::lock_guard guard(lock_);
        news.state = ++state_;
    }
    news_.publish(std::move(news));
}

route::ForCore<route::Handler> LiveReload::handler() {
    return [this](io::Core& core) {
        std::array<char, sizeof(std::uint64_t)> random{};
        core.kernel().random(random);
        std::uint64_t name = 0;
        std::memcpy(&name, random.data(), sizeof(name));
        set_name(name | 1);
        return std::make_shared<LiveHandler>(*this, core);
    };
}

void LiveReload::set_name(std::uint64_t random) {
    const std::lock_guard guard(lock_);
    if (name_ == 0) name_ = random;
}

LiveNews LiveReload::now() const {
    const std::lock_guard guard(lock_);
    return {state_, "[]"};
}

std::string LiveReload::state_text(std::uint64_t state) const {
    const std::lock_guard guard(lock_);
    return fmt::format("{:016x}-{}", name_, state);
}

std::string LiveReload::script() const {
    std::string text(script_start);
    text += state_text(now().state);
    text += script_rest;
    return text;
}

std::string LiveReload::event(const LiveNews& news) const {
    std::string text;
    http::JsonWriter json(text);
    json.open_object();
    json.member("state", state_text(news.state));
    json.member("before", state_text(news.state - 1));
    json.name("styles");
    json.raw_value(news.styles);
    json.close_object();
    return text;
}

}  // namespace portico::files
