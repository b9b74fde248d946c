// portico/handler/files/root_for_test.h — a folder to serve, made for one test, and requests for its content.
//
// Room handler: see options.h. For tests and benchmarks only.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cassert>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/handler/files/folders.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/link/exchange_for_test.h"
#include "portico/route/router.h"

namespace portico::files {

// A folder that is removed at the end of the test.
class RootForTest {
public:
    RootForTest() { std::filesystem::create_directories(place_ / "root"); }

    [[nodiscard]] std::filesystem::path path() const { return place_ / "root"; }
    [[nodiscard]] std::filesystem::path outside() const { return place_; }

    // Sets the time to an hour ago, so that no answer depends on how fast the test is.
    void write(const std::string& name, std::string_view content) { write_at(name, content, std::chrono::hours(-1)); }
    void write_at(const std::string& name, std::string_view content, std::chrono::nanoseconds from_now) {
        std::filesystem::create_directories((path() / name).parent_path());
        std::ofstream(path() / name, std::ios::binary) << content;
        set_time(name, from_now);
    }
    void set_time(const std::string& name, std::chrono::nanoseconds from_now) {
        const auto time = std::chrono::system_clock::now().time_since_epoch() + from_now;
        const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
        const timespec at{seconds.count(), std::chrono::nanoseconds(time - seconds).count()};
        const timespec times[2] = {at, at};
        [[maybe_unused]] const int failed = ::utimensat(AT_FDCWD, (path() / name).c_str(), times, 0);
        assert(failed == 0);
    }

private:
    ScratchFolder scratch_;
    std::filesystem::path place_ = scratch_.path();
};

// The result of a request.
struct Answer {
    http::Status status = http::Status::ok;
    std::shared_ptr<void> asked;  // the exchange: the response's views point into it
    http::Response response;

    [[nodiscard]] std::string field(http::FieldName name) const {
        return std::string(response.fields.find(name).value_or("(none)"));
    }
    [[nodiscard]] std::string content() const {
        std::string all;
        for (const http::Piece& piece : response.content) {
            if (!piece.file) {
                all += piece.octets;
                continue;
            }
            std::string octets(piece.length, '\0');
            const auto read = io::real_file_system().read_at(*piece.file, piece.offset, octets);
            octets.resize(read.value_or(0));
            all += octets;
        }
        return all;
    }
};

using FieldList = std::vector<std::pair<http::FieldName, std::string_view>>;

// A request without the octets from which it would be read.
inline http::Request make_request(std::string_view target, const FieldList& fields = {},
                                  http::Method method = http::Method::get) {
    http::Request request;
    request.method = method;
    request.method_token = http::spelling(method);
    request.target = target;
    request.form = target == "*" ? http::TargetForm::asterisk : http::TargetForm::origin;
    request.path = target.substr(0, target.find('?'));
    request.has_query = request.path.size() != target.size();
    if (request.has_query) request.query = target.substr(request.path.size() + 1);
    for (const auto& [name, value] : fields) request.fields.add(name, value);
    return request;
}

inline const io::SocketAddress usual_peer = io::SocketAddress::of(io::IpAddress::loopback(io::Family::ipv4), 50'000);

// A site as a server has it: its routes on one core, and what answers them.
class ServedSite {
public:
    ServedSite(io::Core& core, const std::shared_ptr<const Folder>& folder)
        : core_(&core), router_(core, routes_for(folder)), responder_(Folders::of(core).open(folder)) {}

    [[nodiscard]] io::Core& core() { return *core_; }
    [[nodiscard]] route::Router& router() { return router_; }
    [[nodiscard]] Responder& responder() { return *responder_; }
    [[nodiscard]] const Store& store() const { return responder_->store(); }

private:
    io::Core* core_;
    route::Router router_;
    std::shared_ptr<Responder> responder_;
};

// A request's exchange, without a connection.
struct AskedExchange {
    AskedExchange(io::Core& core, const io::SocketAddress& from, const http::Request& request)
        : context(core, limits), peer(from), exchange(context, peer, request) {}

    link::InboundLimits limits;
    link::InboundContext context;
    io::SocketAddress peer;
    link::ExchangeForTest exchange;
};

// Takes steps 3 to 5, as a connection does.
inline Task<bool> take_steps(route::Router& router, link::Exchange& exchange) {
    route::Route route = router.translate(exchange, route::ListenerPlace::loopback);
    if (route.guard != nullptr) {
        std::optional<http::Result<void>> allowed = route.guard->admit_at_once(exchange);
        if (!allowed) allowed = co_await route.guard->admit(exchange);
        if (!*allowed) route = route.refused(exchange, allowed->error());
    }
    if (!route.answer_at_once(exchange)) co_await route.answer(exchange);
    co_return true;
}

// The same for one request.
inline Task<bool> take_steps(ServedSite& folder, const http::Request& request, Answer& answer,
                             const io::SocketAddress& peer = usual_peer) {
    const auto asked = std::make_shared<AskedExchange>(folder.core(), peer, request);
    const bool taken = co_await take_steps(folder.router(), asked->exchange);
    answer.response = std::exchange(asked->exchange.response(), http::Response());
    answer.status = answer.response.status;
    answer.asked = asked;
    co_return taken;
}

}  // namespace portico::files
