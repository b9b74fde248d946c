// portico/io/ports.cc — ports by name: see ports.h.
#include "portico/io/ports.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

namespace portico::io {
namespace {

constexpr std::string_view blanks = " \t\r\f\v";

// The next word of `line`, which it is taken from; empty at the end.
std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

// One line without its comment: "http 80/tcp www".
std::optional<KnownPort> parse_service(std::string_view line) {
    const std::string_view name = take_word(line);
    const std::string_view port = take_word(line);
    std::uint16_t number = 0;
    const auto [stopped_at, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (name.empty() || failure != std::errc{}) return std::nullopt;
    const std::string_view protocol = port.substr(static_cast<std::size_t>(stopped_at - port.data()));
    if (protocol != "/tcp" && protocol != "/udp") return std::nullopt;
    KnownPort known{.name = std::string(name),
                    .number = number,
                    .transport = protocol == "/tcp" ? Transport::tcp : Transport::udp,
                    .aliases = {}};
    for (auto alias = take_word(line); !alias.empty(); alias = take_word(line)) known.aliases.emplace_back(alias);
    return known;
}

// For machines without /etc/services.
constexpr std::string_view everybody_knows = R"(
echo 7/tcp
echo 7/udp
discard 9/tcp sink null
discard 9/udp sink null
daytime 13/tcp
daytime 13/udp
chargen 19/tcp ttytst source
chargen 19/udp ttytst source
ftp-data 20/tcp
ftp 21/tcp
ssh 22/tcp
telnet 23/tcp
smtp 25/tcp mail
time 37/tcp timserver
time 37/udp timserver
whois 43/tcp nicname
domain 53/tcp
domain 53/udp
bootps 67/udp
bootpc 68/udp
tftp 69/udp
gopher 70/tcp
finger 79/tcp
http 80/tcp www
http 80/udp
kerberos 88/tcp kerberos5 krb5 kerberos-sec
kerberos 88/udp kerberos5 krb5 kerberos-sec
pop3 110/tcp pop-3
sunrpc 111/tcp portmapper
sunrpc 111/udp portmapper
auth 113/tcp authentication tap ident
nntp 119/tcp readnews untp
ntp 123/udp
imap2 143/tcp imap
snmp 161/tcp
snmp 161/udp
bgp 179/tcp
irc 194/tcp
ldap 389/tcp
ldap 389/udp
https 443/tcp
https 443/udp
microsoft-ds 445/tcp
submissions 465/tcp ssmtp smtps urd
syslog 514/udp
printer 515/tcp spooler
submission 587/tcp
ipp 631/tcp
ldaps 636/tcp
domain-s 853/tcp
domain-s 853/udp
rsync 873/tcp
imaps 993/tcp
pop3s 995/tcp
socks 1080/tcp
openvpn 1194/udp
mqtt 1883/tcp
nfs 2049/tcp
mysql 3306/tcp
sip 5060/tcp
sip 5060/udp
xmpp-client 5222/tcp jabber-client
mdns 5353/udp
postgresql 5432/tcp postgres
redis 6379/tcp
http-alt 8080/tcp webcache
http-alt 8080/udp
git 9418/tcp
)";

std::vector<KnownPort> read_known_ports() {
    std::ifstream file("/etc/services");
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    std::vector<KnownPort> known = parse_services(text);
    return known.empty() ? parse_services(everybody_knows) : known;
}

}  // namespace

std::vector<KnownPort> parse_services(std::string_view text) {
    std::vector<KnownPort> known;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        auto service = parse_service(line.substr(0, line.find('#')));
        if (service) known.push_back(*std::move(service));
    }
    return known;
}

const std::vector<KnownPort>& known_ports() {
    static const std::vector<KnownPort> known = read_known_ports();
    return known;
}

std::optional<std::uint16_t> port_named(std::string_view name, Transport transport) {
    const auto found = std::ranges::find_if(known_ports(), [&](const KnownPort& known) {
        return known.transport == transport &&
               (known.name == name || std::ranges::find(known.aliases, name) != known.aliases.end());
    });
    if (found == known_ports().end()) return std::nullopt;
    return found->number;
}

std::optional<std::string_view> name_of_port(std::uint16_t number, Transport transport) {
    const auto found = std::ranges::find_if(
        known_ports(), [&](const KnownPort& known) { return known.transport == transport && known.number == number; });
    if (found == known_ports().end()) return std::nullopt;
    return found->name;
}

}  // namespace portico::io
