// portico/site/root_for_test.h — a folder to serve, made for one test, and requests for its content.
//
// Room site: see options.h. For tests and benchmarks only.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <cassert>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/base/scratch_folder_for_test.h"
#include "portico/http/target.h"
#include "portico/io/epoll/epoll_kernel.h"
#include "portico/io/run_task.h"
#include "portico/site/handler.h"

namespace portico::site {

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
    http::Response response;  // its views live as long as it does

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

// Step 3, for a request without an exchange.
inline http::Result<Resource> resource_of(const http::Request& request, const Site& site, std::string& scratch) {
    http::Result<std::string_view> path = request.path;
    if (request.form == http::TargetForm::origin) path = http::decode_path(request.path, scratch);
    if (!path) return std::unexpected(path.error());
    return translate(request, *path, site);
}

// Takes steps 3 to 5 for one request, as the server does.
inline Task<bool> take_steps(Handler& handler, const http::Request& request, Answer& answer,
                             const io::SocketAddress& peer = usual_peer) {
    std::string scratch;
    auto resource = resource_of(request, *handler.store().site(), scratch);
    auto allowed = handler.authorize(request);
    if (!allowed) allowed = co_await handler.authorize_slowly(request, peer);
    if (!*allowed) resource = std::unexpected(allowed->error());
    if (!resource) {
        co_await handler.respond_refusal(request, resource.error(), answer.response);
    } else if (!handler.respond_at_once(request, *resource, answer.response)) {
        co_await handler.respond(request, *resource, answer.response);
    }
    answer.status = answer.response.status;
    co_return true;
}

}  // namespace portico::site
