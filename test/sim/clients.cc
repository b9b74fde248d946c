// test/sim/clients.cc — see clients.h.
#include "test/sim/clients.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "portico/io/scope.h"
#include "portico/io/stream.h"
#include "test/sim/fetching_client.h"
#include "test/sim/h2_client.h"
#include "test/sim/line.h"
#include "test/sim/questions.h"

namespace portico::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Longer than the server may wait for anything.
constexpr seconds client_patience{200};

// Returns whether the server may have cut the answer because it was read too slowly: some connections have buffers of a
// few octets only.
bool was_too_slow(World& world, const Question& question, const Answer& answer) {
    const server::Limits& limits = world.limits();
    const auto time = std::chrono::duration_cast<milliseconds>(world.core().now() - question.asked_at);
    return time > limits.rate_grace &&
           answer.octets * 1000 < limits.rate_min * static_cast<std::uint64_t>(time.count());
}

}  // namespace

Next judge(World& world, const Question& question, const Answer& answer) {
    const Mood& mood = world.mood();
    switch (answer.end) {
        case Answer::End::whole:
            world.count("status " + std::to_string(answer.status));
            if (check_answer(world, question, answer) == Verdict::breaks) return Next::closed;
            return answer.closes() ? Next::closed : Next::ask;
        case Answer::End::ended:
            if (question.breaks || question.may_be_lost) break;
            if (!answer.is_empty() && was_too_slow(world, question, answer)) {
                world.count("too slow");
                break;
            }
            world.count(answer.is_empty() ? "unanswered" : "cut");
            if (answer.is_empty() && !world.must_answer(question.sent_at)) break;
            if (!(answer.is_empty() ? mood.may_go_unanswered() : mood.may_be_cut())) {
                world.fail("the connection ended without a whole answer to: " + question.octets.substr(0, 300));
            }
            break;
        case Answer::End::timed_out:
            if (!mood.may_starve()) world.fail("no answer to: " + question.octets.substr(0, 300));
            break;
        case Answer::End::garbage: world.fail(answer.wrong + "\n  asked: " + question.octets.substr(0, 300)); break;
    }
    return Next::gone;
}

