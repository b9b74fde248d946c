// portico/app/serve_plan.cc — what `portico serve` was asked to do.
//
// Room app: see command.h.
#include "portico/app/serve_plan.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <string_view>
#include <utility>

#include "portico/app/acme_plan.h"
#include "portico/app/notation.h"
#include "portico/app/password_file.h"
#include "portico/app/retype.h"
#include "portico/base/quantity.h"
#include "portico/io/net/address.h"
#include "portico/io/net/endpoint_meant.h"
#include "portico/route/hosts.h"
#include "portico/route/password.h"
#include "portico/server/certificates.h"
#include "portico/server/web_endpoint.h"

namespace portico::app {
namespace {

constexpr std::string_view about =
    "Serves the files of a folder over HTTP/1.1: the current folder by default, and to this machine only unless --lan "
    "or\n"
    "--listen is given. Nothing outside the folder can be reached, and names that begin with a dot are not served. If\n"
    "PATH is a file, that file is all that is served: at / and at /NAME.\n\n"
    "A path to which nothing leads is answered with the file of the same name with .html after it, if there is one;\n"
    "--no-clean-urls turns this off. --header adds a field to every response; fields that frame a message or describe\n"
    "its content are refused. --auth-file is read once, at the start.\n\n"
    "If neither --port nor --listen is given and port 8080 is taken, the next free port is used. Each request is "
    "logged\n"
    "as one line on standard output; while the log goes there, everything else is printed on standard error. --listen\n"
    "may be repeated, and takes Unix sockets too.\n\n"
    "On loopback addresses, only requests for localhost, a loopback address or one of this machine's names are "
    "answered;\n"
    "all others get 421. Otherwise a web page could read the folder by making its own name resolve to 127.0.0.1 (DNS\n"
    "rebinding). With --lan the same names are answered on every address, and all IP addresses. --host adds a name:\n"
    "\"example.org\", \"*.example.org\" for the names below it, or \"*\" for every host. Elsewhere, with --listen, "
    "every\n"
    "host is answered.\n\n"
    "With --live, each HTML page gets a script that reloads it when a file in the folder changes; style sheets are\n"
    "exchanged. Nothing is watched that is not served.\n\n"
    "Content types, ranges, conditional requests and precompressed files (.br, .zst, .gz) follow RFC 9110.";

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
         .meaning = "where to listen: [http://]HOST:PORT, :PORT or unix:PATH",
         .kind = ValueKind::notation,
         .notation = &web_notation,
         .repeat = Repeat::collected},
        {.name = "host",
         .value = "NAME",
         .meaning = "a further host name to answer on loopback and with --lan",
         .kind = ValueKind::host,
         .repeat = Repeat::collected},
        {.name = "lan", .meaning = "let other machines connect: listen on every address"},
        {.name = "qr", .meaning = "show the address as a QR code for a phone"},
        {.name = "open", .meaning = "open the page in the browser"},
    };
}

std::vector<Option> secure_options() {
    return {
        {.name = "tls", .meaning = "speak HTTPS with a certificate of your own; see portico cert"},
        {.name = "cert",
         .value = "FILE",
         .meaning = "speak HTTPS, with the certificate chain in this file (PEM)",
         .kind = ValueKind::file,
         .repeat = Repeat::collected},
        {.name = "key",
         .value = "FILE",
         .meaning = "the private key of the --cert in the same place (PEM)",
         .kind = ValueKind::file,
         .repeat = Repeat::collected},
        {.name = "tls-profile",
         .value = "NAME",
         .meaning = "intermediate: TLS 1.2 and 1.3; modern: TLS 1.3",
         .kind = ValueKind::choice,
         .fallback = "intermediate",
         .choices = {"intermediate", "modern"}},
        {.name = "sni-strict",
         .meaning = "refuse TLS clients that ask for an unknown name",
         .explained = Explained::in_manual},
        {.name = "ticket-keys",
         .value = "FILE",
         .meaning = "keys of session tickets, to share with other machines",
         .kind = ValueKind::file,
         .explained = Explained::in_manual},
        {.name = "early-data",
         .meaning = "answer GET, HEAD and OPTIONS early (0-RTT)",
         .explained = Explained::in_manual},
        {.name = "ocsp",
         .meaning = "fetch OCSP responses to show with certificates [on]",
         .negation = Negation::with_no,
         .explained = Explained::in_manual},
        {.name = "client-ca",
         .value = "FILE",
         .meaning = "ask clients for certificates of these authorities (PEM)",
         .kind = ValueKind::file,
         .explained = Explained::in_manual},
        {.name = "client-cert",
         .value = "WHEN",
         .meaning = "whether clients have to show one: required or optional",
         .kind = ValueKind::choice,
         .explained = Explained::in_manual,
         .fallback = "required",
         .choices = {"required", "optional"}},
        {.name = "hsts",
         .value = "SECS",
         .meaning = "tell browsers to use HTTPS only, for so long [a year]",
         .kind = ValueKind::duration,
         .explained = Explained::in_manual,
         .if_alone = "31536000"},
    };
}

