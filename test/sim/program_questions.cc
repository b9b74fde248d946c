// test/sim/program_questions.cc — requests for the handlers of program.h, and their expected answers.
#include <utility>

#include "test/sim/program.h"
#include "test/sim/questions.h"

namespace portico::sim {
namespace {

void expect(Question& question, std::initializer_list<int> statuses, std::optional<std::string> content = {}) {
    question.statuses = statuses;
    question.content = std::move(content);
}

// Content to post, with either framing.
std::string draw_posted(io::Chance& chance, std::string& fields, std::string& framed) {
    std::string content(chance.below(12) == 0 ? chance.between(1, 150'000) : chance.below(400), 'p');
    if (chance.happens(0.5)) {
        fields += "Content-Length: " + std::to_string(content.size()) + "\r\n";
        framed = content;
        return content;
    }
    fields += "Transfer-Encoding: chunked\r\n";
    content.resize(content.size() / 16 * 16);
    for (std::size_t i = 0; i < content.size(); i += 16) framed += "10\r\n" + content.substr(i, 16) + "\r\n";
    framed += "0\r\n\r\n";
    return content;
}

std::string ask_to_post(io::Chance& chance, Question& question, std::string& fields, std::string& framed) {
    const std::string content = draw_posted(chance, fields, framed);
    switch (chance.below(4)) {
        case 0: expect(question, {200}, content); return "/echo";
        case 1:
            question.may_close = true;  // the content may take longer to arrive
            expect(question, {200, 503});
            return "/timed/echo";
        case 2: expect(question, {200}, std::to_string(content.size()) + "\n"); return "/count";
        default:
            question.may_close = true;  // unread content ends the connection
            expect(question, {200}, "dropped\n");
            return "/drop";
    }
}

std::string ask_to_get(io::Chance& chance, Question& question) {
    const auto pieces = static_cast<unsigned>(chance.below(chance.happens(0.1) ? 150 : 12));
    const std::string time = std::to_string(chance.below(chance.happens(0.1) ? 3000 : 100));
    switch (chance.below(40)) {
        case 0: expect(question, {500}); return "/throw";
        case 1: expect(question, {500}); return "/throw/" + time;
        case 2:
        case 3: expect(question, {404}); return "/none";
        case 4:
        case 5: expect(question, {503}); return "/timed/wait/" + std::to_string(chance.between(1000, 3000));
        case 6:
        case 7:
        case 8: expect(question, {200}, "waited\n"); return "/timed/wait/" + std::to_string(chance.below(300));
        case 9:
        case 10: expect(question, {200}, "offloaded\n"); return "/timed/offload";
        case 11:
        case 12: expect(question, {200, 503}); return "/timed/both/" + time;
        case 13:
        case 14:
        case 15:
            question.breaks = true;
            question.may_close = true;
            expect(question, {200, 500});
            return "/cut/" + std::to_string(pieces);
        case 16:
        case 17:
        case 18:
        case 19: expect(question, {200}, stream_content(20)); return "/compressed/page";
        case 20:
        case 21:
        case 22:
        case 23:
        case 24:
        case 25: expect(question, {200}, stream_content(pieces)); return "/stream/" + std::to_string(pieces);
        case 26:
        case 27:
        case 28:
        case 29: expect(question, {200}, "offloaded\n"); return "/offload";
        case 30:
        case 31:
        case 32:
        case 33: expect(question, {200}, "both\n"); return "/both/" + time;
        case 34:
        case 35:
        case 36:
        case 37: expect(question, {200}, "waited\n"); return "/wait/" + time;
        default: expect(question, {200}, "text\n"); return "/text";
    }
}

}  // namespace

Question draw_program_question(World& world) {
    io::Chance& chance = world.chance();
    Question question;
    question.about = Question::About::handler;
    std::string fields = "Host: example.org\r\n";
    std::string framed;
    std::string_view method = "GET";
    std::string target;
    if (chance.happens(0.25)) {
        method = "POST";
        target = ask_to_post(chance, question, fields, framed);
        if (!framed.empty() && chance.happens(0.2)) {
            question.expects_continue = true;
            fields += "Expect: 100-continue\r\n";
        }
    } else {
        target = ask_to_get(chance, question);
        if (chance.happens(0.1)) {
            question.is_head = true;
            method = "HEAD";
        }
    }
    if (chance.happens(0.1)) {
        question.closes = true;
        fields += "Connection: close\r\n";
    }
    question.octets = std::string(method) + " " + target + " HTTP/1.1\r\n" + fields + "\r\n" + framed;
    return question;
}

}  // namespace portico::sim
