// portico/app/acme_plan.cc — see acme_plan.h.
#include "portico/app/acme_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "portico/acme/base64url.h"
#include "portico/acme/documents.h"
#include "portico/acme/names.h"
#include "portico/app/notation.h"
#include "portico/app/retype.h"
#include "portico/server/local_authority.h"

namespace portico::app {
namespace {

using Problem = std::unexpected<Misuse>;

constexpr std::string_view standard_directory = "https://acme-v02.api.letsencrypt.org/directory";

// The key may be a secret of its own, so the value is not repeated.
std::expected<acme::ExternalAccount, Misuse> external_account(std::string_view text) {
    const std::size_t colon = text.find(':');
    const auto key = acme::from_base64url(text.substr(colon == std::string_view::npos ? text.size() : colon + 1));
    if (colon == std::string_view::npos || colon == 0 || !key || key->empty()) {
        return Problem(Misuse{"--acme-eab: the value is not ID:KEY, with a key in base64url",
                              "portico serve --acme example.org --acme-eab \"$ID:$KEY\""});
    }
    return acme::ExternalAccount{std::string(text.substr(0, colon)), *key};
}

std::expected<std::vector<acme::AuthorityOptions>, Misuse> authorities(const Arguments& arguments) {
    acme::AuthorityOptions each;
    each.email = std::string(arguments.value("acme-email").value_or(""));
    const auto external = arguments.value("acme-eab");
    if (external) {
        auto account = external_account(*external);
        if (!account) return Problem(account.error());
        each.external = *std::move(account);
    }
    std::vector<acme::AuthorityOptions> all;
    for (const std::string_view directory : arguments.values("acme-directory")) {
        if (!acme::is_https(directory)) {
            return Problem(Misuse{fmt::format("--acme-directory: '{}' is not an https:// address", directory),
                                  fmt::format("portico serve --acme-directory {}", standard_directory)});
        }
        each.directory = std::string(directory);
        all.push_back(each);
    }
    return all;
}

// Options that only make sense with --acme.
std::optional<std::string_view> stray_option(const Arguments& arguments) {
    constexpr std::array<std::string_view, 5> names{"acme-email", "acme-directory", "acme-challenge", "acme-dns-hook",
                                                    "acme-eab"};
    const auto at = std::ranges::find_if(names, [&arguments](std::string_view name) { return arguments.has(name); });
    return at == names.end() ? std::nullopt : std::optional(*at);
}

}  // namespace

std::vector<Option> acme_options() {
    return {
        {.name = "acme",
         .value = "NAME",
         .meaning = "HTTPS with a certificate for this name from an authority",
         .kind = ValueKind::notation,
         .notation = &acme_name_notation,
         .repeat = Repeat::collected},
        {.name = "acme-email",
         .value = "ADDRESS",
         .meaning = "where the authority may write to",
         .explained = Explained::in_manual},
        {.name = "acme-directory",
         .value = "URL",
         .meaning = "another authority than Let's Encrypt",
         .repeat = Repeat::collected,
         .explained = Explained::in_manual,
         .fallback = standard_directory},
        {.name = "acme-challenge",
         .value = "TYPE",
         .meaning = "how to prove that the names are this server's",
         .kind = ValueKind::choice,
         .repeat = Repeat::collected,
         .explained = Explained::in_manual,
         .choices = {"http-01", "tls-alpn-01"}},
        {.name = "acme-dns-hook",
         .value = "PROGRAM",
         .meaning = "prove it by DNS, with a program that changes the zone",
         .kind = ValueKind::file,
         .explained = Explained::in_manual},
        {.name = "acme-eab",
         .value = "ID:KEY",
         .meaning = "the account that the authority's operator has given you",
         .secrecy = Secrecy::secret,
         .explained = Explained::in_manual},
    };
}

std::expected<acme::ServiceOptions, Misuse> acme_plan(const Arguments& arguments) {
    acme::ServiceOptions plan;
    for (const std::string_view text : arguments.values("acme")) {
        std::string name = *acme::read_name(text);  // the table has checked it
        if (std::ranges::find(plan.names, name) == plan.names.end()) plan.names.push_back(std::move(name));
    }
    const auto stray = stray_option(arguments);
    if (plan.names.empty()) {
        if (!stray) return plan;
        return Problem(
            Misuse{fmt::format("--{} says how to order certificates, but no --acme says for which name", *stray),
                   "portico serve --acme example.org"});
    }
    auto asked = authorities(arguments);
    if (!asked) return Problem(asked.error());
    plan.authorities = *std::move(asked);
    plan.folder = server::acme_folder();
    plan.dns_hook = std::string(arguments.value("acme-dns-hook").value_or(""));
    if (arguments.has("acme-challenge")) {
        plan.types.clear();
        for (const std::string_view type : arguments.values("acme-challenge")) plan.types.emplace_back(type);
    }
    const auto wildcard =
        std::ranges::find_if(plan.names, [](const std::string& name) { return name.starts_with('*'); });
    if (wildcard != plan.names.end() && plan.dns_hook.empty()) {
        return Problem(Misuse{
            fmt::format("a certificate for '{}' is only given for a proof by DNS: use --acme-dns-hook", *wildcard),
            fmt::format("portico serve --acme {} --acme-dns-hook ./change-zone", shell_quoted(*wildcard))});
    }
    return plan;
}

}  // namespace portico::app
