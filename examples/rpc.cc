// examples/rpc.cc — calls functions of another process over a Unix socket.
//
// usage: rpc serve PATH
//        rpc call [--within MILLISECONDS] PATH METHOD [ARGUMENT]...
//
//   $ rpc serve /run/user/1000/rpc.sock &
//   $ rpc call /run/user/1000/rpc.sock add 1 2 3
//   6
//   $ rpc call --within 100 /run/user/1000/rpc.sock sleep 60000
//   rpc: sleep: the deadline has passed
//
// A call is one line of JSON, and so is its answer; one connection carries any number of them, in order:
//
//   {"id": 1, "method": "add", "params": [1, 2, 3], "within": 2000}
//   {"id": 1, "result": 6}     or     {"id": 1, "error": "there is no method sub"}
//
// Every call has a deadline, which the client sends to the server, so that neither side works on a call that has been
// abandoned. The socket is a file, and its permissions determine who may call.
//
// Exit status of call: 0 the result is on standard output; 1 the server reported an error; 2 usage; 3 no answer.
#include <portico/io/epoll/epoll_kernel.h>
#include <portico/io/line_reader.h>
#include <portico/io/run_task.h>
#include <portico/json.h>
#include <portico/portico.h>

#include <cstdio>

namespace {

namespace io = portico::io;
using portico::Json;
using portico::Stream;
using portico::Task;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t line_octets_max = 64 * 1024;
constexpr Milliseconds within_default{2'000};
constexpr Milliseconds within_max{60'000};
constexpr std::string_view deadline_has_passed = "the deadline has passed";

std::string line_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

// --- the methods: each returns a result, or a sentence that says what is wrong

using Answer = std::expected<Json, std::string>;

Answer add(const Json& params) {
    double sum = 0;
    for (const Json& one : params) {
        if (!one.is_number()) return std::unexpected("add takes numbers");
        sum += one.get<double>();
    }
    return sum;
}

Answer join(const Json& params) {
    std::string joined;
    for (const Json& one : params) {
        if (!one.is_string()) return std::unexpected("join takes texts");
        joined += one.get_ref<const std::string&>();
    }
    return joined;
}

// A method that waits for as many milliseconds as its parameter says, but not beyond the deadline of the call.
Task<Answer> sleep(io::Core& core, const Json& params, io::TimePoint deadline) {
    if (params.size() != 1 || !params[0].is_number_unsigned()) {
        co_return std::unexpected("sleep takes a number of milliseconds");
    }
    const Milliseconds time(std::min<std::uint64_t>(params[0].get<std::uint64_t>(), 3'600'000));
    const io::TimePoint awake = core.now() + time;
    const bool slept = co_await io::sleep_until(core, std::min(awake, deadline));
    if (!slept) co_return std::unexpected("the server is stopping");
    if (awake > deadline) co_return std::unexpected(std::string(deadline_has_passed));
    co_return "slept";
}

Task<Answer> call_method(io::Core& core, const std::string& method, const Json& params, io::TimePoint deadline) {
    if (method == "add") co_return add(params);
    if (method == "join") co_return join(params);
    if (method == "sleep") {
        Answer answer = co_await sleep(core, params, deadline);
        co_return answer;
    }
    co_return std::unexpected("there is no method " + method);
}

// --- the server

// A call, as requested by a line.
struct Call {
    Json id;
    std::string method;
    Json params = Json::array();
    Milliseconds within = within_default;
};

std::expected<Call, std::string> parse_call(std::string_view line) {
    const Json json = Json::parse(line, nullptr, false);  // false: it does not throw
    if (json.is_discarded()) return std::unexpected("that is no JSON");
    if (!json.is_object() || !json.contains("method") || !json["method"].is_string()) {
        return std::unexpected("a call is an object with a \"method\"");
    }
    Call call;
    if (json.contains("id")) call.id = json["id"];
    call.method = json["method"].get<std::string>();
    if (json.contains("params")) call.params = json["params"];
    if (!call.params.is_array()) return std::unexpected("\"params\" is an array");
    if (json.contains("within")) {
        if (!json["within"].is_number_unsigned()) return std::unexpected("\"within\" is a number of milliseconds");
        call.within = Milliseconds(std::min<std::uint64_t>(json["within"].get<std::uint64_t>(), within_max.count()));
    }
    return call;
}

Json result_or_error(const Json& id, const Answer& answer) {
    if (!answer) return {{"id", id}, {"error", answer.error()}};
    return {{"id", id}, {"result", *answer}};
}

Task<Json> answer_line(io::Core& core, std::string_view line) {
    const io::TimePoint came = core.now();
    const std::expected<Call, std::string> call = parse_call(line);
    if (!call) co_return result_or_error(nullptr, std::unexpected(call.error()));
    const Answer answer = co_await call_method(core, call->method, call->params, came + call->within);
    co_return result_or_error(call->id, answer);
}

Task<void> serve_client(portico::Connection client) {
    io::LineReader reader = portico::lines_of(client, line_octets_max);
    for (;;) {
        const io::Result<std::optional<io::Line>> line = co_await reader.read_line(io::never);
        if (!line || !*line) co_return;
        const Json answer = co_await answer_line(client.core(), (*line)->text);
        const io::TimePoint deadline = client.core().now() + within_default;
        const std::string said = line_of(answer);
        const io::Result<void> written = co_await client.write_all(said, deadline);
        if (!written) co_return;
    }
}

// --- the client

// The server's answer, or the reason why there is none.
Task<io::Result<std::string>> exchange(io::Core& core, io::SocketAddress server, std::string call,
                                       io::TimePoint deadline) {
    io::Result<Stream> stream = co_await io::connect(core, std::move(server), deadline);
    if (!stream) co_return std::unexpected(stream.error());
    const io::Result<void> written = co_await stream->write_all(call, deadline);
    if (!written) co_return std::unexpected(written.error());
    io::LineReader reader(*stream, line_octets_max);
    const io::Result<std::optional<io::Line>> line = co_await reader.read_line(deadline);
    if (!line) co_return std::unexpected(line.error());
    if (!*line) co_return io::fail(ECONNRESET, "read");
    co_return std::string((*line)->text);
}

int complain(const std::string& about, std::string_view sentence, int status) {
    std::fprintf(stderr, "rpc: %s: %.*s\n", about.c_str(), static_cast<int>(sentence.size()), sentence.data());
    return status;
}

int show(const std::string& method, const std::string& line) {
    const Json answer = Json::parse(line, nullptr, false);
    if (answer.is_object() && answer.contains("error") && answer["error"].is_string()) {
        return complain(method, answer["error"].get<std::string>(), 1);
    }
    if (!answer.is_object() || !answer.contains("result")) return complain(method, "the answer makes no sense", 3);
    const Json& result = answer["result"];
    std::printf("%s\n", result.is_string() ? result.get<std::string>().c_str() : result.dump().c_str());
    return 0;
}

int call(const std::string& path, const std::string& method, const std::vector<std::string_view>& arguments,
         Milliseconds within) {
    Json params = Json::array();
    for (const std::string_view argument : arguments) {
        Json value = Json::parse(argument, nullptr, false);
        params.push_back(value.is_discarded() ? Json(argument) : std::move(value));
    }
    const Json request{{"id", 1}, {"method", method}, {"params", params}, {"within", within.count()}};

    const auto endpoint = io::parse_endpoint("unix:" + path);
    if (!endpoint) return complain(path, endpoint.error().message, 2);
    const auto kernel = io::make_epoll_kernel();
    if (!kernel) return complain(path, io::describe(kernel.error()), 3);
    io::Core core(**kernel);
    // A little more time than the server has, so that its own message about the deadline can arrive.
    const io::TimePoint deadline = core.now() + within + Milliseconds(200);
    const io::Result<std::string> line =
        io::run_task(core, exchange(core, io::SocketAddress::unix_path_of(endpoint->path), line_of(request), deadline));
    if (!line) return complain(path, io::describe(line.error()), 3);
    return show(method, *line);
}

int usage() {
    std::fprintf(stderr,
                 "usage: rpc serve PATH\n"
                 "       rpc call [--within MILLISECONDS] PATH METHOD [ARGUMENT]...\n");
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string_view> words(argv + 1, argv + argc);
    if (words.size() == 2 && words[0] == "serve") {
        return portico::TcpServer(serve_client).run("unix:" + std::string(words[1]));
    }
    if (words.empty() || words[0] != "call") return usage();
    words.erase(words.begin());
    Milliseconds within = within_default;
    if (words.size() > 1 && words[0] == "--within") {
        long long count = 0;
        const auto [stopped_at, failure] = std::from_chars(words[1].data(), words[1].data() + words[1].size(), count);
        if (failure != std::errc{} || stopped_at != words[1].data() + words[1].size() || count < 1) return usage();
        within = std::min(Milliseconds(count), within_max);
        words.erase(words.begin(), words.begin() + 2);
    }
    if (words.size() < 2) return usage();
    return call(std::string(words[0]), std::string(words[1]), {words.begin() + 2, words.end()}, within);
}
