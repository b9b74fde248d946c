// portico/acme/documents.cc — see documents.h.
#include "portico/acme/documents.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "portico/base/printable.h"

namespace portico::acme {
namespace {

using Json = nlohmann::json;
using Problem = std::unexpected<std::string>;

// An object; nothing else is a document of ACME.
Read<Json> parse(std::string_view text) {
    if (text.size() > document_octets_max) return Problem("the answer is too long");
    bool is_too_deep = false;
    const auto limit = [&is_too_deep](int depth, Json::parse_event_t /*event*/, Json& /*value*/) {
        is_too_deep = is_too_deep || depth > document_depth_max;
        return !is_too_deep;
    };
    Json json = Json::parse(text, limit, false);
    if (is_too_deep) return Problem("the answer is nested too deeply");
    if (json.is_discarded()) return Problem("the answer is not JSON");
    if (!json.is_object()) return Problem("the answer is not a JSON object");
    return json;
}

std::string text_of(const Json& json, const char* name) {
    const auto at = json.find(name);
    return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

// The address in a member; an error if there is another value. Empty if there is none.
Read<std::string> optional_url(const Json& json, const char* name) {
    if (!json.contains(name)) return std::string();
    std::string url = text_of(json, name);
    if (!is_https(url)) return Problem(std::string(name) + " is not an https:// address");
    return url;
}

Read<std::string> url_of(const Json& json, const char* name) {
    if (!json.contains(name)) return Problem(std::string(name) + " is missing");
    return optional_url(json, name);
}

// The elements of an array; an error if there is another value, or too many.
Read<std::vector<Json>> list_of(const Json& json, const char* name) {
    const auto at = json.find(name);
    if (at == json.end() || !at->is_array()) return Problem(std::string(name) + " is not an array");
    if (at->size() > list_length_max) return Problem(std::string(name) + " has too many elements");
    return at->get<std::vector<Json>>();
}

template <class Status, std::size_t count>
Read<Status> status_of(const Json& json, const std::array<std::string_view, count>& names) {
    const std::string text = text_of(json, "status");
    const auto at = std::ranges::find(names, text);
    if (at == names.end()) return Problem("the status '" + printable(text.substr(0, 64)) + "' is unknown");
    return static_cast<Status>(at - names.begin());
}

constexpr std::array<std::string_view, 5> order_statuses{"pending", "ready", "processing", "valid", "invalid"};
constexpr std::array<std::string_view, 4> challenge_statuses{"pending", "processing", "valid", "invalid"};
constexpr std::array<std::string_view, 6> authorization_statuses{"pending",     "valid",   "invalid",
                                                                 "deactivated", "expired", "revoked"};

ProblemDocument problem_in(const Json& json) {
    constexpr std::string_view prefix = "urn:ietf:params:acme:error:";
    ProblemDocument problem;
    problem.type = text_of(json, "type");
    if (problem.type.starts_with(prefix)) problem.type.erase(0, prefix.size());
    problem.type = printable(problem.type.substr(0, detail_octets_max));
    problem.detail = printable(text_of(json, "detail").substr(0, detail_octets_max));
    return problem;
}

std::optional<ProblemDocument> error_of(const Json& json) {
    const auto at = json.find("error");
    if (at == json.end() || !at->is_object()) return std::nullopt;
    return problem_in(*at);
}

Read<Challenge> challenge_in(const Json& json) {
    if (!json.is_object()) return Problem("a challenge is not an object");
    const auto status = status_of<ChallengeStatus>(json, challenge_statuses);
    if (!status) return Problem(status.error());
    auto url = url_of(json, "url");
    if (!url) return Problem(url.error());
    Challenge challenge;
    challenge.type = text_of(json, "type");
    challenge.status = *status;
    challenge.url = *std::move(url);
    challenge.token = text_of(json, "token");
    challenge.error = error_of(json);
    if (challenge.type.empty()) return Problem("a challenge has no type");
    if (!is_word(challenge.token, token_octets_max)) return Problem("a challenge's token is not base64url");
    return challenge;
}

// A decimal number of exactly `digits` digits, taken from the front of the text.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int number = 0;
    for (const char c : text.substr(0, digits)) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + (c - '0');
    }
    text.remove_prefix(digits);
    return number;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || (text.front() | 0x20) != (c | 0x20)) return false;
    text.remove_prefix(1);
    return true;
}

// Six numbers with what separates them: "2025-01-02T04:00:00".
std::optional<std::chrono::sys_seconds> take_date_time(std::string_view& text) {
    using namespace std::chrono;
    constexpr std::array<std::pair<std::size_t, char>, 6> parts{
        {{4, '-'}, {2, '-'}, {2, 'T'}, {2, ':'}, {2, ':'}, {2, '\0'}}};
    std::array<int, 6> numbers{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto [digits, separator] = parts.at(i);
        const auto number = take_number(text, digits);
        if (!number || (separator != '\0' && !take(text, separator))) return std::nullopt;
        numbers.at(i) = *number;
    }
    const year_month_day date{year(numbers[0]), month(static_cast<unsigned>(numbers[1])),
                              day(static_cast<unsigned>(numbers[2]))};
    // 60 is a leap second.
    if (!date.ok() || numbers[3] > 23 || numbers[4] > 59 || numbers[5] > 60) return std::nullopt;
    return sys_days(date) + hours(numbers[3]) + minutes(numbers[4]) + seconds(numbers[5]);
}

}  // namespace