std::vector<Option> what_options() {
    return {
        {.name = "spa", .meaning = "answer missing pages with /index.html"},
        {.name = "list", .meaning = "list folders that have no index file [on]", .negation = Negation::with_no},
        {.name = "hidden", .meaning = "also serve names that begin with a dot"},
        {.name = "auth",
         .value = "USER:HASH",
         .meaning = "require a password; see portico hash-password",
         .repeat = Repeat::collected,
         .secrecy = Secrecy::secret},
        {.name = "auth-file",
         .value = "FILE",
         .meaning = "the same for each USER:HASH in a file, as of the start",
         .kind = ValueKind::file},
        {.name = "header",
         .value = "NAME:VALUE",
         .meaning = "add a field to every response",
         .repeat = Repeat::collected},
        {.name = "upload", .meaning = "let clients put files into the folder"},
        {.name = "upload-overwrite", .meaning = "let them replace files", .explained = Explained::in_manual},
        {.name = "upload-max",
         .value = "SIZE",
         .meaning = "how large such a file may be",
         .explained = Explained::in_manual,
         .fallback = "1g"},
        {.name = "open-upload",
         .meaning = "let other machines upload without a password",
         .explained = Explained::in_manual},
        {.name = "archives", .meaning = "let folders be downloaded as .zip and .tar.zst"},
        {.name = "clean-urls",
         .meaning = "answer /about with about.html [on]",
         .negation = Negation::with_no,
         .explained = Explained::in_manual},
        {.name = "live", .meaning = "reload pages in the browser when a file changes"},
        {.name = "cors", .meaning = "let scripts of any site read the responses"},
        {.name = "cache",
         .value = "SECS",
         .meaning = "how long browsers may cache files [they ask each time]",
         .kind = ValueKind::duration},
        {.name = "revalidate",
         .value = "TIME",
         .meaning = "how long to trust a cached file before checking it",
         .kind = ValueKind::duration,
         .explained = Explained::in_manual,
         .fallback = "1s"},
    };
}

std::vector<Option> how_options() {
    return {
        {.name = "threads",
         .value = "N",
         .meaning = "threads to use [one for each core]",
         .kind = ValueKind::number,
         .least = 1,
         .most = 1024},
        {.name = "access-log",
         .value = "FORMAT",
         .meaning = "format of the access log: text, json, combined or off",
         .kind = ValueKind::choice,
         .fallback = "text",
         .choices = {"text", "json", "combined", "off"}},
        {.name = "log-file",
         .value = "FILE",
         .meaning = "log to a file, '-' is standard output; SIGUSR1 reopens",
         .kind = ValueKind::file},
        {.name = "quiet", .letter = 'q', .meaning = "print errors only"},
        {.name = "set",
         .value = "NAME=VALUE",
         .meaning = "set a limit; see portico help limits",
         .kind = ValueKind::notation,
         .notation = &limit_notation,
         .repeat = Repeat::collected},
        {.name = "color",
         .value = "WHEN",
         .meaning = "auto, always or never",
         .kind = ValueKind::choice,
         .explained = Explained::in_manual,
         .fallback = "auto",
         .choices = {"auto", "always", "never"}},
    };
}

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

io::Endpoint everywhere_at(std::uint16_t port) {
    io::Endpoint endpoint;
    endpoint.port = port;
    return endpoint;
}

