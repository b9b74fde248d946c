// portico/io/net/ports.cc — ports by name: see ports.h.
#include "portico/io/net/ports.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <utility>

namespace portico::io {
namespace {

constexpr std::string_view blanks = " \t\r\f\v";

// Removes the next word from `line` and returns it; empty at the end.
std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

// Parses one line without its comment: "http 80/tcp www".
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
                    .transport = protocol == "/tcp" ? EndpointScheme::tcp : EndpointScheme::udp,
                    .aliases = {}};
    for (auto alias = take_word(line); !alias.empty(); alias = take_word(line)) known.aliases.emplace_back(alias);
    return known;
}

// Services that people ask for and that /etc/services may lack: most containers have no such file, and Debian's has few
// services that are younger than the file. First the name that IANA or the project uses, then other names.
constexpr std::string_view well_known = R"(
echo 7/tcp
echo 7/udp
discard 9/tcp sink null
discard 9/udp sink null
daytime 13/tcp
daytime 13/udp
qotd 17/tcp quote
chargen 19/tcp ttytst source
chargen 19/udp ttytst source
ftp-data 20/tcp
ftp 21/tcp
ssh 22/tcp sftp scp
telnet 23/tcp
smtp 25/tcp mail
time 37/tcp timserver
time 37/udp timserver
whois 43/tcp nicname
tacacs 49/tcp
domain 53/tcp dns
domain 53/udp dns
bootps 67/udp dhcp dhcps
bootpc 68/udp dhcpc
tftp 69/udp
gopher 70/tcp
finger 79/tcp
http 80/tcp www
http 80/udp
kerberos 88/tcp kerberos5 krb5 kerberos-sec
kerberos 88/udp kerberos5 krb5 kerberos-sec
pop3 110/tcp pop-3
sunrpc 111/tcp portmapper rpcbind
sunrpc 111/udp portmapper rpcbind
auth 113/tcp authentication tap ident
nntp 119/tcp readnews untp
ntp 123/udp
epmap 135/tcp loc-srv msrpc
netbios-ns 137/udp
netbios-dgm 138/udp
netbios-ssn 139/tcp
imap2 143/tcp imap
snmp 161/tcp
snmp 161/udp
snmp-trap 162/udp snmptrap
bgp 179/tcp
irc 194/tcp
irc 194/udp
ldap 389/tcp
ldap 389/udp
https 443/tcp
https 443/udp http3
microsoft-ds 445/tcp smb cifs samba
submissions 465/tcp ssmtp smtps urd
isakmp 500/udp ike ipsec
syslog 514/udp
printer 515/tcp spooler lpd
dhcpv6-client 546/udp
dhcpv6-server 547/udp
rtsp 554/tcp
nntps 563/tcp snntp
submission 587/tcp
ipp 631/tcp cups
ldaps 636/tcp
domain-s 853/tcp dot
domain-s 853/udp doq
rsync 873/tcp
ftps 990/tcp
telnets 992/tcp
imaps 993/tcp
pop3s 995/tcp
socks 1080/tcp
openvpn 1194/tcp
openvpn 1194/udp
ms-sql-s 1433/tcp mssql sqlserver
ms-sql-m 1434/udp
oracle 1521/tcp
l2tp 1701/udp
pptp 1723/tcp
radius 1812/udp
radius-acct 1813/udp
mqtt 1883/tcp
ssdp 1900/udp upnp
rtmp 1935/tcp
gemini 1965/tcp
nfs 2049/tcp
zookeeper 2181/tcp
docker 2375/tcp
docker-s 2376/tcp
etcd-client 2379/tcp etcd
etcd-server 2380/tcp
grafana 3000/tcp
squid 3128/tcp
iscsi-target 3260/tcp iscsi
mysql 3306/tcp mariadb
ms-wbt-server 3389/tcp rdp
ms-wbt-server 3389/udp rdp
stun 3478/tcp turn
stun 3478/udp turn
svn 3690/tcp subversion
sieve 4190/tcp
nats 4222/tcp
ipsec-nat-t 4500/udp
sip 5060/tcp
sip 5060/udp
sip-tls 5061/tcp sips
xmpp-client 5222/tcp jabber-client xmpp jabber
xmpp-server 5269/tcp jabber-server
stuns 5349/tcp turns
mdns 5353/udp zeroconf bonjour
llmnr 5355/udp
postgresql 5432/tcp postgres
nrpe 5666/tcp nagios-nrpe
amqps 5671/tcp
amqp 5672/tcp rabbitmq
coap 5683/udp
coaps 5684/udp
vnc 5900/tcp rfb
couchdb 5984/tcp
winrm 5985/tcp
winrm-s 5986/tcp
x11 6000/tcp
redis 6379/tcp valkey
pgbouncer 6432/tcp
kube-apiserver 6443/tcp kubernetes
syslog-tls 6514/tcp
ircd 6667/tcp
ircs-u 6697/tcp ircs
bittorrent 6881/tcp
bittorrent 6881/udp
bolt 7687/tcp neo4j
http-alt 8080/tcp webcache
http-alt 8080/udp
influxdb 8086/tcp
jellyfin 8096/tcp
home-assistant 8123/tcp
https-alt 8443/tcp
matrix-fed 8448/tcp matrix
consul 8500/tcp
secure-mqtt 8883/tcp mqtts
jupyter 8888/tcp
cassandra 9042/tcp
tor-socks 9050/tcp tor
prometheus 9090/tcp
transmission 9091/tcp
kafka 9092/tcp
elasticsearch 9200/tcp
git 9418/tcp
teamspeak 9987/udp
zabbix-agent 10050/tcp
zabbix-trapper 10051/tcp zabbix
memcached 11211/tcp memcache
memcached 11211/udp memcache
ollama 11434/tcp
minecraft-bedrock 19132/udp
minecraft 25565/tcp
mongodb 27017/tcp mongo
plex 32400/tcp
wireguard 51820/udp
)";

