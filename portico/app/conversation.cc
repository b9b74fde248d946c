// portico/app/conversation.cc — see conversation.h.
//
// Room app: see command.h.
#include "portico/app/conversation.h"

#include <array>
#include <cerrno>
#include <span>
#include <utility>
#include <vector>

#include "portico/base/printable.h"
#include "portico/io/gate.h"
#include "portico/io/scope.h"

namespace portico::app {
namespace {

constexpr auto silence_after_peer = std::chrono::seconds(2);
constexpr auto usual_silence_after_input = std::chrono::seconds(1);
constexpr char escape = 0x1d;  // ^]

// What each direction is waiting for. `ended`: it has passed everything on.
enum class Input : std::uint8_t { read, sent, ended };
enum class Output : std::uint8_t { received, written, ended };

// The state that the two directions and the task that waits for them share. It outlives all three.
struct Conversation {
    io::Core& core;
    io::Stdio stdio;
    ConversationOptions options;
    io::Gate news = {};  // opened when a change below may end the conversation
    io::TimePoint last_activity = core.now();
    Input input = Input::read;
    Output output = Output::received;
    std::optional<io::Duration> silence_after_input = {};  // ends the conversation; a stream has a real end
    std::optional<StreamPrinter> printer = {};             // output goes to a terminal
    bool after_cr = false;
    bool has_received = false;
    int send_failure = 0;
    std::optional<Ending> ending = {};
    int failure = 0;