// --port and --lan change the default endpoint. With --listen, either of them adds that endpoint to the listed ones.
void plan_listening(const Arguments& arguments, ServePlan& plan) {
    const auto port = arguments.number("port");
    plan.audience = arguments.has("lan") ? Audience::lan : Audience::as_listened;
    const bool has_tls = plan.tls.certificates.use != TlsUse::none;
    for (const std::string_view text : arguments.values("listen")) {
        server::WebEndpoint at = *server::parse_web_endpoint(text);
        const bool is_plain = at.speech == server::Speech::plain;
        (has_tls && is_plain ? plan.redirect : plan.listen).push_back(std::move(at.endpoint));
    }
    const bool is_listed = !arguments.values("listen").empty();
    plan.port_choice = port || is_listed ? PortChoice::asked : PortChoice::ours;
    if (is_listed && !port && plan.audience == Audience::as_listened) return;
    if (plan.tls.certificates.use == TlsUse::acme && !port) {
        // Where an authority looks for the proofs of tls-alpn-01 and http-01, and browsers for a site.
        plan.port_choice = PortChoice::asked;
        plan.listen.push_back(everywhere_at(https_port));
        plan.redirect.push_back(everywhere_at(http_port));
        return;
    }
    io::Endpoint standard;
    standard.host = plan.audience == Audience::lan ? "" : "127.0.0.1";
    standard.port = port ? static_cast<std::uint16_t>(*port) : standard_port;
    plan.listen.insert(plan.listen.begin(), std::move(standard));
}

std::expected<void, Misuse> plan_tls(const Arguments& arguments, server::CertificatePlan& plan) {
    const auto chains = arguments.values("cert");
    const auto keys = arguments.values("key");
    if (chains.size() != keys.size()) {
        return std::unexpected(Misuse{
            chains.size() < keys.size() ? "there is a --key without a --cert" : "there is a --cert without its --key",
            "portico serve --cert fullchain.pem --key privkey.pem"});
    }
    for (std::size_t i = 0; i < chains.size(); ++i) {
        plan.files.emplace_back(std::string(chains[i]), std::string(keys[i]));
    }
    plan.use = !plan.files.empty() ? TlsUse::files : arguments.has("tls") ? TlsUse::local : TlsUse::none;
    auto acme = acme_plan(arguments);
    if (!acme) return std::unexpected(acme.error());
    if (!acme->names.empty() && plan.use != TlsUse::none) {
        return std::unexpected(Misuse{"--acme orders certificates, so that --tls, --cert and --key have no use",
                                      fmt::format("portico serve --acme {}", shell_quoted(acme->names.front()))});
    }
    if (!acme->names.empty()) plan.use = TlsUse::acme;
    plan.acme = *std::move(acme);
    if (arguments.has("tls") && plan.use == TlsUse::files) {
        return std::unexpected(Misuse{"--tls makes a certificate, and --cert names one: only one of them can be used",
                                      "portico serve --tls"});
    }
    plan.profile = *arguments.value("tls-profile") == "modern" ? tls::Profile::modern : tls::Profile::intermediate;
    return {};
}

// What the options for HTTPS mean where there is none.
std::expected<void, Misuse> plan_policy(const Arguments& arguments, TlsPlan& plan) {
    for (const char* const option : {"sni-strict", "ticket-keys", "early-data", "no-ocsp", "client-ca", "hsts"}) {
        if (!arguments.has(option) || plan.certificates.use != TlsUse::none) continue;
        return std::unexpected(Misuse{fmt::format("--{} is for HTTPS", option), "portico serve --tls"});
    }
    for (const std::string_view text : arguments.values("listen")) {
        if (plan.certificates.use != TlsUse::none || server::parse_web_endpoint(text)->speech != server::Speech::tls)
            continue;
        return std::unexpected(
            Misuse{fmt::format("'{}' needs a certificate: --tls, or --cert and --key", text), "portico serve --tls"});
    }
    if (arguments.has("client-cert") && !arguments.has("client-ca")) {
        return std::unexpected(Misuse{"--client-cert needs --client-ca: whose certificates are accepted",
                                      "portico serve --tls --client-ca ca.pem"});
    }
    if (arguments.has("sni-strict")) plan.certificates.unknown_names = tls::UnknownNames::refused;
    if (arguments.has("no-ocsp")) plan.certificates.stapling = server::Stapling::from_files;
    plan.ticket_keys = std::string(arguments.value("ticket-keys").value_or(""));
    plan.certificates.client_authorities = std::string(arguments.value("client-ca").value_or(""));
    const bool is_optional = *arguments.value("client-cert") == "optional";
    plan.certificates.clients =
        is_optional ? server::ClientCertificates::optional : server::ClientCertificates::required;
    for (server::CertificateFiles& one : plan.certificates.files) {
        one.client_authorities = plan.certificates.client_authorities;
        one.clients = plan.certificates.clients;
    }
    const auto strict = arguments.duration("hsts");
    if (strict) plan.strict_transport_security = std::chrono::duration_cast<std::chrono::seconds>(*strict);
    return {};
}

