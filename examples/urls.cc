// examples/urls.cc — requests several URLs at the same time, and says which of them answer.
//
// usage: urls URL…
//
//   $ urls https://example.org/ http://localhost:8080/
//   200  1256 bytes  41 ms  https://example.org/
//   -    cannot connect to tcp://localhost:8080: Connection refused  http://localhost:8080/
//
// Each URL has a task of its own in a Scope, which ends when the last of them has ended. A request is a value that
// comes later: a response, or the reason why there is none. Content is read in steps, so that it needs no more memory
// than one buffer, however long it is. All of that happens on one thread.
//
// Exit status: 0 each URL was answered with a status below 400; 1 some were not; 2 usage.
#include <portico/io/epoll/epoll_kernel.h>
#include <portico/io/run_task.h>
#include <portico/portico.h>

#include <cstdio>

namespace {

namespace io = portico::io;
using portico::Task;

constexpr auto time_max = std::chrono::seconds(10);
constexpr unsigned redirects_max = 5;

void print(const std::string& result, const std::string& url) {
    std::printf("%s  %s\n", result.c_str(), url.c_str());
    std::fflush(stdout);
}

// Reads content to its end. Returns how many octets it had.
Task<portico::Fetched<std::uint64_t>> count(portico::FetchResponse& response) {
    std::uint64_t octets = 0;
    for (;;) {
        const auto step = co_await response.read();
        if (!step) co_return std::unexpected(step.error());
        if (step->empty()) co_return octets;
        octets += step->size();
    }
}

Task<void> check(io::Core& core, std::string url, bool& all_well) {
    const io::TimePoint began = core.now();
    portico::FetchOptions options;
    options.time_max = time_max;
    options.redirects_max = redirects_max;
    auto response = co_await portico::fetch(core, url, std::move(options));
    if (!response) {
        all_well = false;
        co_return print("-    " + response.error().message, url);
    }
    const auto octets = co_await count(*response);
    if (!octets) {
        all_well = false;
        co_return print("-    " + octets.error().message, url);
    }
    const unsigned status = portico::http::code(response->status());
    all_well = all_well && status < 400;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(core.now() - began);
    print(std::to_string(status) + "  " + std::to_string(*octets) + " bytes  " + std::to_string(took.count()) + " ms",
          response->uri());
}

Task<bool> check_all(io::Core& core, std::vector<std::string> urls) {
    bool all_well = true;
    io::Scope scope;
    for (const std::string& url : urls) scope.start(check(core, url, all_well));
    co_await scope.join();
    co_return all_well;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: urls URL…\n");
        return 2;
    }
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return 1;
    io::Core core(**kernel);
    return io::run_task(core, check_all(core, std::vector<std::string>(argv + 1, argv + argc))) ? 0 : 1;
}
