// portico/app/cert.cc — `portico cert`: the certificate authority behind `portico serve --tls`.
//
// Room app: see command.h.
#include <fmt/core.h>

#include <cstdint>
#include <string>

#include "portico/app/cert_serve.h"
#include "portico/app/certificates.h"
#include "portico/app/commands.h"
#include "portico/app/notice.h"
#include "portico/app/retype.h"
#include "portico/server/certificates.h"
#include "portico/server/local_authority.h"
#include "portico/tls/local_authority.h"

namespace portico::app {
namespace {

void show(const tls::Credentials& authority, const std::string& path) {
    say(fmt::format("file         {}\nname         {}\nvalid        {} to {}\nfingerprint  {}\n", path,
                    authority.names().empty() ? "" : authority.names().front(), server::day_of(authority.begins()),
                    server::day_of(authority.ends()), tls::fingerprint(authority)));
}

// What each kind of client needs to trust the authority. Whoever has its key can pretend to be any site to this user,
// so nothing is installed without the user's doing.
void tell_how_to_trust(const tls::Credentials& authority, const std::string& path) {
    const std::string file = shell_quoted(path);
    say(
        fmt::format("To trust the certificates of portico serve --tls:\n"
                    "\n"
                    "curl, and most programs on Debian or Ubuntu\n"
                    "  sudo cp {0} /usr/local/share/ca-certificates/portico.crt\n"
                    "  sudo update-ca-certificates\n"
                    "curl, once\n"
                    "  curl --cacert {0} https://localhost:8080/\n"
                    "Chromium and Chrome on Linux (package libnss3-tools)\n"
                    "  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Portico -i {0}\n"
                    "Firefox\n"
                    "  Settings, Privacy & Security, View Certificates, Authorities, Import\n"
                    "iPhone and iPad\n"
                    "  portico cert trust --serve, and open the QR code with the camera, in Safari; Settings,\n"
                    "  Profile Downloaded, Install; then Settings, General, About, Certificate Trust Settings\n"
                    "Android\n"
                    "  portico cert trust --serve, and open the QR code with the camera; Settings, Security,\n"
                    "  Encryption & credentials, Install a certificate, CA certificate, and choose portico.crt\n"
                    "\n"
                    "Compare the fingerprint on the device: {1}\n",
                    file, tls::fingerprint(authority)));
}

int run_cert(const Arguments& arguments) {
    const std::string folder = server::authority_folder();
    const auto authority = server::local_authority(folder);
    if (!authority) return complain(authority.error().message, advice_of(authority.error()));
    const std::string path = server::authority_path(folder);
    const std::string_view action = *arguments.positional(0);
    if (action != "trust" && (arguments.has("serve") || arguments.has("port"))) {
        return complain_of_misuse("--serve is for portico cert trust", "portico cert trust --serve");
    }
    if (arguments.has("port") && !arguments.has("serve")) {
        return complain_of_misuse("--port is for --serve", "portico cert trust --serve --port 8090");
    }
    if (arguments.has("serve")) {
        return serve_authority(*authority, path, static_cast<std::uint16_t>(arguments.number("port").value_or(0)));
    }
    if (action == "path") say(path + "\n");
    if (action == "show") show(*authority, path);
    if (action == "trust") tell_how_to_trust(*authority, path);
    return exit_ok;
}

}  // namespace

Command cert_command() {
    return {
        .name = "cert",
        .summary = "show the certificate authority of portico serve --tls",
        .about =
            "portico serve --tls uses certificates from an authority of your own, which is made when it is first\n"
            "needed. Browsers and other devices accept them once they trust the authority's certificate. It is kept\n"
            "in $XDG_DATA_HOME/portico or ~/.local/share/portico, with its key, which only you can read. Never give\n"
            "that key away: whoever has it can pretend to be any site to the devices that trust the authority.",
        .examples = {{"portico cert trust", "what to do on this machine and on a phone"},
                     {"portico cert trust --serve", "a QR code that leads a phone to the certificate"},
                     {"curl --cacert \"$(portico cert path)\" https://localhost:8080/", "a client that trusts it"}},
        .arguments = {{.name = "ACTION",
                       .meaning = "trust: how to trust it; show: name, dates, fingerprint; path: its file",
                       .kind = ValueKind::choice,
                       .presence = Presence::required,
                       .choices = {"trust", "show", "path"}}},
        .options = {{.name = "serve", .meaning = "offer the certificate to phones, with a QR code"},
                    {.name = "port",
                     .letter = 'p',
                     .value = "PORT",
                     .meaning = "the port for that [any free one]",
                     .kind = ValueKind::number,
                     .most = 65'535}},
        .run = run_cert,
    };
}

}  // namespace portico::app
