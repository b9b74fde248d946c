// test/sim/fetching_client.cc — see fetching_client.h.
#include "test/sim/fetching_client.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "portico/io/scope.h"
#include "portico/link/client.h"
#include "test/sim/clients.h"
#include "test/sim/h2_client.h"
#include "test/sim/questions.h"

namespace portico::sim {
namespace {

using Kind = link::Failure::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds patience{200};
constexpr std::size_t content_octets_max = std::size_t{64} << 20;

link::ClientOptions options_for(World& world, Security security) {
    link::ClientOptions options;
    link::OutboundLimits& limits = options.limits;
    for (auto* const time :
         {&limits.connect_time_max, &limits.handshake_time_max, &limits.request_idle_max, &limits.response_time_max,
          &limits.head_time_max, &limits.content_idle_max, &limits.rate_grace}) {
        *time = patience;
    }
    options.tls.verification = tls::Verification::none;
    const io::SocketAddress there = security == Security::tls ? secure_address() : server_address();
    options.connect_to = io::parse_endpoint(there.text()).value();
    if (world.chance().happens(0.4)) {
        options.version =
            security == Security::tls ? link::SpokenVersion::http_1_1 : link::SpokenVersion::http_2_prior_knowledge;
    }
    return options;
}

// The request of an HTTP/1.1 client in the terms of ours. Nothing: ours does not send such a request.
std::optional<link::ClientRequest> request_of(const Question& question, Security security) {
    const std::string_view octets = question.octets;
    const std::size_t head_end = octets.find("\r\n\r\n");
    std::string_view head = octets.substr(0, head_end + 2);
    std::string content(octets.substr(head_end + 4));
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    const std::size_t first = line.find(' ');
    std::string_view target = line.substr(first + 1, line.rfind(' ') - first - 1);
    if (target.starts_with("http://")) target.remove_prefix(target.find('/', 7));
    const std::string_view scheme = security == Security::tls ? "https" : "http";
    link::ClientRequest request(std::string(scheme) + "://example.org" + std::string(target),
                                std::string(line.substr(0, first)));
    for (; !head.empty(); head.remove_prefix(head.find("\r\n") + 2)) {
        const std::string_view field = head.substr(0, head.find("\r\n"));
        const std::string_view name = field.substr(0, field.find(": "));
        const std::string_view value = field.substr(name.size() + 2);
        if (name == "Transfer-Encoding") {
            content = without_chunks(content);
        } else if (name == "Content-Length") {
            if (value != std::to_string(content.size())) return std::nullopt;
        } else if (name == "Expect") {
            request.ask_first = link::AskFirst::always;
        } else if (name != "Host" && name != "Connection") {
            request.fields.emplace_back(name, value);
        }
    }
    if (!content.empty()) request.content = std::move(content);
    return request;
}

Answer answer_for(const link::Failure& failure, bool has_begun) {
    Answer answer;
    answer.octets = has_begun ? 1 : 0;
    answer.wrong = failure.message;
    // A connection that nobody accepts is no answer that comes too late.
    const bool has_connected = !failure.message.starts_with("cannot connect to ");
    if (failure.kind == Kind::timed_out && has_connected) answer.end = Answer::End::timed_out;
    if (failure.kind == Kind::malformed || failure.kind == Kind::misuse) answer.end = Answer::End::garbage;
    return answer;
}

void add_head(const link::ClientResponse& response, Answer& answer) {
    answer.end = Answer::End::whole;
    answer.status = static_cast<int>(response.status());
    for (const http::FieldLine& line : response.fields().lines()) {
        std::string name(line.name);
        for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
        answer.fields.emplace_back(std::move(name), line.value);
    }
}

Task<void> fetch_one(World& world, link::Client& client, Question question, link::ClientRequest request) {
    question.asked_at = world.core().now();
    question.closes = false;
    question.may_close = true;
    link::Answered<link::ClientResponse> response = co_await client.send(std::move(request));
    std::optional<link::Failure> failure;
    Answer answer;
    if (!response) {
        failure = response.error();
    } else {
        add_head(*response, answer);
        link::Answered<std::string> content = co_await response->collect(content_octets_max);
        if (!content) failure = content.error();
        if (content) answer.content = *std::move(content);
    }
    if (failure && failure->kind == Kind::stopped) {
        world.count("fetch stopped");
        co_return;
    }
    // As through buffers of a few octets.
    const bool took_long = world.core().now() - question.asked_at >= world.limits().head_time_max;
    if (failure && failure->kind == Kind::not_secured && took_long) {
        world.count("slow handshake");
        co_return;
    }
    if (failure) {
        answer = answer_for(*failure, response.has_value());
        world.count("not fetched: " + failure->message);
    }
    static_cast<void>(judge(world, question, answer));
    if (failure) co_return;
    world.count(response->version() == http::Version::http_2 ? "fetched by HTTP/2" : "fetched by HTTP/1.1");
}

}  // namespace

Task<void> fetch_answers(World& world, Security security) {
    link::Client client(world.core(), options_for(world, security));
    for (auto rounds = world.chance().between(1, 3); rounds > 0; --rounds) {
        io::Scope fetching;
        for (auto left = world.chance().between(1, 6); left > 0; --left) {
            Question question = draw_question(world);
            std::optional<link::ClientRequest> request = request_of(question, security);
            if (request) fetching.start(fetch_one(world, client, std::move(question), *std::move(request)));
        }
        if (world.chance().happens(0.1)) {
            const io::Duration time = world.chance().some_time(milliseconds(100));
            const bool slept = co_await io::sleep_for(world.core(), time);
            static_cast<void>(slept);
            fetching.request_stop();
        }
        co_await fetching.join();
        const io::Duration pause = world.chance().some_time(seconds(5));
        const bool slept = co_await io::sleep_for(world.core(), pause);
        static_cast<void>(slept);
    }
}

}  // namespace portico::sim
