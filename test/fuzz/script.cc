// test/fuzz/script.cc — see script.h.
#include "test/fuzz/script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace portico::fuzz {
namespace {

// How many numbers follow a verb.
enum class Numbers : std::uint8_t { none, one, two };
struct VerbRow {
    std::string_view name;
    Numbers numbers;
    bool has_text;
    std::uint32_t number_max;
};
constexpr std::array<VerbRow, verbs> verb_rows{{{"get", Numbers::two, true, 200},
                                                {"head", Numbers::two, true, 200},
                                                {"options", Numbers::two, true, 200},
                                                {"post", Numbers::two, true, 20},
                                                {"chunks", Numbers::two, true, 20},
                                                {"send", Numbers::none, true, 0},
                                                {"read", Numbers::one, false, 1'000'000},
                                                {"pause", Numbers::one, false, 100'000},
                                                {"finish", Numbers::none, false, 0},
                                                {"reset", Numbers::none, false, 0},
                                                {"close", Numbers::none, false, 0},
                                                {"fault", Numbers::one, true, 1000},
                                                {"change", Numbers::one, true, 100'000},
                                                {"drain", Numbers::none, false, 0},
                                                {"stop", Numbers::none, false, 0}}};
constexpr std::uint32_t octets_max = 20'000;

const VerbRow& row_of(Verb verb) { return verb_rows[static_cast<std::size_t>(verb)]; }

std::string_view take_word(std::string_view& text) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    return word;
}

std::optional<std::uint32_t> take_number(std::string_view& text) {
    std::uint32_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(' ')) text.remove_prefix(1);
    return number;
}

constexpr std::string_view digits = "0123456789abcdef";

std::string unescaped(std::string_view text) {
    std::string octets;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string_view escape = text.substr(i, 4);
        if (escape.starts_with("\\r") || escape.starts_with("\\n") || escape.starts_with("\\\\")) {
            octets += escape[1] == 'r' ? '\r' : escape[1] == 'n' ? '\n' : '\\';
            ++i;
        } else if (escape.size() == 4 && escape.starts_with("\\x") && digits.contains(escape[2]) &&
                   digits.contains(escape[3])) {
            octets += static_cast<char>(digits.find(escape[2]) * 16 + digits.find(escape[3]));
            i += 3;
        } else {
            octets += text[i];
        }
    }
    return octets;
}

std::string escaped(std::string_view octets) {
    std::string text;
    for (const char c : octets) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '\r' || c == '\n' || c == '\\') {
            text += {'\\', c == '\r' ? 'r' : c == '\n' ? 'n' : '\\'};
        } else if (octet < 0x20 || octet >= 0x7f) {
            text += {'\\', 'x', digits[octet >> 4], digits[octet & 15]};
        } else {
            text += c;
        }
    }
    return text;
}

std::optional<Action> read_action(std::string_view line) {
    const auto connection = take_number(line);
    if (!connection) return std::nullopt;
    const std::string_view name = take_word(line);
    const auto* const row = std::ranges::find(verb_rows, name, &VerbRow::name);
    if (row == verb_rows.end()) return std::nullopt;
    Action action;
    action.connection = *connection % connections_max;
    action.verb = static_cast<Verb>(row - verb_rows.begin());
    if (row->numbers != Numbers::none) action.number = std::min(take_number(line).value_or(1), row->number_max);
    if (row->numbers == Numbers::two) action.octets = std::min(take_number(line).value_or(0), octets_max);
    if (row->has_text) action.text = unescaped(line);
    return action;
}

}  // namespace

Script read_script(std::string_view text) {
    Script script;
    while (!text.empty() && script.actions.size() < actions_max) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with("seed ")) {
            line.remove_prefix(5);
            script.seed = take_number(line).value_or(0);
        } else if (auto action = read_action(line)) {
            script.actions.push_back(*std::move(action));
        }
    }
    return script;
}

std::string write_script(const Script& script) {
    std::string text = "seed " + std::to_string(script.seed) + "\n";
    for (const Action& action : script.actions) {
        const VerbRow& row = row_of(action.verb);
        text.append(std::to_string(action.connection)).append(" ").append(row.name);
        if (row.numbers != Numbers::none) text.append(" ").append(std::to_string(action.number));
        if (row.numbers == Numbers::two) text.append(" ").append(std::to_string(action.octets));
        if (row.has_text) text.append(" ").append(escaped(action.text));
        text += '\n';
    }
    return text;
}

namespace {

class Mutator {
public:
    Mutator(Script& script, const Words& words, std::minstd_rand& chance)
        : actions_(script.actions), words_(words), chance_(chance) {}

    void change_something() {
        if (actions_.empty()) return actions_.push_back(draw_action());
        switch (below(10)) {
            case 0: return insert(draw_action());
            case 1: return insert(Action(some()));
            case 2: return remove();
            case 3: return std::swap(some(), some());
            case 4: some().connection = below(connections_max); return;
            case 5: return change_text(some());
            case 6: some().verb = draw_verb(); return;
            case 7: return tune_number(some());
            default: return tune_octets(some());
        }
    }

private:
    std::uint32_t below(std::size_t bound) {
        return static_cast<std::uint32_t>(chance_() % std::max(bound, std::size_t{1}));
    }
    std::string one_of(const std::vector<std::string_view>& words) {
        return words.empty() ? std::string() : std::string(words[below(words.size())]);
    }
    Action& some() { return actions_[below(actions_.size())]; }
    Verb draw_verb() { return static_cast<Verb>(below(verbs)); }

