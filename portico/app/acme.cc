// portico/app/acme.cc — `portico acme`: the certificates that `portico serve --acme` has ordered.
//
// Room app: see command.h.
#include <fmt/core.h>

#include <algorithm>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "portico/acme/authority.h"
#include "portico/acme/folder_store.h"
#include "portico/acme/names.h"
#include "portico/acme/service.h"
#include "portico/acme/store.h"
#include "portico/app/acme_plan.h"
#include "portico/app/commands.h"
#include "portico/app/notation.h"
#include "portico/app/notice.h"
#include "portico/server/certificates.h"
#include "portico/server/local_authority.h"
#include "portico/tls/credentials.h"

namespace portico::app {
namespace {

// The names for which there is a folder, in the order of the alphabet.
std::vector<std::string> known_names(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(folder + "/names", failure)) {
        std::string name = entry.path().filename().string();
        if (name.starts_with('_')) name.front() = '*';
        names.push_back(std::move(name));
    }
    std::ranges::sort(names);
    return names;
}

int list(const std::string& folder) {
    for (const std::string& name : known_names(folder)) {
        const auto text = acme::read_stored(folder, acme::certificate_path(name));
        if (!text) return complain(text.error().message);
        const auto stored = *text ? acme::read_certificate(**text) : std::nullopt;
        const auto credentials = stored ? tls::Credentials::read(stored->chain, stored->key)
                                        : std::expected<tls::Credentials, std::string>(std::unexpected("none"));
        if (credentials) {
            say(fmt::format("{}  valid {} to {}, from {}\n", name, server::day_of(credentials->begins()),
                            server::day_of(credentials->ends()), acme::host_of(stored->directory)));
        } else {
            say(fmt::format("{}  no certificate\n", name));
        }
    }
    return exit_ok;
}

int revoke(const std::string& folder, const std::string& name) {
    acme::ServiceOptions options;
    options.folder = folder;
    const auto revoked = acme::revoke_now(options, name);
    if (!revoked) return complain(revoked.error().message, "portico acme list");
    say(fmt::format("the certificate for {} has been revoked\n", name));
    return exit_ok;
}

int run_acme(const Arguments& arguments) {
    const auto name = arguments.positional(1);
    if (*arguments.positional(0) == "list") return list(server::acme_folder());
    if (!name) return complain_of_misuse("revoke needs the name of the certificate", "portico acme list");
    return revoke(server::acme_folder(), *acme::read_name(*name));
}

}  // namespace

Command acme_command() {
    return {
        .name = "acme",
        .summary = "list or revoke the certificates of portico serve --acme",
        .about =
            "portico serve --acme NAME orders a certificate for the name from an authority, by default Let's Encrypt,\n"
            "and renews it as long as it runs. Certificates, their keys and the accounts are kept in\n"
            "$XDG_DATA_HOME/portico/acme or ~/.local/share/portico/acme; only you can read them.\n\n"
            "Revoke a certificate if somebody else may have its key. A server that runs then orders another one, with\n"
            "a new key.",
        .examples = {{"portico acme list", "the names, and how long their certificates are valid"},
                     {"portico acme revoke example.org", "tell everybody not to accept that certificate"}},
        .arguments = {{.name = "ACTION",
                       .meaning = "list: all certificates; revoke: the one for NAME",
                       .kind = ValueKind::choice,
                       .presence = Presence::required,
                       .choices = {"list", "revoke"}},
                      {.name = "NAME",
                       .meaning = "the name that the certificate is for",
                       .kind = ValueKind::notation,
                       .notation = &acme_name_notation}},
        .run = run_acme,
    };
}

}  // namespace portico::app
