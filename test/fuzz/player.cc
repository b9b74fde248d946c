// test/fuzz/player.cc — see player.h.
#include "test/fuzz/player.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <utility>

#include "portico/embed/server.h"
#include "portico/handler/files/folder.h"
#include "portico/handler/files/folders.h"
#include "portico/io/scope.h"
#include "portico/io/stream.h"
#include "test/sim/program.h"

namespace portico::fuzz {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const io::SocketAddress server_address = io::SocketAddress::of(io::IpAddress::v4({192, 0, 2, 1}), 80);

void expect(bool holds, const char* otherwise, std::string_view detail = {}) {
    if (holds) return;
    std::cerr << otherwise << '\n' << detail << std::endl;
    std::abort();
}

// One connection, and what is known about it.
struct Client {
    std::optional<io::Stream> stream;
    std::string received;
    std::vector<Verb> asked;
    bool is_regular = true;  // all of its requests are in `asked`
    bool has_finished = false;
};

std::string_view field_of(std::string_view head, std::string_view name) {
    const std::size_t found = head.find(name);
    if (found == std::string_view::npos) return {};
    const std::string_view value = head.substr(found + name.size());
    return value.substr(0, value.find("\r\n"));
}

// Returns where the chunked content at the front of `octets` ends, or nothing if it is incomplete.
std::optional<std::size_t> chunked_end(std::string_view octets) {
    std::size_t place = 0;
    for (;;) {
        const std::size_t line_end = octets.find("\r\n", place);
        if (line_end == std::string_view::npos) return std::nullopt;
        std::size_t size = 0;
        const char* const first = octets.data() + place;
        const auto [end, failure] = std::from_chars(first, octets.data() + line_end, size, 16);
        expect(failure == std::errc{} && end == octets.data() + line_end, "a chunk without a size",
               octets.substr(place));
        place = line_end + 2 + size + 2;
        if (place > octets.size()) return std::nullopt;
        expect(octets.substr(place - 2, 2) == "\r\n", "a chunk without an end", octets.substr(line_end));
        if (size == 0) return place;
    }
}

// Removes the answer to `verb` from the front of `octets`. Returns false if it is incomplete.
bool take_answer(std::string_view& octets, Verb verb) {
    const std::size_t head_end = octets.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return false;
    const std::string_view head = octets.substr(0, head_end + 2);
    octets.remove_prefix(head_end + 4);
    const std::string_view status = head.substr(9, 3);
    if (status[0] == '1') return take_answer(octets, verb);
    expect(!field_of(head, "\r\nDate: ").empty(), "an answer without a date", head);
    if (verb == Verb::head || status == "204" || status == "304") return true;
    std::optional<std::size_t> end;
    if (field_of(head, "\r\nTransfer-Encoding: ") == "chunked") {
        end = chunked_end(octets);
    } else {
        const std::string_view length = field_of(head, "\r\nContent-Length: ");
        std::size_t octets_of_content = 0;
        const auto read = std::from_chars(length.data(), length.data() + length.size(), octets_of_content);
        expect(read.ec == std::errc{}, "an answer of unknown length", head);
        if (octets_of_content <= octets.size()) end = octets_of_content;
    }
    if (!end) return false;
    octets.remove_prefix(*end);
    return true;
}

void check_answers(const Client& client) {
    std::string_view octets = client.received;
    constexpr std::string_view start = "HTTP/1.1 ";
    const auto is_answer = [&] { return octets.starts_with(start) || start.starts_with(octets); };
    expect(is_answer(), "not an answer", octets);
    if (!client.is_regular) return;
    for (const Verb verb : client.asked) {
        expect(is_answer(), "not an answer", octets);
        if (!take_answer(octets, verb)) return;
    }
    expect(octets.empty(), "more answers than requests", octets);
}

bool is_one_of(const std::vector<std::string_view>& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

// Returns whether `text`, a path and fields, consists of the server's words. Other text results from changes of single
// octets. It may contain the end of a head, or a length, so that one request becomes two.
bool is_made_of(const Words& words, std::string_view text) {
    const std::size_t path_end = std::min(text.find('|'), text.size());
    if (path_end > 0 && !is_one_of(words.paths, text.substr(0, path_end))) return false;
    text.remove_prefix(path_end);
    while (!text.empty()) {
        text.remove_prefix(1);
        const std::string_view field = text.substr(0, text.find('|'));
        if (!field.empty() && !is_one_of(words.fields, field)) return false;
        text.remove_prefix(field.size());
    }
    return true;
}

void set_fault(io::SimFaults& faults, const Action& action) {
    const double chance = action.number / 1000.0;
    const auto& kind = action.text;
    if (kind == "reset") faults.reset = chance / 4;
    if (kind == "accept") faults.accept_failure = chance;
    if (kind == "aborted") faults.accept_aborted = chance;
    if (kind == "open") faults.open_failure = chance;
    if (kind == "disk") faults.disk_failure = chance;
    if (kind == "leap") faults.time_leap = chance / 100;
    if (kind == "clock") faults.wall_clock_jump = chance / 10;
    if (kind == "descriptors") faults.descriptors_max = action.number;
    if (kind == "delay") faults.delay_max = milliseconds(action.number);
}

class Player {
public:
    Player(Machine& machine, server::Worker& worker, const Words& words, const Script& script)
        : machine_(&machine), worker_(&worker), words_(&words), script_(&script) {}

    Task<void> play() {
        for (const Action& action : script_->actions) co_await act(clients_[action.connection], action);
        machine_->kernel.faults() = io::SimFaults();
        for (Client& client : clients_) {
            if (script_->seed % 2 == 0) co_await read(client, 100'000, seconds(1));
            leave(client);
        }
        const io::TimePoint left_at = machine_->core.now();
        worker_->drain();
        co_await worker_->ended();
        const io::Duration longest = machine_->limits.shutdown_time_max + seconds(10);
        expect(machine_->core.now() - left_at < longest, "the server took too long to end");
    }

private:
    Task<void> act(Client& client, const Action& action) {
        io::Core& core = machine_->core;
        switch (action.verb) {
            case Verb::get:
            case Verb::head:
            case Verb::options:
            case Verb::post:
            case Verb::chunks: {
                const Requests requests = requests_of(action);
                co_await send(client, requests, action);
                co_return;
            }
            case Verb::send: {
                const Requests raw{action.text, 1};
                co_await send(client, raw, action);
                co_return;
            }
            case Verb::read: co_await read(client, action.number, milliseconds(20)); co_return;
            case Verb::pause: {
                const bool slept = co_await io::sleep_for(core, milliseconds(action.number));
                static_cast<void>(slept);
                co_return;
            }
            case Verb::finish:
                if (client.stream) static_cast<void>(client.stream->finish_sending());
                client.has_finished = true;
                co_return;
            case Verb::reset:
                if (client.stream) client.stream->abort_on_close();
                leave(client);
                co_return;
            case Verb::close: leave(client); co_return;
            case Verb::fault: set_fault(machine_->kernel.faults(), action); co_return;
            case Verb::change: change_file(action); co_return;
            case Verb::drain: worker_->drain(); co_return;
            case Verb::stop: worker_->stop(); co_return;
        }
    }

    Task<void> connect(Client& client, std::uint32_t number) {
        machine_->kernel.set_client_address(io::IpAddress::v4({198, 51, 100, static_cast<std::uint8_t>(number + 1)}));
        const io::TimePoint deadline = machine_->core.now() + milliseconds(200);
        io::Result<io::Stream> stream = co_await io::connect(machine_->core, server_address, deadline);
        if (stream) client.stream.emplace(std::move(*stream));
    }

    Task<void> send(Client& client, const Requests& requests, const Action& action) {
        if (!client.stream) co_await connect(client, action.connection);
        if (!client.stream || client.has_finished || requests.octets.empty()) co_return;
        if (action.verb == Verb::send || !is_made_of(*words_, action.text)) client.is_regular = false;
        client.asked.insert(client.asked.end(), requests.count, action.verb);
        const io::TimePoint deadline = machine_->core.now() + milliseconds(100);
        const io::Result<void> written = co_await client.stream->write_all(requests.octets, deadline);
        if (!written) client.is_regular = false;  // the next octets no longer begin a request
    }

    Task<void> read(Client& client, std::size_t octets, io::Duration patience) {
        std::array<char, 4096> room;
        while (client.stream && octets > 0) {
            const auto part = std::span(room).first(std::min(octets, room.size()));
            const io::Result<std::size_t> got = co_await client.stream->read(part, machine_->core.now() + patience);
            if (!got || *got == 0) co_return;
            client.received.append(room.data(), *got);
            octets -= *got;
        }
    }

    static void leave(Client& client) {
        check_answers(client);
        client = Client();
    }

    void change_file(const Action& action) {
        const std::string path = "/srv" + action.text;
        const auto node = machine_->kernel.sim_files().find(path);
        if (node == nullptr || node->kind != io::FileKind::regular) return;
        std::string content(action.number, static_cast<char>('a' + action.number % 26));
        if (action.number % 2 == 0) {
            machine_->kernel.sim_files().replace(path, std::move(content));
        } else {
            machine_->kernel.sim_files().write(path, std::move(content));
        }
    }

    Machine* machine_;
    server::Worker* worker_;
    const Words* words_;
    const Script* script_;
    std::array<Client, connections_max> clients_;
};

// A kernel that is sometimes prompt with large buffers, and sometimes slow with small ones.
io::SimFaults faults_of(std::uint64_t seed) {
    io::SimFaults faults;
    faults.late = seed % 4 == 0 ? 0 : 0.3;
    faults.cancel_late = seed % 8 < 4 ? 0 : 0.5;
    faults.delay_max = milliseconds(seed % 3 == 0 ? 1 : 30);
    faults.short_read = faults.short_write = seed % 2 == 0 ? 0 : 0.3;
    faults.buffer_octets_min = seed % 16 == 15 ? 1 : 16'384;
    faults.buffer_octets_max = seed % 2 == 0 ? 256 * 1024 : 16'384;
    return faults;
}

}  // namespace

Machine::Machine(std::uint64_t seed)
    : kernel(seed, faults_of(seed)),
      core(kernel, limits.memory_max),
      population(limits.connections_max, limits.connections_per_address_max) {}

void play(const Script& script, const Played& played) {
    Machine machine(script.seed);
    std::unique_ptr<server::Worker> worker = played.make_worker(machine);
    auto listener = io::Listener::open(machine.core, server_address);
    expect(listener.has_value(), "the server can't listen");
    worker->serve(std::move(*listener));
    {
        Player player(machine, *worker, played.words(), script);
        io::Scope scope;
        scope.start(player.play());
        while (scope.size() > 0) machine.core.run_once(io::never);
    }
    expect(worker->connections() == 0, "connections are left");
    expect(machine.population.count() == 0, "connections are still counted");
    worker.reset();
    expect(machine.core.ledger().used() == 0, "octets are still charged");
    expect(machine.core.timers().count() == 0, "timers are still set");
    expect(machine.kernel.operations_pending() == 0, "operations are in flight");
    expect(machine.kernel.descriptors_open() == 0, "descriptors are open");
}

namespace {

std::unique_ptr<server::Worker> make_site_worker(Machine& machine) {
    io::SimFileSystem& files = machine.kernel.sim_files();
    files.write("/srv/index.html", std::string(800, 'i'));
    files.write("/srv/a.txt", std::string(2'000, 'a'));
    files.write("/srv/empty", "");
    files.write("/srv/dir/b.css", std::string(9'000, 'b'));
    files.write("/srv/large.bin", std::string(90'000, 'l'));
    files.link("/srv/escape", "../../etc/passwd");
    files.make_fifo("/srv/fifo");
    files::FolderOptions options;
    options.root = "/srv";
    options.cache_limits.small_file_octets_max = 16 * 1024;
    auto folder = files::Folder::open(machine.kernel.files(), std::move(options));
    expect(folder.has_value(), "the folder can't be opened");
    return std::make_unique<server::Worker>(machine.core, files::routes_for(*folder), machine.limits,
                                            machine.population, nullptr, 0);
}

const Words& site_words() {
    static const Words words{
        {"/", "/a.txt", "/empty", "/dir", "/dir/", "/dir/b.css", "/large.bin", "/escape", "/fifo", "/none", "*",
         "/%2e%2e/", "/.git", "http://example.org/a.txt"},
        {"Connection: close", "Range: bytes=0-9", "Range: bytes=-1, 5-", "Accept-Encoding: gzip", "Accept-Encoding: br",
         "If-None-Match: *", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "Expect: 100-continue", "Host: b",
         "Accept: text/html", "Upgrade: h2c"},
        {"reset", "accept", "aborted", "open", "disk", "leap", "clock", "descriptors", "delay"}};
    return words;
}

std::unique_ptr<server::Worker> make_program_worker(Machine& machine) {
    static Server& server = *[] {
        auto made = std::make_unique<Server>();
        sim::add_handlers(*made);
        expect(made->errors().empty(), "the routes can't be served");
        return made.release();
    }();
    return std::make_unique<server::Worker>(machine.core, server.routes(), machine.limits, machine.population, nullptr,
                                            0);
}

const Words& program_words() {
    static const Words words{
        {"/text",
         "/wait/100",
         "/wait/9000",
         "/offload",
         "/both/5",
         "/both/50",
         "/throw",
         "/throw/10",
         "/stream/0",
         "/stream/3",
         "/stream/150",
         "/cut/0",
         "/cut/5",
         "/events",
         "/echo",
         "/count",
         "/drop",
         "/timed/wait/400",
         "/timed/wait/600",
         "/timed/offload",
         "/timed/both/900",
         "/timed/echo",
         "/compressed/page",
         "/compressed/stream/50",
         "/none",
         "*"},
        {"Connection: close", "Accept-Encoding: gzip", "Accept-Encoding: br", "Expect: 100-continue",
         "Range: bytes=0-9", "If-None-Match: *", "Content-Length: 0", "X-Request-Id: a"},
        {"reset", "accept", "aborted", "leap", "clock", "delay"}};
    return words;
}

}  // namespace

const Played played_site{make_site_worker, site_words};
const Played played_program{make_program_worker, program_words};

}  // namespace portico::fuzz