    void insert(Action action) {
        const auto place = static_cast<std::ptrdiff_t>(below(actions_.size() + 1));
        if (actions_.size() < actions_max) actions_.insert(actions_.begin() + place, std::move(action));
    }
    void remove() { actions_.erase(actions_.begin() + static_cast<std::ptrdiff_t>(below(actions_.size()))); }

    Action draw_action() {
        Action action;
        action.connection = below(connections_max);
        action.verb = below(3) == 0 ? Verb::get : draw_verb();
        action.number = below(4) == 0 ? below(row_of(action.verb).number_max) : 1;
        change_text(action);
        return action;
    }
    void change_text(Action& action) {
        switch (action.verb) {
            case Verb::fault: action.text = one_of(words_.faults); return;
            case Verb::send: change_octets(action.text); return;
            case Verb::change: action.text = one_of(words_.paths); return;
            default: break;
        }
        if (below(3) > 0) action.text = one_of(words_.paths);
        if (below(3) == 0) action.text += "|" + one_of(words_.fields);
    }
    // Changes, adds or removes octets, or appends a whole request.
    void change_octets(std::string& octets) {
        if (octets.empty() || below(4) == 0) {
            octets += requests_of(Action{0, Verb::get, 1, below(3), one_of(words_.paths)}).octets;
            return;
        }
        const std::size_t place = below(octets.size());
        constexpr std::string_view likely = "\r\n :;,/?%\t\\\0azAZ019";
        switch (below(3)) {
            case 0: octets.erase(place, 1 + below(4)); break;
            case 1: octets.insert(place, 1, likely[below(likely.size())]); break;
            default: octets[place] = static_cast<char>(below(256)); break;
        }
    }
    static std::uint32_t kept_in(std::uint32_t number, std::uint32_t most) { return std::min(number, most); }
    std::uint32_t tuned(std::uint32_t number, std::uint32_t most) {
        switch (below(5)) {
            case 0: return kept_in(below(most + 1), most);
            case 1: return kept_in(number * 2, most);
            case 2: return number / 2;
            case 3: return kept_in(number + below(32), most);
            default: return number - std::min(number, below(32));
        }
    }
    void tune_number(Action& action) { action.number = tuned(action.number, row_of(action.verb).number_max); }
    void tune_octets(Action& action) {
        if (row_of(action.verb).numbers != Numbers::two) return tune_number(action);
        action.octets = tuned(action.octets, below(4) == 0 ? octets_max : 1000);
    }

    std::vector<Action>& actions_;
    const Words& words_;
    std::minstd_rand& chance_;
};

}  // namespace

void mutate(Script& script, const Words& words, std::minstd_rand& chance) {
    Mutator mutator(script, words, chance);
    if (chance() % 16 == 0) script.seed = static_cast<std::uint32_t>(chance() % 1000);
    for (auto left = 1 + chance() % 4; left > 0; --left) mutator.change_something();
}

Requests requests_of(const Action& action) {
    std::string_view text = action.text;
    std::string path(text.substr(0, text.find('|')));
    std::string fields;
    while (text.contains('|')) {
        text.remove_prefix(text.find('|') + 1);
        const std::string_view field = text.substr(0, text.find('|'));
        if (!field.empty()) fields.append(field).append("\r\n");  // an empty line would end the head
    }
    std::string method(row_of(action.verb).name);
    if (action.verb == Verb::chunks) method = "post";
    for (char& letter : method) letter = static_cast<char>(letter - 'a' + 'A');
    if (path.empty()) path = "/";
    std::string content;
    if (action.verb == Verb::post || action.verb == Verb::chunks) {
        content.assign(action.octets, 'c');
    } else if (action.octets > 0) {
        path += "?" + std::string(action.octets, 'a');
    }
    if (action.verb == Verb::post) fields += "Content-Length: " + std::to_string(content.size()) + "\r\n";
    if (action.verb == Verb::chunks) {
        fields += "Transfer-Encoding: chunked\r\n";
        std::string chunked;
        for (std::size_t place = 0; place < content.size(); place += 4096) {
            const std::size_t octets = std::min<std::size_t>(4096, content.size() - place);
            std::array<char, 8> size;
            const auto end = std::to_chars(size.data(), size.data() + size.size(), octets, 16).ptr;
            chunked.append(size.data(), end).append("\r\n").append(content, place, octets).append("\r\n");
        }
        content = chunked + "0\r\n\r\n";
    }
    const std::string one = method + " " + path + " HTTP/1.1\r\nHost: example.org\r\n" + fields + "\r\n" + content;
    constexpr std::size_t all_max = 300'000;
    Requests all;
    for (; all.count < action.number && all.octets.size() < all_max; ++all.count) all.octets += one;
    return all;
}

}  // namespace portico::fuzz