std::expected<void, Misuse> check_listening(const ServePlan& plan) {
    if (plan.listen.empty()) {
        return std::unexpected(Misuse{"with a certificate, http:// leads to HTTPS, and there is no endpoint for that",
                                      "portico serve --tls --listen :8443 --listen http://:8080"});
    }
    for (const io::Endpoint& endpoint : plan.listen) {
        if (endpoint.scheme == io::EndpointScheme::tcp || endpoint.scheme == io::EndpointScheme::unix_stream) continue;
        return std::unexpected(Misuse{fmt::format("serve listens on TCP or Unix sockets, not on {}", endpoint.text()),
                                      "portico serve --listen 127.0.0.1:8080"});
    }
    return {};
}

std::expected<void, Misuse> plan_users(const Arguments& arguments, files::FolderOptions& folder) {
    for (const std::string_view text : arguments.values("auth")) {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos || colon == 0) {
            // The value may be a hash without a user, or a password, so it is not repeated.
            return std::unexpected(
                Misuse{"--auth: the value is not USER:HASH", "portico serve --auth \"ann:$(portico hash-password)\""});
        }
        route::Credential credential{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
        const auto usable = route::check_hash_format(credential.hash);
        if (!usable) {
            // The value may be a password, so it is not repeated.
            return std::unexpected(
                Misuse{fmt::format("--auth: {}'s hash: {}", credential.user, usable.error()), "portico hash-password"});
        }
        folder.passwords.users.push_back(std::move(credential));
    }
    return {};
}

// In other programs, --host is the address to listen on.
std::expected<void, Misuse> plan_hosts(const Arguments& arguments, std::vector<std::string>& hosts) {
    for (const std::string_view name : arguments.values("host")) {
        const bool is_address = io::IpAddress::parse(name) || name.find(':') != std::string_view::npos;
        if (is_address) {
            const auto meant = io::endpoint_meant_by(name, standard_port);
            return std::unexpected(
                Misuse{fmt::format("--host: '{}' is not a host name; to listen there, use '--listen'", name),
                       fmt::format("portico serve --listen {}", shell_quoted(meant.value_or("ENDPOINT")))});
        }
        const std::string wrong = route::wrong_of_listed(name);
        if (!wrong.empty()) {
            return std::unexpected(
                Misuse{fmt::format("--host: '{}': {}", name, wrong), "portico serve --host files.example.org"});
        }
        hosts.emplace_back(name);
    }
    return {};
}

std::expected<void, Misuse> plan_password_file(const Arguments& arguments, files::FolderOptions& folder) {
    const auto path = arguments.value("auth-file");
    if (!path) return {};
    auto users = read_password_file(std::string(*path));
    if (!users) {
        return std::unexpected(
            Misuse{fmt::format("--auth-file {}: {}", *path, users.error()), "portico hash-password --help"});
    }
    for (route::Credential& one : *users) {
        const auto& known = folder.passwords.users;
        if (std::ranges::find(known, one.user, &route::Credential::user) != known.end()) {
            return std::unexpected(Misuse{fmt::format("--auth and --auth-file both name the user {}", one.user), ""});
        }
        folder.passwords.users.push_back(std::move(one));
    }
    return {};
}

bool is_for_this_machine(const io::Endpoint& endpoint) {
    if (endpoint.scheme == io::EndpointScheme::unix_stream || endpoint.host == "localhost") return true;
    const auto address = io::IpAddress::parse(endpoint.host);
    return address && address->reach() == io::Reach::loopback;
}

// A form has some octets beside its files.
constexpr std::uint64_t form_octets_besides = 1024 * 1024;