bool is_word(std::string_view text, std::size_t octets_max) {
    return text.size() <= octets_max && std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '_';
           });
}

bool is_https(std::string_view url) {
    constexpr std::string_view scheme = "https://";
    if (url.size() > url_octets_max || !url.starts_with(scheme) || url.size() == scheme.size()) return false;
    return url[scheme.size()] != '/' && std::ranges::all_of(url, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::optional<std::chrono::sys_seconds> read_time(std::string_view text) {
    const auto time = take_date_time(text);
    if (!time) return std::nullopt;
    if (take(text, '.')) {
        if (!take_number(text, 1)) return std::nullopt;
        while (take_number(text, 1)) {
        }
    }
    if (take(text, 'Z')) return text.empty() ? time : std::nullopt;
    const bool is_behind = text.starts_with('-');  // of UTC
    if (!is_behind && !text.starts_with('+')) return std::nullopt;
    text.remove_prefix(1);
    const auto hours = take_number(text, 2);
    if (!hours || !take(text, ':')) return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (!minutes || !text.empty() || *hours > 23 || *minutes > 59) return std::nullopt;
    const auto offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    return is_behind ? *time + offset : *time - offset;
}

Read<Directory> read_directory(std::string_view text) {
    const auto json = parse(text);
    if (!json) return Problem(json.error());
    Directory directory;
    const std::array<std::pair<const char*, std::string*>, 4> needed{{{"newNonce", &directory.new_nonce},
                                                                      {"newAccount", &directory.new_account},
                                                                      {"newOrder", &directory.new_order},
                                                                      {"revokeCert", &directory.revoke_certificate}}};
    for (const auto& [name, into] : needed) {
        auto url = url_of(*json, name);
        if (!url) return Problem(url.error());
        *into = *std::move(url);
    }
    auto renewal_info = optional_url(*json, "renewalInfo");
    if (!renewal_info) return Problem(renewal_info.error());
    directory.renewal_info = *std::move(renewal_info);
    const auto meta = json->find("meta");
    if (meta == json->end() || !meta->is_object()) return directory;
    directory.terms_of_service = printable(text_of(*meta, "termsOfService").substr(0, url_octets_max));
    const auto external = meta->find("externalAccountRequired");
    directory.needs_external_account = external != meta->end() && external->is_boolean() && external->get<bool>();
    return directory;
}

Read<ProblemDocument> read_problem(std::string_view text) {
    const auto json = parse(text);
    if (!json) return Problem(json.error());
    return problem_in(*json);
}

Read<Order> read_order(std::string_view text) {
    const auto json = parse(text);
    if (!json) return Problem(json.error());
    const auto status = status_of<OrderStatus>(*json, order_statuses);
    if (!status) return Problem(status.error());
    Order order;
    order.status = *status;
    order.error = error_of(*json);
    const auto authorizations = list_of(*json, "authorizations");
    if (!authorizations) return Problem(authorizations.error());
    for (const Json& one : *authorizations) {
        if (!one.is_string() || !is_https(one.get_ref<const std::string&>())) {
            return Problem("authorizations is not a list of https:// addresses");
        }
        order.authorizations.push_back(one.get<std::string>());
    }
    auto finalize = url_of(*json, "finalize");
    if (!finalize) return Problem(finalize.error());
    order.finalize = *std::move(finalize);
    auto certificate = optional_url(*json, "certificate");
    if (!certificate) return Problem(certificate.error());
    order.certificate = *std::move(certificate);
    if (order.status == OrderStatus::valid && order.certificate.empty()) return Problem("certificate is missing");
    return order;
}

Read<Authorization> read_authorization(std::string_view text) {
    const auto json = parse(text);
    if (!json) return Problem(json.error());
    const auto status = status_of<AuthorizationStatus>(*json, authorization_statuses);
    if (!status) return Problem(status.error());
    Authorization authorization;
    authorization.status = *status;
    const auto identifier = json->find("identifier");
    if (identifier == json->end() || !identifier->is_object() || text_of(*identifier, "type") != "dns") {
        return Problem("identifier is not that of a name");
    }
    authorization.name = text_of(*identifier, "value");
    const auto challenges = list_of(*json, "challenges");
    if (!challenges) return Problem(challenges.error());
    for (const Json& one : *challenges) {
        auto challenge = challenge_in(one);
        if (!challenge) return Problem(challenge.error());
        authorization.challenges.push_back(*std::move(challenge));
    }
    return authorization;
}

Read<RenewalWindow> read_renewal_info(std::string_view text) {
    const auto json = parse(text);
    if (!json) return Problem(json.error());
    const auto window = json->find("suggestedWindow");
    if (window == json->end() || !window->is_object()) return Problem("suggestedWindow is missing");
    const auto start = read_time(text_of(*window, "start"));
    const auto end = read_time(text_of(*window, "end"));
    // RFC 9773 §4.2: a window that ends before it starts is as none.
    if (!start || !end || *end <= *start) return Problem("suggestedWindow is not a time with an end after its start");
    return RenewalWindow{*start, *end};
}

}  // namespace portico::acme