    void note_activity() { last_activity = core.now(); }
    void end(Ending how, int number = 0) {
        if (!ending) {
            ending = how;
            failure = number;
        }
        news.open();
    }
};

// Returns octets of standard input, ready to be sent, or nothing at its end or when ^] was typed.
Task<std::optional<std::string>> read_input(Conversation& all, std::span<char> room) {
    all.input = Input::read;
    if (all.output == Output::ended) all.news.open();  // from here on, silence can end the conversation
    const io::Result<std::size_t> read = co_await all.stdio.input.read(room, io::never);
    all.note_activity();
    if (!read && read.error().number != ECANCELED) all.end(Ending::input_failed, read.error().number);
    if (!read || *read == 0) co_return std::nullopt;
    const std::string_view octets(room.data(), *read);
    if (all.options.typing == Typing::yes && octets.find(escape) != std::string_view::npos) {
        all.end(Ending::escaped);
        co_return std::nullopt;
    }
    all.input = Input::sent;
    std::string text = all.options.line_ends == LineEnds::crlf ? with_crlf(octets, all.after_cr) : std::string(octets);
    co_return std::move(text);
}

Task<bool> write_output(Conversation& all, std::string_view octets) {
    all.note_activity();
    all.has_received = true;
    std::string shown;
    if (all.printer) {
        shown = all.printer->print(octets);
        octets = shown;
        if (octets.empty()) co_return true;  // a character is still incomplete
    }
    all.output = Output::written;
    const io::Result<void> written = co_await all.stdio.output.write_all(octets, io::never);
    all.output = Output::received;
    all.note_activity();
    if (!written) all.end(Ending::output_failed, written.error().number);
    co_return written.has_value();
}

void finish_input(Conversation& all) {
    all.input = Input::ended;
    all.news.open();
}

// Sends all of `octets`, and notes each part that was taken.
Task<int> send_octets(Conversation& all, link::Transport& peer, std::string_view octets) {
    while (!octets.empty()) {
        const std::array<iovec, 1> spans{iovec{const_cast<char*>(octets.data()), octets.size()}};
        const io::Result<std::size_t> taken = co_await peer.write(spans, io::never, false);
        if (!taken) co_return taken.error().number;
        all.note_activity();
        octets.remove_prefix(*taken);
    }
    co_return 0;
}

Task<void> send_input(Conversation& all, link::Transport& peer) {
    std::array<char, 16 * 1024> room;
    for (;;) {
        const std::optional<std::string> text = co_await read_input(all, room);
        if (!text) break;
        const int failure = co_await send_octets(all, peer, *text);
        if (failure != 0) {
            // The peer may have explained itself before it stopped reading, so the other direction goes on. A peer that
            // ended its side in order has sent everything, so a failure to send the rest of ours does not matter.
            if (all.output != Output::ended && failure != ECANCELED) all.send_failure = failure;
            finish_input(all);
            co_return;
        }
    }
    if (all.ending == Ending::input_failed) {
        peer.abort_on_close();  // an orderly close would claim that this was everything
        co_return;
    }
    co_await peer.say_end(io::never);
    static_cast<void>(peer.finish_sending());
    finish_input(all);
}

Task<void> receive_output(Conversation& all, link::Transport& peer) {
    for (;;) {
        const io::Result<Buffer> received = co_await peer.read_ahead(io::never);
        if (!received) {
            all.end(Ending::receive_failed, received.error().number);
            co_return;
        }
        if (received->empty()) break;
        const bool goes_on = co_await write_output(all, received->octets());
        if (!goes_on) co_return;
    }
    const std::string rest = all.printer ? all.printer->finish() : std::string();
    if (!rest.empty()) {
        const bool goes_on = co_await write_output(all, rest);
        if (!goes_on) co_return;
    }
    all.note_activity();
    all.output = Output::ended;
    if (peer.was_cut()) all.end(Ending::cut);  // RFC 8446 §6.1; what has arrived is shown nevertheless
    all.news.open();
}

bool is_over(const Conversation& all) {
    if (all.ending) return true;
    if (all.output != Output::ended) return false;
    return all.input == Input::ended || all.options.typing == Typing::yes;
}

// Returns how long a silence ends the conversation in order in the present state; nothing: no silence does.
std::optional<io::Duration> closing_silence(const Conversation& all) {
    if (all.output == Output::ended && all.input == Input::read) return silence_after_peer;
    if (all.input == Input::ended) return all.silence_after_input;
    return std::nullopt;
}

// Waits until one of the directions reports the end, or until a silence has lasted long enough.
Task<void> wait_for_end(Conversation& all) {
    while (!is_over(all)) {
        const std::optional<io::Duration> closing = closing_silence(all);
        const std::optional<io::Duration> silence = closing ? closing : all.options.idle_max;
        const io::TimePoint due = silence ? all.last_activity + *silence : io::never;
        const io::Result<void> news = co_await all.news.wait(all.core, due);
        if (news || all.ending) continue;
        if (news.error().number == ECANCELED) co_return;
        // The reader of our output may take as long as it likes.
        if (all.output == Output::written) all.note_activity();
        if (all.core.now() < all.last_activity + *silence) continue;
        all.ending = closing ? Ending::done : Ending::idle;
    }
}

ConversationEnd end_of(const Conversation& all) {
    const Ending ending = all.ending.value_or(Ending::done);
    if (ending == Ending::done && all.send_failure != 0) {
        return {.ending = Ending::send_failed, .number = all.send_failure, .has_received = all.has_received};
    }
    return {.ending = ending, .number = all.failure, .has_received = all.has_received};
}

// Sends one read of standard input as one datagram. Returns false if that was the last one.
Task<bool> send_datagram(Conversation& all, io::Datagram& peer, const io::SocketAddress& address, std::string& octets) {
    std::array<io::DatagramSlot, 1> slots;
    slots[0].octets = octets;
    slots[0].peer = address;
    const io::Result<std::size_t> sent = co_await peer.send(slots, io::never);
    all.note_activity();
    if (sent) co_return true;
    const int number = sent.error().number;
    all.end(number == ECONNREFUSED ? Ending::receive_failed : Ending::send_failed, number);
    co_return false;
}

Task<void> send_input_by_datagram(Conversation& all, io::Datagram& peer, const io::SocketAddress& address) {
    // Read half as much if every octet may become two.
    const bool may_grow = all.options.line_ends == LineEnds::crlf;
    std::vector<char> room(may_grow ? io::datagram_octets_max / 2 : io::datagram_octets_max);
    for (bool is_first = true;; is_first = false) {
        std::optional<std::string> text = co_await read_input(all, room);
        if (!text && (!is_first || all.ending)) break;
        std::string octets = std::move(text).value_or(std::string());
        const bool goes_on = co_await send_datagram(all, peer, address, octets);
        if (!goes_on || !text) break;
    }
    finish_input(all);
}

Task<void> receive_output_by_datagram(Conversation& all, io::Datagram& peer) {
    Buffer room = all.core.buffers().borrow(64 * 1024);
    for (;;) {
        std::array<io::DatagramSlot, 1> slots;
        slots[0].octets = room.room();
        const io::Result<std::size_t> received = co_await peer.receive(slots, io::never);
        if (!received) {
            if (received.error().number != ECANCELED) all.end(Ending::receive_failed, received.error().number);
            co_return;
        }
        const bool goes_on =
            co_await write_output(all, std::string_view(slots[0].octets.data(), slots[0].octets.size()));
        if (!goes_on) co_return;
    }
}

}  // namespace

Task<ConversationEnd> converse(link::Transport peer, io::Stdio stdio, ConversationOptions options) {
    Conversation all{.core = peer.core(), .stdio = std::move(stdio), .options = options};
    if (options.showing == Showing::printable) all.printer.emplace();
    io::Scope directions;
    directions.start(receive_output(all, peer));
    directions.start(send_input(all, peer));
    co_await wait_for_end(all);
    directions.request_stop();
    co_await directions.join();
    co_return end_of(all);
}

Task<ConversationEnd> converse_by_datagram(io::Datagram peer, io::SocketAddress address, io::Stdio stdio,
                                           ConversationOptions options) {
    Conversation all{.core = stdio.input.core(), .stdio = std::move(stdio), .options = options};
    if (options.showing == Showing::printable) all.printer.emplace();
    all.silence_after_input = options.idle_max.value_or(usual_silence_after_input);
    io::Scope directions;
    directions.start(receive_output_by_datagram(all, peer));
    directions.start(send_input_by_datagram(all, peer, address));
    co_await wait_for_end(all);
    directions.request_stop();
    co_await directions.join();
    co_return end_of(all);
}

std::string with_crlf(std::string_view octets, bool& after_cr) {
    std::string text;
    text.reserve(octets.size() + octets.size() / 16);
    for (const char octet : octets) {
        if (octet == '\n' && !after_cr) text += '\r';
        text += octet;
        after_cr = octet == '\r';
    }
    return text;
}

}  // namespace portico::app