std::expected<void, Misuse> plan_uploads(const Arguments& arguments, ServePlan& plan) {
    for (const char* const option : {"upload-overwrite", "upload-max", "open-upload"}) {
        if (!arguments.has(option) || arguments.has("upload")) continue;
        return std::unexpected(Misuse{fmt::format("--{} is for --upload", option), retyped(arguments, "--upload")});
    }
    const auto octets = parse_octets(*arguments.value("upload-max"));
    if (!octets || *octets > (std::uint64_t{1} << 60)) {
        return std::unexpected(Misuse{fmt::format("--upload-max: '{}' is not a size", *arguments.value("upload-max")),
                                      "portico serve --upload --upload-max 500M"});
    }
    if (!arguments.has("upload")) return {};
    files::FolderOptions& folder = plan.folder;
    const bool is_open = folder.passwords.users.empty() && !arguments.has("open-upload");
    for (const io::Endpoint& endpoint : plan.listen) {
        if (!is_open || is_for_this_machine(endpoint)) continue;
        return std::unexpected(Misuse{
            fmt::format("--upload without a password, on {}: anybody there could fill the disk", endpoint.text()),
            retyped(arguments, "--auth \"ann:$(portico hash-password)\"") + "\n" +
                retyped(arguments, "--open-upload")});
    }
    const bool may_overwrite = arguments.has("upload-overwrite");
    folder.uploads = may_overwrite ? files::Uploads::overwriting : files::Uploads::new_files;
    folder.upload_limits.file_octets_max = *octets;
    // A page that was read before the upload would be wrong.
    if (!arguments.has("revalidate")) folder.revalidate = std::chrono::milliseconds(0);
    plan.limits.content_octets_max = *octets + form_octets_besides;
    return {};
}

std::expected<void, Misuse> plan_live(const Arguments& arguments, files::FolderOptions& folder) {
    if (!arguments.has("live")) return {};
    const auto refuse = [&folder](const char* why) {
        return std::unexpected(Misuse{why, "portico serve --live " + shell_quoted(folder.root)});
    };
    if (folder.cache) return refuse("--live shows each change at once, and --cache lets browsers keep what they have");
    if (folder.uploads != files::Uploads::off) {
        return refuse("--live needs a script in each page, and pages run none in a folder with --upload");
    }
    folder.live = files::Live::on;
    // A page that was read before the change would be wrong.
    if (!arguments.has("revalidate")) folder.revalidate = std::chrono::milliseconds(0);
    return {};
}

std::expected<void, Misuse> plan_fields(const Arguments& arguments, files::FolderOptions& folder) {
    for (const std::string_view text : arguments.values("header")) {
        auto field = route::parse_extra_field(text);
        if (!field) {
            return std::unexpected(Misuse{fmt::format("--header: '{}' {}", text, field.error()),
                                          "portico serve --header \"X-Frame-Options: DENY\""});
        }
        folder.extra_fields.push_back(*std::move(field));
    }
    return {};
}

void plan_folder(const Arguments& arguments, files::FolderOptions& folder) {
    folder.root = std::string(arguments.positional(0).value_or("."));
    folder.dotfiles = arguments.has("hidden") ? files::Dotfiles::served : files::Dotfiles::hidden;
    folder.listing = arguments.has("no-list") ? files::Listing::off : files::Listing::on;
    folder.missing_path = arguments.has("spa") ? files::MissingPath::root_index : files::MissingPath::not_found;
    folder.archives = arguments.has("archives") ? files::Archives::on : files::Archives::off;
    folder.clean_names = arguments.has("no-clean-urls") ? files::CleanNames::off : files::CleanNames::on;
    folder.cross_origin = arguments.has("cors") ? files::CrossOrigin::everyone : files::CrossOrigin::same_site;
    const auto cache = arguments.duration("cache");
    if (cache) folder.cache = std::chrono::duration_cast<std::chrono::seconds>(*cache);
    folder.revalidate = *arguments.duration("revalidate");
}

server::LogFormat format_named(std::string_view name) {
    if (name == "json") return server::LogFormat::json;
    if (name == "combined") return server::LogFormat::combined;
    return name == "off" ? server::LogFormat::off : server::LogFormat::text;
}

void plan_log(const Arguments& arguments, ServePlan& plan) {
    plan.log.format = format_named(*arguments.value("access-log"));
    plan.log.path = std::string(arguments.value("log-file").value_or(""));
    if (plan.log.path == "-") plan.log.path.clear();  // standard output, as if the option were not given
    // --quiet silences the terminal. A log that was asked for is still written.
    if (plan.talk == Talk::quiet && !arguments.has("log-file") && !arguments.has("access-log")) {
        plan.log.format = server::LogFormat::off;
    }
    const bool on_standard_output = plan.log.format != server::LogFormat::off && plan.log.path.empty();
    plan.banner_to = on_standard_output ? BannerTo::standard_error : BannerTo::standard_output;
    const bool coloured = plan.log.path.empty() && wants_colour(plan.colouring, STDOUT_FILENO);
    plan.log.colour = coloured ? server::Colour::always : server::Colour::never;
}

}  // namespace