bool matches_in_any_case(std::string_view left, std::string_view right) {
    const auto lower = [](char octet) {
        return octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet | 0x20) : octet;
    };
    return std::ranges::equal(left, right, {}, lower, lower);
}

std::vector<KnownPort> read_known_ports() {
    std::ifstream file("/etc/services");
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return merge_services(parse_services(text), parse_services(well_known));
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

bool KnownPort::is_called(std::string_view wanted) const {
    return matches_in_any_case(name, wanted) || std::ranges::any_of(aliases, [wanted](std::string_view alias) {
               return matches_in_any_case(alias, wanted);
           });
}

std::vector<KnownPort> merge_services(std::vector<KnownPort> known, const std::vector<KnownPort>& more) {
    // If `known` gives a name to another port, the name stays with that port.
    const auto is_taken = [&known](std::string_view name, EndpointScheme transport) {
        return std::ranges::any_of(
            known, [&](const KnownPort& each) { return each.transport == transport && each.is_called(name); });
    };
    for (const KnownPort& added : more) {
        std::vector<std::string> names;
        if (!is_taken(added.name, added.transport)) names.push_back(added.name);
        for (const std::string& alias : added.aliases) {
            if (!is_taken(alias, added.transport)) names.push_back(alias);
        }
        if (names.empty()) continue;
        const auto same = std::ranges::find_if(known, [&added](const KnownPort& each) {
            return each.transport == added.transport && each.number == added.number;
        });
        if (same != known.end()) {
            same->aliases.insert(same->aliases.end(), names.begin(), names.end());
            continue;
        }
        KnownPort entry{.name = names.front(), .number = added.number, .transport = added.transport, .aliases = {}};
        entry.aliases.assign(names.begin() + 1, names.end());
        known.push_back(std::move(entry));
    }
    return known;
}

const std::vector<KnownPort>& known_ports() {
    static const std::vector<KnownPort> known = read_known_ports();
    return known;
}

std::optional<std::uint16_t> port_named(std::string_view name, EndpointScheme transport) {
    const auto found = std::ranges::find_if(
        known_ports(), [&](const KnownPort& known) { return known.transport == transport && known.is_called(name); });
    if (found == known_ports().end()) return std::nullopt;
    return found->number;
}

std::optional<std::string_view> name_of_port(std::uint16_t number, EndpointScheme transport) {
    const auto found = std::ranges::find_if(
        known_ports(), [&](const KnownPort& known) { return known.transport == transport && known.number == number; });
    if (found == known_ports().end()) return std::nullopt;
    return found->name;
}

}  // namespace portico::io
