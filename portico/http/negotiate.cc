// portico/http/negotiate.cc — see negotiate.h.
#include "portico/http/negotiate.h"

#include <array>

namespace portico::http {
namespace {

// Weights in thousandths (RFC 9110 §12.4.2).
using Weight = int;
constexpr Weight weight_full = 1000;

std::optional<Weight> parse_qvalue(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text.size() > 1 && text[1] != '.')) return std::nullopt;
    if (text[0] != '0' && text[0] != '1') return std::nullopt;
    Weight weight = text[0] == '1' ? weight_full : 0;
    Weight unit = 100;
    for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        weight += (text[i] - '0') * unit;
    }
    return weight <= weight_full ? std::optional(weight) : std::nullopt;
}

// The value of a parameter "q=…"; nothing if it is another parameter.
std::optional<std::string_view> weight_text(std::string_view parameter) {
    const bool is_weight = parameter.size() >= 2 && (parameter[0] | 0x20) == 'q' && parameter[1] == '=';
    return is_weight ? std::optional(parameter.substr(2)) : std::nullopt;
}

// One element of Accept-Encoding: the coding's name, and its weight, which is 1 by default.
struct WeighedCoding {
    std::string_view name;
    Weight weight = weight_full;
};

std::optional<WeighedCoding> parse_coding(std::string_view element) {
    const auto name = next_element(element, ';');
    if (!name) return std::nullopt;
    WeighedCoding coding{*name};
    if (const auto parameter = next_element(element, ';')) {
        const auto text = weight_text(*parameter);
        const auto weight = text ? parse_qvalue(*text) : std::nullopt;
        if (!weight || !element.empty()) return std::nullopt;
        coding.weight = *weight;
    }
    return coding;
}

std::optional<Coding> recognise_coding(std::string_view name) {
    if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip")) return Coding::gzip;  // §8.4.1.3
    if (equals_ignoring_case(name, "br")) return Coding::br;
    if (equals_ignoring_case(name, "zstd")) return Coding::zstd;
    if (equals_ignoring_case(name, "identity")) return Coding::identity;
    return std::nullopt;
}

// The weights that Accept-Encoding gives to each coding, and to those that it doesn't name.
class CodingWeights {
public:
    void read(std::string_view field_value) {
        for (auto element = next_element(field_value); element; element = next_element(field_value)) {
            const auto coding = parse_coding(*element);
            if (!coding) continue;
            const auto known = recognise_coding(coding->name);
            if (!known && coding->name != "*") continue;
            auto& weight = known ? named_[static_cast<std::size_t>(*known)] : any_;
            if (!weight) weight = coding->weight;
        }
    }

    // Twice the weight, so that identity, if it is merely not excluded, can rank below the lowest weight.
    [[nodiscard]] int of(Coding coding) const {
        const auto& named = named_[static_cast<std::size_t>(coding)];
        if (named) return *named * 2;
        if (any_) return *any_ * 2;
        return coding == Coding::identity ? 1 : 0;
    }

private:
    std::array<std::optional<Weight>, coding_count> named_;
    std::optional<Weight> any_;
};

// One element of Accept.
struct MediaRange {
    std::string_view type;  // "text/html", "text/*" or "*/*"
    Weight weight = weight_full;
};

std::optional<MediaRange> parse_media_range(std::string_view element) {
    const auto type = next_element(element, ';');
    if (!type) return std::nullopt;
    MediaRange range{*type};
    for (auto parameter = next_element(element, ';'); parameter; parameter = next_element(element, ';')) {
        if (const auto text = weight_text(*parameter)) {
            const auto weight = parse_qvalue(*text);
            if (!weight) return std::nullopt;
            range.weight = *weight;
        } else if (!equals_ignoring_case(*parameter, "charset=utf-8")) {
            return std::nullopt;
        }
    }
    return range;
}

// How specifically a media range describes a type: 0 not at all, 3 by name.
int precedence(std::string_view range, std::string_view type) {
    if (equals_ignoring_case(range, type)) return 3;
    if (range == "*/*" || range == "*") return 1;  // old clients send only "*", which can mean nothing else
    const std::string_view main_type = type.substr(0, type.find('/') + 1);
    const bool any_subtype = range.size() == main_type.size() + 1 && range.back() == '*';
    return any_subtype && equals_ignoring_case(range.substr(0, main_type.size()), main_type) ? 2 : 0;
}

// The weight that Accept gives to a media type: that of the most specific range, or the greatest of several such.
Weight weight_of(const FieldSection& request, std::string_view type) {
    int closest = 0;
    Weight weight = 0;
    request.for_each(FieldName::accept, [&](std::string_view field_value) {
        for (auto element = next_element(field_value); element; element = next_element(field_value)) {
            const auto range = parse_media_range(*element);
            const int close = range ? precedence(range->type, type) : 0;
            if (close == 0 || close < closest) continue;
            if (close > closest || range->weight > weight) weight = range->weight;
            closest = close;
        }
    });
    return weight;
}

}  // namespace

std::string_view spelling(Coding coding) {
    switch (coding) {
        case Coding::identity: return {};
        case Coding::gzip: return "gzip";
        case Coding::zstd: return "zstd";
        case Coding::br: return "br";
    }
    return {};
}

std::optional<Coding> choose_coding(const FieldSection& request, CodingSet available) {
    if (!request.has(FieldName::accept_encoding)) return Coding::identity;
    CodingWeights weights;
    request.for_each(FieldName::accept_encoding, [&weights](std::string_view value) { weights.read(value); });
    std::optional<Coding> best;
    int best_weight = 0;
    for (const Coding coding : {Coding::br, Coding::zstd, Coding::gzip, Coding::identity}) {
        if (!available.has(coding) || weights.of(coding) <= best_weight) continue;
        best = coding;
        best_weight = weights.of(coding);
    }
    return best;
}

std::optional<std::size_t> choose_media_type(const FieldSection& request, std::span<const std::string_view> offered) {
    if (!request.has(FieldName::accept)) return 0;
    std::optional<std::size_t> best;
    Weight best_weight = 0;
    for (std::size_t i = 0; i < offered.size(); ++i) {
        const Weight weight = weight_of(request, offered[i]);
        if (weight <= best_weight) continue;
        best = i;
        best_weight = weight;
    }
    return best;
}

}  // namespace portico::http