Command serve_table() {
    Command command{
        .name = "serve",
        .summary = "serve a folder or a file over HTTP",
        .about = about,
        .examples = {{"portico serve", "this folder, on http://127.0.0.1:8080/"},
                     {"portico serve ~/site --open", "another folder, opened in the browser"},
                     {"portico serve report.pdf --lan", "one file and nothing else"},
                     {"portico serve --lan --qr", "share it with the phones in your network"},
                     {"portico serve dist --spa -p 3000", "a single-page application"},
                     {"portico serve -l unix:/run/web.sock", "behind another server"}},
        .arguments = {{.name = "PATH",
                       .meaning = "the folder or the file to serve [the current folder]",
                       .kind = ValueKind::file}},
        .other_names = {{"--bind", "listen"},
                        {"-b", "listen"},
                        {"--address", "listen"},
                        {"-a", "listen"},
                        {"-d", ""},
                        {"--directory", ""},
                        {"--dir", ""},
                        {"--root", ""},
                        {"--folder", ""},
                        {"--path", ""},
                        {"--single", "spa"},
                        {"-s", "spa"},
                        {"--user", "auth"},
                        {"--password", "auth"},
                        {"--workers", "threads"},
                        {"-j", "threads"},
                        {"-H", "header"},
                        {"--upload-files", "upload"},
                        {"-u", "upload"},
                        {"--allow-upload", "upload"},
                        {"--enable-zip", "archives"},
                        {"-z", "archives"},
                        {"--htpasswd", "auth-file"},
                        {"-o", "open"},
                        {"--watch", "live"},
                        {"--livereload", "live"},
                        {"--log", "log-file"},
                        {"--log-format", "access-log"},
                        {"--max-age", "cache"},
                        {"--colour", "color"},
                        {"--silent", "quiet"}},
    };
    for (auto& group : {where_options(), secure_options(), acme_options(), what_options(), how_options()}) {
        command.options.insert(command.options.end(), group.begin(), group.end());
    }
    return command;
}

std::expected<ServePlan, Misuse> plan_from(const Arguments& arguments) {
    ServePlan plan;
    const auto tls = plan_tls(arguments, plan.tls.certificates);
    if (!tls) return std::unexpected(tls.error());
    const auto policy = plan_policy(arguments, plan.tls);
    if (!policy) return std::unexpected(policy.error());
    plan_listening(arguments, plan);
    const auto can_listen = check_listening(plan);
    if (!can_listen) return std::unexpected(can_listen.error());
    plan_folder(arguments, plan.folder);
    const auto users = plan_users(arguments, plan.folder);
    if (!users) return std::unexpected(users.error());
    const auto more_users = plan_password_file(arguments, plan.folder);
    if (!more_users) return std::unexpected(more_users.error());
    const auto uploads = plan_uploads(arguments, plan);
    if (!uploads) return std::unexpected(uploads.error());
    const auto live = plan_live(arguments, plan.folder);
    if (!live) return std::unexpected(live.error());
    const auto fields = plan_fields(arguments, plan.folder);
    if (!fields) return std::unexpected(fields.error());
    for (const std::string_view setting : arguments.values("set")) {
        const auto set = server::set_limit(plan.limits, setting);
        assert(set && "the table has checked it");
    }
    if (arguments.has("early-data")) plan.tls.certificates.early_data = server::begin_early_data(plan.limits);
    const auto hosts = plan_hosts(arguments, plan.hosts);
    if (!hosts) return std::unexpected(hosts.error());
    plan.threads = static_cast<unsigned>(arguments.number("threads").value_or(0));
    plan.talk = arguments.has("quiet") ? Talk::quiet : Talk::banner;
    plan.qr = arguments.has("qr") ? ShowQr::yes : ShowQr::no;
    plan.browser = arguments.has("open") ? OpenBrowser::yes : OpenBrowser::no;
    plan.colouring = colouring_named(*arguments.value("color"));
    plan_log(arguments, plan);
    return plan;
}

}  // namespace portico::app