namespace {

// `next`: whether the server has announced the end.
Task<void> expect_end(World& world, AnswerReader& reader, const Line& line, Next next) {
    const bool ends = co_await reader.ends(client_patience);
    if (!ends && !world.mood().may_starve()) world.fail("the connection did not end where it should");
    // After its last answer, the server takes the time to say with TLS that this is the end; of an idle connection,
    // only if that needs no waiting.
    if (ends && next == Next::closed && line.was_cut()) world.count("cut at its end");
}

Task<void> write(World& world, Line& line, std::string_view octets) {
    // A failure shows up when the answer is read. The server may take long to discard octets through tiny buffers.
    const io::Result<void> written = co_await line.write_all(octets, world.core().now() + 10 * client_patience);
    static_cast<void>(written);
}

Task<void> send(World& world, Line& line, Question& question) {
    const io::Result<void> written =
        co_await line.write_all(question.octets, world.core().now() + 10 * client_patience);
    if (written) question.sent_at = world.core().now();
}

Task<void> pause(World& world, io::Duration longest) {
    const io::Duration time = world.chance().some_time(longest);
    const bool slept = co_await io::sleep_for(world.core(), time);
    static_cast<void>(slept);
}

// Asks one question after another, and reads each answer before the next question.
Task<void> ask_in_turn(World& world, Line& line) {
    AnswerReader reader(line);
    Next next = Next::ask;
    for (auto left = world.chance().between(1, 12); left > 0 && next == Next::ask; --left) {
        Question question = draw_question(world);
        question.asked_at = world.core().now();
        io::Scope writing;
        writing.start(send(world, line, question));
        const Answer answer = co_await reader.next(question.is_head, client_patience);
        next = judge(world, question, answer);
        writing.request_stop();  // an early answer need not wait for the rest of the content
        co_await writing.join();
        if (world.chance().happens(0.3)) co_await pause(world, seconds(5));
    }
    if (next == Next::gone || world.chance().happens(0.3)) co_return;
    if (next == Next::ask) co_await line.finish_sending(world.core().now() + client_patience);
    co_await expect_end(world, reader, line, next);
}

Task<void> write_and_finish(World& world, Line& line, std::vector<Question>& questions, bool finish) {
    std::string octets;
    for (const Question& question : questions) octets += question.octets;
    const io::Result<void> written = co_await line.write_all(octets, world.core().now() + 10 * client_patience);
    for (Question& question : questions) {
        if (written) question.sent_at = world.core().now();
    }
    if (finish) co_await line.finish_sending(world.core().now() + client_patience);
}

// Sends all questions without waiting, may half-close, and reads the answers.
Task<void> ask_all_at_once(World& world, Line& line, bool finish) {
    std::vector<Question> questions;
    for (auto left = world.chance().between(1, 8); left > 0; --left) {
        Question question = draw_question(world);
        if (question.expects_continue) continue;
        questions.push_back(std::move(question));
    }
    if (questions.empty()) co_return;
    // While it waits for a handler, the server sees the half-close. It may then announce that this answer is the last.
    if (finish) questions.back().may_close = true;
    // An answer that is cut resets the connection. Parts of earlier answers that have not arrived yet are then lost.
    const auto breaks = std::ranges::find_if(questions.rbegin(), questions.rend(), &Question::breaks);
    std::for_each(breaks, questions.rend(), [](Question& before) { before.may_be_lost = true; });
    io::Scope writing;
    const io::TimePoint asked_at = world.core().now();
    writing.start(write_and_finish(world, line, questions, finish));
    AnswerReader reader(line);
    Next next = Next::ask;
    for (std::size_t i = 0; i < questions.size() && next == Next::ask; ++i) {
        questions[i].asked_at = asked_at;
        const Answer answer = co_await reader.next(questions[i].is_head, client_patience);
        next = judge(world, questions[i], answer);
    }
    if (next == Next::closed || (next == Next::ask && finish)) co_await expect_end(world, reader, line, next);
    writing.request_stop();
    co_await writing.join();
}

// Sends one octet at a time.
Task<void> trickle(World& world, Line& line) {
    Question question = draw_question(world);
    question.is_slow = true;
    question.asked_at = world.core().now();
    if (question.octets.size() > 1000) co_return;
    for (const char& octet : question.octets) {
        co_await write(world, line, std::string_view(&octet, 1));
        if (world.chance().happens(0.1)) co_await pause(world, milliseconds(500));
    }
    // A request may be answered before its content has arrived. If the client then goes on sending for longer than the
    // server reads on, the connection is reset, and what the client has not read is lost (RFC 9112 §9.6).
    const bool may_be_answered_early = question.expects_continue || question.may_close;
    const io::Duration took = world.core().now() - question.asked_at;
    if (may_be_answered_early && took > world.limits().drain_time_max) question.may_be_lost = true;
    question.sent_at = world.core().now();  // a failed write shows up when the answer is read
    AnswerReader reader(line);
    const Answer answer = co_await reader.next(question.is_head, client_patience);
    static_cast<void>(judge(world, question, answer));
}

// Sends a question or part of one, reads part of the answer or nothing, and leaves.
Task<void> leave_midway(World& world, Line& line) {
    Question question = draw_question(world);
    if (world.mood().program && world.chance().happens(0.2)) {
        question.octets = "GET /events HTTP/1.1\r\nHost: example.org\r\n\r\n";
    }
    const std::size_t sent = world.chance().below(question.octets.size() + 1);
    co_await write(world, line, question.octets.substr(0, world.chance().happens(0.5) ? sent : question.octets.size()));
    co_await pause(world, world.mood().program ? milliseconds(3000) : milliseconds(50));
    for (auto left = world.chance().below(4); left > 0; --left) {
        std::array<char, 1000> room;
        const io::Result<std::size_t> got = co_await line.read(room, world.core().now() + milliseconds(100));
        if (!got || *got == 0) break;
    }
    if (world.chance().happens(0.5)) line.abort_on_close();
}

Task<void> send_nonsense(World& world, Line& line) {
    std::vector<Question> questions{draw_malformed(world)};
    io::Scope writing;
    writing.start(write_and_finish(world, line, questions, world.chance().happens(0.5)));
    AnswerReader reader(line);
    const Answer answer = co_await reader.next(false, client_patience);
    const Next next = judge(world, questions.front(), answer);
    if (next == Next::closed) co_await expect_end(world, reader, line, next);
    co_await writing.join();
}

// Sends nothing, or half a head, and waits until the server closes the connection.
Task<void> keep_silent(World& world, Line& line) {
    const bool begins = world.chance().happens(0.5);
    Question question;
    question.about = Question::About::malformed;
    question.octets = "GET / HTTP/1.1\r\nHost: exam";
    question.is_slow = true;
    AnswerReader reader(line);
    if (begins) {
        co_await write(world, line, question.octets);
        const Answer answer = co_await reader.next(false, client_patience);
        if (answer.end == Answer::End::whole && answer.status != 408) world.fail("half a head was answered");
        if (answer.end == Answer::End::garbage) world.fail(answer.wrong);
        if (answer.end != Answer::End::whole) co_return;
    }
    co_await expect_end(world, reader, line, begins ? Next::closed : Next::ask);
}

// Requests a large answer, and does not read it for longer than the server waits.
Task<void> read_too_late(World& world, Line& line) {
    constexpr int questions = 4;
    std::string octets;
    for (int i = 0; i < questions; ++i) octets += "GET /huge.bin HTTP/1.1\r\nHost: example.org\r\n\r\n";
    co_await write(world, line, octets);
    const bool slept = co_await io::sleep_for(world.core(), world.limits().response_idle_max + seconds(20));
    static_cast<void>(slept);
    AnswerReader reader(line);
    Answer answer;
    for (int i = 0; i < questions; ++i) {
        answer = co_await reader.next(false, client_patience);
        if (answer.end != Answer::End::whole) break;
    }
    const bool is_too_patient =
        answer.end == Answer::End::timed_out || (answer.end == Answer::End::whole && answer.status == 200);
    if (is_too_patient && !world.mood().may_starve()) world.fail("the server waited for a client that does not read");
    if (answer.end == Answer::End::garbage) world.fail(answer.wrong);
}

// Asks several questions at a time over HTTP/2, resets some, and may leave before all are answered.
Task<void> ask_over_h2(World& world, Line& line) {
    constexpr std::array<std::uint32_t, 4> windows{2'000, 5'000, 65'535, 1'000'000};
    H2Client client(world, line, windows[world.chance().below(windows.size())]);
    bool goes_on = true;
    for (auto rounds = world.chance().between(1, 4); rounds > 0 && goes_on; --rounds) {
        for (auto left = world.chance().between(1, 10); left > 0; --left) client.ask(draw_question(world));
        if (world.chance().happens(0.2)) client.reset_one();
        const bool sent = co_await client.send();
        if (!sent) co_return;
        if (world.chance().happens(0.2)) {
            const bool came = co_await client.read(milliseconds(100));
            static_cast<void>(came);
            client.reset_one();
        }
        if (world.chance().happens(0.1)) {
            if (world.chance().happens(0.5)) line.abort_on_close();
            co_return;
        }
        const std::vector<H2Client::Result> results = co_await client.finish(client_patience);
        for (const H2Client::Result& result : results) {
            if (result.was_reset_by_us) continue;
            const Next next = judge(world, result.question, result.answer);
            if (next == Next::ask) world.count("over HTTP/2");
            goes_on = goes_on && result.answer.end != Answer::End::timed_out;
        }
        if (client.was_told_to_leave()) goes_on = false;
    }
}

// The server may end a handshake that takes too long, as one through buffers of a few octets does.
void judge_failed_handshake(World& world, io::TimePoint began) {
    const bool was_slow = world.core().now() - began >= world.limits().head_time_max;
    world.count(was_slow ? "slow handshake" : "failed handshake");
    if (!was_slow && !world.mood().may_go_unanswered() && !world.is_ending()) world.fail("no TLS");
}

// Leaves before the handshake is complete, or waits until the server does not.
Task<void> shake_half(World& world, Line& line) {
    const auto deadline = world.core().now() + client_patience;
    co_await line.begin_handshake(world.chance().below(200), deadline);  // of more than that
    if (world.chance().happens(0.5)) {
        co_await pause(world, milliseconds(50));
        if (world.chance().happens(0.5)) line.abort_on_close();
        co_return;
    }
    const bool is_shaken = co_await line.shake_hands(deadline);
    if (is_shaken) world.fail("a handshake of which a part is missing");
}

// Speaks HTTP where TLS is spoken.
Task<void> forget_tls(World& world, Line& line) {
    Question question;
    question.about = Question::About::malformed;
    question.octets = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
    question.asked_at = world.core().now();
    question.closes = true;
    co_await send(world, line, question);
    AnswerReader reader(line);
    const Answer answer = co_await reader.next(false, client_patience);
    const Next next = judge(world, question, answer);
    if (next == Next::closed) co_await expect_end(world, reader, line, next);
}

Task<void> ask(World& world, Line& line) {
    switch (world.chance().below(10)) {
        case 0:
        case 1:
        case 2: co_await ask_in_turn(world, line); break;
        case 3: co_await ask_all_at_once(world, line, false); break;
        case 4: co_await ask_all_at_once(world, line, true); break;
        case 5: co_await trickle(world, line); break;
        case 6: co_await leave_midway(world, line); break;
        case 7: co_await send_nonsense(world, line); break;
        case 8: co_await keep_silent(world, line); break;
        default:
            if (world.mood().program) {
                co_await leave_midway(world, line);
            } else {
                co_await read_too_late(world, line);
            }
            break;
    }
}

Task<void> ask_over_tls(World& world, io::Stream stream) {
    if (world.chance().happens(0.05)) {
        Line line(std::move(stream));
        co_await forget_tls(world, line);
        co_return;
    }
    const bool speaks_h2 = world.chance().happens(0.5);
    Line line(std::move(stream), speaks_h2 ? Offer::h2 : Offer::http1, world.clients_memory());
    if (world.chance().happens(0.1)) {
        co_await shake_half(world, line);
        co_return;
    }
    const io::TimePoint began = world.core().now();
    const bool is_secure = co_await line.shake_hands(began + client_patience);
    if (!is_secure) {
        judge_failed_handshake(world, began);
        co_return;
    }
    world.count("over TLS");
    if (speaks_h2) {
        co_await ask_over_h2(world, line);
    } else {
        co_await ask(world, line);
    }
}

Task<void> ask_without_tls(World& world, io::Stream stream) {
    Line line(std::move(stream));
    if (world.chance().happens(0.25)) {
        co_await ask_over_h2(world, line);
    } else {
        co_await ask(world, line);
    }
}

}  // namespace

io::SocketAddress server_address() { return io::SocketAddress::of(io::IpAddress::v4({192, 0, 2, 1}), 80); }
io::SocketAddress secure_address() { return io::SocketAddress::of(io::IpAddress::v4({192, 0, 2, 1}), 443); }

Task<void> run_client(World& world) {
    const auto longest = static_cast<std::uint64_t>(world.lasts().count());
    const io::Duration before = std::chrono::nanoseconds(world.chance().below(longest));
    const bool slept = co_await io::sleep_for(world.core(), before);
    static_cast<void>(slept);
    const auto last = static_cast<std::uint8_t>(world.chance().between(1, 5));
    world.kernel().set_client_address(io::IpAddress::v4({198, 51, 100, last}));
    const bool is_secure = world.mood().tls && world.chance().happens(0.6);
    if (world.chance().happens(0.15)) {
        co_await fetch_answers(world, is_secure ? Security::tls : Security::none);
        co_return;
    }
    const io::SocketAddress there = is_secure ? secure_address() : server_address();
    io::Result<io::Stream> stream = co_await io::connect(world.core(), there, world.core().now() + client_patience);
    if (!stream) {
        const Mood& mood = world.mood();
        if (!mood.may_go_unanswered() && !world.is_ending())
            world.fail("nobody could connect: " + io::describe(stream.error()));
        co_return;
    }
    if (is_secure) {
        co_await ask_over_tls(world, *std::move(stream));
    } else {
        co_await ask_without_tls(world, *std::move(stream));
    }
}

}  // namespace portico::sim
