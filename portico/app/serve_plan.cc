// portico/app/serve_plan.cc — what `portico serve` was asked to do.
//
// Room app: see command.h.
#include "portico/app/serve_plan.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <string_view>

#include "portico/site/password.h"

namespace portico::app {
namespace {

constexpr std::uint16_t standard_port = 8080;

constexpr std::string_view about =
    "Serves the files of a folder, the current one by default, over HTTP/1.1, to this machine only unless --lan or "
    "--listen\n"
    "says otherwise. Nothing outside of the folder can be reached, and names that begin with a dot are not served.\n\n"
    "Without --port and --listen it takes the next free port where 8080 is taken, and says so. One line is written for "
    "each\n"
    "request. --listen may be given several times, for unix: sockets too.\n\n"
    "On loopback addresses only requests for localhost, a loopback address or one of this machine's names are "
    "answered, "
    "so that\n"
    "no web page can read the folder by giving its own name the address 127.0.0.1 (DNS rebinding); other hosts get "
    "421. "
    "--host\n"
    "adds a name: \"example.org\", \"*.example.org\" for all names below it, or \"*\" for every host.\n\n"
    "Names, types, ranges, conditions and compressed siblings (.br, .zst, .gz) are served as RFC 9110 says.";

std::vector<Option> where_options() {
    return {
        {.name = "port",
         .letter = 'p',
         .value = "PORT",
         .meaning = "the port to listen on [8080, or the next free one]",
         .kind = ValueKind::number,
         .most = 65'535},
        {.name = "listen",
         .letter = 'l',
         .value = "ENDPOINT",
         .meaning = "where to listen: HOST:PORT, :PORT, unix:PATH",
         .kind = ValueKind::endpoint,
         .repeat = Repeat::collected},
        {.name = "host",
         .value = "NAME",
         .meaning = "answer requests for this host name on loopback too",
         .kind = ValueKind::host,
         .repeat = Repeat::collected},
        {.name = "lan", .meaning = "let other machines connect: listen everywhere"},
        {.name = "qr", .meaning = "show the address as a QR code, for a phone"},
        {.name = "open", .meaning = "open it in the browser"},
    };
}

std::vector<Option> what_options() {
    return {
        {.name = "spa", .meaning = "answer missing pages with /index.html"},
        {.name = "list", .meaning = "list folders without an index file [on]", .negation = Negation::with_no},
        {.name = "hidden", .meaning = "serve names that begin with a dot too"},
        {.name = "auth",
         .value = "USER:HASH",
         .meaning = "ask for a password; see portico hash-password",
         .repeat = Repeat::collected},
        {.name = "cors", .meaning = "let scripts of any site read the answers"},
        {.name = "cache",
         .value = "SECS",
         .meaning = "how long browsers may keep answers [they ask each time]",
         .kind = ValueKind::duration},
        {.name = "revalidate",
         .value = "TIME",
         .meaning = "how old our own look at a file may be",
         .kind = ValueKind::duration,
         .fallback = "1s"},
    };
}

std::vector<Option> how_options() {
    return {
        {.name = "threads",
         .value = "N",
         .meaning = "cores to use [all that this machine allows]",
         .kind = ValueKind::number,
         .least = 1,
         .most = 1024},
        {.name = "access-log",
         .value = "FORMAT",
         .meaning = "a line per request: text, json, combined or off",
         .kind = ValueKind::choice,
         .fallback = "text",
         .choices = {"text", "json", "combined", "off"}},
        {.name = "log-file",
         .value = "FILE",
         .meaning = "write it to a file; SIGUSR1 opens it again",
         .kind = ValueKind::file},
        {.name = "quiet", .letter = 'q', .meaning = "say nothing but what goes wrong"},
        {.name = "set",
         .value = "NAME=VALUE",
         .meaning = "set a limit; see portico help limits",
         .kind = ValueKind::limit,
         .repeat = Repeat::collected},
        {.name = "color",
         .value = "WHEN",
         .meaning = "auto, always or never",
         .kind = ValueKind::choice,
         .fallback = "auto",
         .choices = {"auto", "always", "never"}},
    };
}

// --port and --lan speak of the endpoint that is there when --listen gives none; either brings it back beside those.
void plan_listening(const Arguments& arguments, ServePlan& plan) {
    const auto port = arguments.number("port");
    plan.audience = arguments.has("lan") ? Audience::lan : Audience::as_listened;
    for (const std::string_view text : arguments.values("listen")) plan.listen.push_back(*io::parse_endpoint(text));
    plan.port_choice = port || !plan.listen.empty() ? PortChoice::asked : PortChoice::ours;
    if (!plan.listen.empty() && !port && plan.audience == Audience::as_listened) return;
    io::Endpoint standard;
    standard.host = plan.audience == Audience::lan ? "" : "127.0.0.1";
    standard.port = port ? static_cast<std::uint16_t>(*port) : standard_port;
    plan.listen.insert(plan.listen.begin(), std::move(standard));
}

std::expected<void, Misuse> check_listening(const ServePlan& plan) {
    for (const io::Endpoint& endpoint : plan.listen) {
        if (endpoint.transport == io::Transport::tcp || endpoint.transport == io::Transport::unix_stream) continue;
        return std::unexpected(Misuse{fmt::format("serve listens on TCP or Unix sockets, not on {}", endpoint.text()),
                                      "portico serve --listen 127.0.0.1:8080"});
    }
    return {};
}

std::expected<void, Misuse> plan_users(const Arguments& arguments, site::SiteOptions& site) {
    for (const std::string_view text : arguments.values("auth")) {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos || colon == 0) {
            return std::unexpected(Misuse{fmt::format("--auth: '{}' is not USER:HASH", text),
                                          "portico serve --auth \"ann:$(portico hash-password)\""});
        }
        site::Credential credential{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
        const auto usable = site::check_hash_format(credential.hash);
        if (!usable) {
            // What stands there may be a password: it is not repeated.
            return std::unexpected(
                Misuse{fmt::format("--auth: {}'s hash: {}", credential.user, usable.error()), "portico hash-password"});
        }
        site.users.push_back(std::move(credential));
    }
    return {};
}

void plan_site(const Arguments& arguments, site::SiteOptions& site) {
    site.root = std::string(arguments.positional(0).value_or("."));
    if (site.root.empty()) site.root = ".";
    site.dotfiles = arguments.has("hidden") ? site::Dotfiles::served : site::Dotfiles::hidden;
    site.listing = arguments.has("no-list") ? site::Listing::off : site::Listing::on;
    site.missing_path = arguments.has("spa") ? site::MissingPath::root_index : site::MissingPath::not_found;
    site.cross_origin = arguments.has("cors") ? site::CrossOrigin::everyone : site::CrossOrigin::same_site;
    const auto cache = arguments.duration("cache");
    if (cache) site.cache = std::chrono::duration_cast<std::chrono::seconds>(*cache);
    site.revalidate = *arguments.duration("revalidate");
}

server::LogFormat format_named(std::string_view name) {
    if (name == "json") return server::LogFormat::json;
    if (name == "combined") return server::LogFormat::combined;
    return name == "off" ? server::LogFormat::off : server::LogFormat::text;
}

void plan_log(const Arguments& arguments, ServePlan& plan) {
    plan.log.format = format_named(*arguments.value("access-log"));
    plan.log.path = std::string(arguments.value("log-file").value_or(""));
    // Quiet means the terminal: a log file that was asked for is written all the same.
    if (plan.talk == Talk::quiet && plan.log.path.empty() && !arguments.has("access-log")) {
        plan.log.format = server::LogFormat::off;
    }
    const bool coloured = plan.log.path.empty() && wants_colour(plan.colouring, STDOUT_FILENO);
    plan.log.colour = coloured ? server::Colour::always : server::Colour::never;
}

bool says_where(std::string_view option) { return option == "port" || option == "listen"; }

}  // namespace

Command serve_table() {
    Command command{
        .name = "serve",
        .summary = "serve a folder over HTTP",
        .about = about,
        .examples = {{"portico serve", "this folder, on http://127.0.0.1:8080/"},
                     {"portico serve ~/site --open", "a folder, shown in the browser at once"},
                     {"portico serve --lan --qr", "share it with the phones in your network"},
                     {"portico serve dist --spa -p 3000", "an application that draws its own pages"},
                     {"portico serve -l unix:/run/web.sock", "behind another server"}},
        .arguments = {{.name = "DIR", .meaning = "the folder to serve [this one]", .kind = ValueKind::directory}},
    };
    for (auto& group : {where_options(), what_options(), how_options()}) {
        command.options.insert(command.options.end(), group.begin(), group.end());
    }
    return command;
}

std::expected<ServePlan, Misuse> plan_from(const Arguments& arguments) {
    ServePlan plan;
    plan_listening(arguments, plan);
    const auto can_listen = check_listening(plan);
    if (!can_listen) return std::unexpected(can_listen.error());
    plan_site(arguments, plan.site);
    const auto users = plan_users(arguments, plan.site);
    if (!users) return std::unexpected(users.error());
    for (const std::string_view setting : arguments.values("set")) {
        const auto set = server::set_limit(plan.limits, setting);
        assert(set && "the table has checked it");
    }
    for (const std::string_view name : arguments.values("host")) plan.hosts.emplace_back(name);
    plan.threads = static_cast<unsigned>(arguments.number("threads").value_or(0));
    plan.talk = arguments.has("quiet") ? Talk::quiet : Talk::banner;
    plan.qr = arguments.has("qr") ? ShowQr::yes : ShowQr::no;
    plan.browser = arguments.has("open") ? OpenBrowser::yes : OpenBrowser::no;
    plan.colouring = colouring_named(*arguments.value("color"));
    plan_log(arguments, plan);
    return plan;
}

std::string shell_quoted(std::string_view word) {
    const auto is_plain = [](char octet) {
        const bool letter = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z');
        return letter || (octet >= '0' && octet <= '9') ||
               std::string_view("%+,-./:=@_").find(octet) != std::string_view::npos;
    };
    if (!word.empty() && std::ranges::all_of(word, is_plain)) return std::string(word);
    std::string quoted = "'";
    for (const char octet : word) {
        if (octet == '\'')
            quoted += "'\\''";
        else
            quoted += octet;
    }
    return quoted + "'";
}

std::string retyped(const Arguments& arguments, std::string_view instead) {
    std::string line = fmt::format("portico {}", arguments.command().name);
    for (const std::string_view word : arguments.positionals()) {
        line += fmt::format(" {}{}", word.starts_with('-') ? "./" : "", shell_quoted(word));
    }
    for (const auto& [name, value] : arguments.given()) {
        if (says_where(name)) continue;
        line += fmt::format(" --{}", name);
        if (!value.empty()) line += " " + shell_quoted(value);
    }
    return fmt::format("{} {}", line, instead);
}

}  // namespace portico::app
