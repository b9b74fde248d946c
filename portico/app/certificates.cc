// portico/app/certificates.cc — see certificates.h.
#include "portico/app/certificates.h"

#include <chrono>
#include <utility>

#include "portico/app/notice.h"
#include "portico/app/retype.h"
#include "portico/io/net/interfaces.h"

namespace portico::app {

std::string advice_of(const server::CertificateNews& news) {
    return news.path.empty() ? news.command : news.command + " " + shell_quoted(news.path);
}

std::vector<OwnAddress> own_addresses() {
    std::vector<OwnAddress> own;
    const auto interfaces = io::list_interfaces();
    if (!interfaces) return own;
    for (const io::Interface& interface : *interfaces) {
        if (!interface.is_up) continue;
        for (const io::InterfaceAddress& address : interface.addresses) own.push_back({interface.name, address.ip});
    }
    return own;
}

std::expected<std::unique_ptr<server::ServerCertificates>, server::CertificateNews> open_certificates(
    const server::CertificatePlan& plan, const std::string& ticket_keys) {
    auto keys = server::TicketKeySource::open(ticket_keys, std::chrono::steady_clock::now());
    if (!keys) return std::unexpected(keys.error());
    return server::ServerCertificates::open(
        plan, *std::move(keys), [](const server::CertificateNews& news) { note(news.message, advice_of(news)); });
}

}  // namespace portico::app
