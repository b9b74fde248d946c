// portico/app/cert_serve.cc — see cert_serve.h.
#include "portico/app/cert_serve.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "portico/app/banner.h"
#include "portico/app/certificates.h"
#include "portico/app/command.h"
#include "portico/app/notice.h"
#include "portico/app/qr.h"
#include "portico/io/signals.h"
#include "portico/route/routes.h"
#include "portico/server/server.h"
#include "portico/server/ticket_keys.h"
#include "portico/tls/local_authority.h"

namespace portico::app {
namespace {

constexpr std::string_view target = "portico.crt";

// Answers every request with the same octets.
class Certificate final : public route::Handler {
public:
    explicit Certificate(std::shared_ptr<const std::string> octets) : octets_(std::move(octets)) {}
    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override {
        http::Response& response = exchange.response();
        // The type by which phones offer to install it.
        response.fields.add(http::FieldName::content_type, "application/x-x509-ca-cert");
        response.fields.add(http::FieldName::content_disposition, "attachment; filename=\"portico.crt\"");
        response.content.push_back(http::Piece::memory(*octets_, octets_));
        return true;
    }
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override {
        static_cast<void>(answer_at_once(exchange));
        co_return;
    }

private:
    std::shared_ptr<const std::string> octets_;
};

std::shared_ptr<const route::Routes> routes_to(std::shared_ptr<const std::string> octets) {
    auto routes = std::make_shared<route::Routes>();
    route::Definition only;
    only.method = "GET";
    only.pattern = fmt::format("/{}", target);
    only.handler = [octets = std::move(octets)](io::Core&) { return std::make_shared<Certificate>(octets); };
    routes->add(std::move(only));
    return routes;
}

void tell_where(const server::Server& server, const tls::Credentials& authority) {
    const std::vector<Door> doors = doors_of(server.local(), own_addresses());
    const Door* door = door_for_others(doors);
    const bool is_reachable = door != nullptr;
    if (!is_reachable) door = door_for_us(doors);
    if (door == nullptr) return;
    const std::string url = door->url + std::string(target);
    say_in_passing(fmt::format("Open this on the device, in the same network:\n  {}\n", url));
    const bool coloured = wants_colour(Colouring::automatic, STDOUT_FILENO);
    const auto code = qr_code(url, coloured ? QrColours::black_on_white : QrColours::the_terminals);
    if (code) say_in_passing(*code);
    say_in_passing(
        fmt::format("Compare the fingerprint on the device, since anyone in the network could answer in this\n"
                    "machine's place: {}\n",
                    tls::fingerprint(authority)));
    if (!is_reachable) note("this machine has no address that others can reach");
}

}  // namespace

int serve_authority(const tls::Credentials& authority, const std::string& path, std::uint16_t port) {
    io::ignore_broken_pipes();
    auto octets = server::read_small_file(path);
    if (!octets) return complain(octets.error().message);
    server::ServerOptions options;
    options.listen.push_back(io::SocketAddress::of(io::IpAddress::any(io::Family::ipv4), port));
    options.log.format = server::LogFormat::off;
    const auto opened =
        server::Server::open(options, routes_to(std::make_shared<const std::string>(*std::move(octets))));
    if (!opened) {
        return complain(
            fmt::format("cannot listen on {}: {}", options.listen.front().text(), io::describe(opened.error().error)));
    }
    server::Server& server = **opened;
    const io::SignalWatcher watcher(
        {SIGTERM, SIGINT}, [&server](int) { server.stop_now(); }, io::SignalWatcher::Afterwards::ignored);
    if (!watcher.is_watching()) return complain("the thread that waits for signals could not be started");
    tell_where(server, authority);
    server.start();
    server.wait();
    return exit_ok;
}

}  // namespace portico::app
