// Measures an answer from the cache, and the checks of files that the cache avoids (docs/decisions/0005-cold-files.md).
#include <benchmark/benchmark.h>

#include <thread>

#include "portico/handler/files/root_for_test.h"

namespace portico::files {
namespace {

// A handler on a folder with a few files, all of which it has read.
class Served {
public:
    explicit Served(std::chrono::milliseconds revalidate = std::chrono::hours(1)) {
        root.write("index.html", std::string(128, 'x'));
        root.write("assets/styles/main.css", std::string(4000, 'y'));
        root.write("large.bin", std::string(1'000'000, 'z'));
        // A file that was written a moment ago is read again instead of checked.
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        core.run_once(core.now());
        FolderOptions options;
        options.root = root.path().string();
        options.revalidate = revalidate;
        handler = std::make_unique<Responder>(core, *Folder::open(io::real_file_system(), options));
        for (const std::string_view target : {"/index.html", "/assets/styles/main.css", "/large.bin", "/missing"}) {
            for (const FieldList& fields : {FieldList{}, FieldList{{http::FieldName::accept_encoding, "br"}}}) {
                const http::Request request = make_request(target, fields);
                Answer answer;
                io::run_task(core, take_steps(*handler, request, answer));
            }
        }
    }

    RootForTest root;
    std::unique_ptr<io::Kernel> kernel = std::move(*io::make_epoll_kernel());
    io::Core core{*kernel};
    std::unique_ptr<Responder> handler;
};

void answer_over_and_over(benchmark::State& state, Served& served, std::string_view target, const FieldList& fields) {
    const http::Request request = make_request(target, fields);
    http::Response response;
    std::string scratch;
    for (auto _ : state) {
        const auto resource = translate(request.path, {}, *served.handler->store().folder());
        const bool filled = served.handler->respond_at_once(request, *resource, response);
        if (!filled) state.SkipWithError("not answered at once");
        benchmark::DoNotOptimize(response);
        response.clear();
    }
}

void small_file(benchmark::State& state) {
    Served served;
    answer_over_and_over(state, served, "/index.html", {});
}
BENCHMARK(small_file);

void small_file_with_a_longer_path(benchmark::State& state) {
    Served served;
    answer_over_and_over(state, served, "/assets/styles/main.css", {});
}
BENCHMARK(small_file_with_a_longer_path);

void encoded_for_a_browser(benchmark::State& state) {
    Served served;
    answer_over_and_over(state, served, "/assets/styles/main.css",
                         {{http::FieldName::accept_encoding, "gzip, deflate, br, zstd"}});
}
BENCHMARK(encoded_for_a_browser);

void not_modified(benchmark::State& state) {
    Served served;
    const http::Request request = make_request("/index.html");
    Answer answer;
    io::run_task(served.core, take_steps(*served.handler, request, answer));
    const std::string etag = answer.field(http::FieldName::etag);
    answer_over_and_over(state, served, "/index.html", {{http::FieldName::if_none_match, etag}});
}
BENCHMARK(not_modified);

void large_file(benchmark::State& state) {
    Served served;
    answer_over_and_over(state, served, "/large.bin", {});
}
BENCHMARK(large_file);

void missing_file(benchmark::State& state) {
    Served served;
    answer_over_and_over(state, served, "/missing", {});
}
BENCHMARK(missing_file);

// Checks the file, and looks for its precompressed siblings, each time.
void small_file_looked_at(benchmark::State& state) {
    Served served(std::chrono::milliseconds(0));
    answer_over_and_over(state, served, "/index.html", {});
}
BENCHMARK(small_file_looked_at);

void one_look(benchmark::State& state) {
    Served served;
    const Folder& folder = *served.handler->store().folder();
    for (auto _ : state) benchmark::DoNotOptimize(folder.files().status_beneath(folder.root(), "index.html"));
}
BENCHMARK(one_look);

void one_look_for_what_is_missing(benchmark::State& state) {
    Served served;
    const Folder& folder = *served.handler->store().folder();
    for (auto _ : state) benchmark::DoNotOptimize(folder.files().status_beneath(folder.root(), "index.html.br"));
}
BENCHMARK(one_look_for_what_is_missing);

// The work of a helper thread for a file that is not cached; its pages are in the kernel's memory.
void load_small_file(benchmark::State& state) {
    Served served;
    for (auto _ : state) benchmark::DoNotOptimize(load(*served.handler->store().folder(), "/index.html"));
}
BENCHMARK(load_small_file);

// The same through a helper thread and back.
void load_on_a_helper_thread(benchmark::State& state) {
    Served served(std::chrono::milliseconds(0));
    const http::Request request = make_request("/index.html");
    for (auto _ : state) {
        served.handler->forget_kept();
        Answer answer;
        io::run_task(served.core, take_steps(*served.handler, request, answer));
    }
}
BENCHMARK(load_on_a_helper_thread)->UseRealTime();

void list_a_thousand_files(benchmark::State& state) {
    Served served;
    for (int i = 0; i < 1000; ++i) served.root.write("many/file" + std::to_string(i) + ".txt", "x");
    for (auto _ : state) {
        auto found = read_folder(*served.handler->store().folder(), "/many/", 10'000);
        ListedFolder listed{"/many/", std::move(found->entries), {}, found->truncated};
        sort_entries(listed.entries, {});
        benchmark::DoNotOptimize(render_listing(listed, ListingFormat::html));
    }
}
BENCHMARK(list_a_thousand_files);

}  // namespace
}  // namespace portico::files
