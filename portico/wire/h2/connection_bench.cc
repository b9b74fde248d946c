// portico/wire/h2/connection_bench.cc — the time that one small request and its answer take.
#include <benchmark/benchmark.h>

#include <string>

#include "portico/wire/h2/client_for_test.h"

namespace portico::h2 {
namespace {

// As browsers send them: all lines but the path are in the dynamic table after the first request.
std::string first_block() {
    std::string block;
    const auto add = [&block](std::string_view name, std::string_view value) {
        block += '\x40' + hpack_string(name) + hpack_string(value);
    };
    block += "\x82\x87";  // GET, https
    add(":authority", "localhost:8443");
    add("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
    add("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    add("accept-encoding", "gzip, deflate, br, zstd");
    return block.insert(2, "\x04\x0a/small.txt");
}
constexpr std::string_view next_block = "\x82\x87\x04\x0a/small.txt\xc1\xc0\xbf\xbe";

// `state.range(0)` requests arrive together, and their answers leave together.
void answer_requests(benchmark::State& state) {
    Ledger ledger(64 * 1024 * 1024);
    BufferPool pool(ledger);
    Limits limits;
    Context context(pool, limits);
    TimePoint now(std::chrono::hours(1));
    Connection connection(context, http::Scheme::https);
    http::Response response;
    response.fields.add(http::FieldName::content_type, "text/plain; charset=utf-8");
    response.fields.add(http::FieldName::etag, "\"5f3c-1a2b3c4d5e6f\"");
    response.fields.add(http::FieldName::last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
    const std::string content(1000, 'c');
    StreamId id = 1;
    std::int64_t requests = 0;
    std::string input = hello() + window_update_of(0, 0x7fff0000) + headers_of(id, first_block());
    while (state.KeepRunningBatch(state.range(0))) {
        connection.receive(input, now);
        while (const auto event = connection.next_event()) {
            const HeadExtras extras{.date = "Sun, 06 Nov 1994 08:49:37 GMT", .content_length = content.size()};
            connection.respond(event->stream, response, extras, Ending::more);
            connection.write_data(event->stream, content, Ending::last);
            connection.released(event->stream);
            ++requests;
        }
        benchmark::DoNotOptimize(connection.output().data());
        connection.output_sent(connection.output().size());
        // What the next input costs is what a client pays.
        input = requests % 1024 == 0 ? window_update_of(0, 1024 * 1000) : std::string();
        for (std::int64_t i = 0; i < state.range(0); ++i) input += headers_of(id += 2, next_block);
        now += std::chrono::milliseconds(1);
    }
    if (connection.has_ended()) state.SkipWithError("the connection has ended");
    state.SetItemsProcessed(requests);
}
BENCHMARK(answer_requests)->Arg(1)->Arg(32);

}  // namespace
}  // namespace portico::h2
