// portico/acme/authority.cc — see authority.h.
#include "portico/acme/authority.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "portico/acme/base64url.h"
#include "portico/acme/schedule.h"
#include "portico/base/printable.h"
#include "portico/http/json.h"
#include "portico/tls/certificate_request.h"

namespace portico::acme {
namespace {

using std::chrono::seconds;
using What = Failure::What;

// Between two looks at something that the authority is working on, unless it says when to look again.
constexpr seconds pause_usual{1};
constexpr seconds pause_max{30};

constexpr unsigned too_many_requests = 429;
constexpr unsigned service_unavailable = 503;

// The chain must hold certificates and nothing else (RFC 8555 §9.1): it is kept beside the key.
bool is_chain(std::string_view text) {
    constexpr std::string_view any = "-----BEGIN ";
    constexpr std::string_view certificate = "-----BEGIN CERTIFICATE-----";
    std::size_t count = 0;
    for (std::size_t at = text.find(any); at != std::string_view::npos; at = text.find(any, at + 1), ++count) {
        if (!text.substr(at).starts_with(certificate)) return false;
    }
    return count > 0;
}

// An object with one member.
std::string object_of(http::JsonName name, std::string_view value) {
    std::string text;
    http::JsonWriter json(text);
    json.open_object();
    json.member(name, value);
    json.close_object();
    return text;
}

// Asks for a certificate with these names. `replaces`: the identifier of the one that it renews, or empty (RFC 9773
// §5).
std::string order_payload(const std::vector<std::string>& names, std::string_view replaces) {
    std::string text;
    http::JsonWriter json(text);
    json.open_object();
    json.name("identifiers");
    json.open_array();
    for (const std::string& name : names) {
        json.open_object();
        json.member("type", "dns");
        json.member("value", name);
        json.close_object();
    }
    json.close_array();
    if (!replaces.empty()) json.member("replaces", replaces);
    json.close_object();
    return text;
}

std::string_view without_star(std::string_view name) {
    if (name.starts_with("*.")) name.remove_prefix(2);
    return name;
}

std::string joined(const std::vector<Challenge>& challenges) {
    std::string list;
    for (const Challenge& one : challenges) list += (list.empty() ? "" : ", ") + printable(one.type);
    return list.empty() ? "none" : list;
}

std::string explained(const std::optional<ProblemDocument>& problem) {
    if (!problem) return "it does not say why";
    return problem->detail.empty() ? problem->type : problem->detail;
}

// A proof is shown as long as this exists.
class Shown {
public:
    Shown(Prover& prover, Proof proof) : prover_(&prover), proof_(std::move(proof)) {}
    Shown(const Shown&) = delete;
    Shown& operator=(const Shown&) = delete;
    ~Shown() { prover_->take_back(proof_); }
    [[nodiscard]] const Proof& proof() const { return proof_; }

private:
    Prover* prover_;
    Proof proof_;
};

}  // namespace

std::string_view host_of(std::string_view url) {
    constexpr std::string_view scheme = "https://";
    if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
    return url.substr(0, url.find_first_of("/?#"));
}

std::string renewal_id(const tls::Credentials& credentials) {
    const auto id = tls::id_of(credentials);
    if (!id) return {};
    return base64url(id->authority_key) + "." + base64url(id->serial_number);
}

Authority::Authority(io::Core& core, Channel& channel, const AuthorityOptions& options)
    : core_(&core), channel_(&channel), options_(&options) {}

std::chrono::sys_seconds Authority::now() const { return std::chrono::floor<seconds>(core_->wall_clock()); }

std::unexpected<Failure> Authority::unreadable(const std::string& what, const std::string& why) const {
    return fail(What::refused,
                std::string(host_of(options_->directory)) + " sent " + what + " that can't be used: " + why);
}

Failure Authority::failure_of(const Answer& answer) const {
    Failure failure;
    const auto problem = read_problem(answer.content);
    const std::string host(host_of(options_->directory));
    if (problem) failure.type = problem->type;
    const std::string why = problem ? explained(*problem) : std::string();
    failure.message = host + " refuses: " + (why.empty() ? "status " + std::to_string(answer.status) : why);
    failure.wait_min = read_retry_after(answer.retry_after, now());
    if (answer.status == too_many_requests || failure.type == "rateLimited" ||
        (answer.status == service_unavailable && failure.wait_min)) {
        failure.what = What::rate_limited;
    } else if (answer.status >= 500) {
        failure.what = What::unreachable;
    }
    return failure;
}

// Every answer may bring a nonce for a later request (§6.5).
Task<Result<Answer>> Authority::ask(Question question) {
    auto answer = co_await channel_->ask(std::move(question));
    if (!answer) co_return fail(What::unreachable, answer.error());
    if (!answer->nonce.empty() && is_word(answer->nonce, nonce_octets_max)) nonce_ = std::move(answer->nonce);
    if (answer->content.size() > document_octets_max) co_return unreadable("an answer", "it is too long");
    co_return *std::move(answer);
}

Task<Result<void>> Authority::open() {
    Question question;
    question.url = options_->directory;
    const auto answer = co_await ask(std::move(question));
    if (!answer) co_return std::unexpected(answer.error());
    if (answer->status != 200) co_return std::unexpected(failure_of(*answer));
    auto directory = read_directory(answer->content);
    if (!directory) co_return unreadable("a directory", directory.error());
    directory_ = *std::move(directory);
    co_return Result<void>{};
}

Task<Result<std::string>> Authority::take_nonce() {
    if (nonce_.empty()) {
        Question question;
        question.method = Method::head;
        question.url = directory_.new_nonce;
        const auto answer = co_await ask(std::move(question));
        if (!answer) co_return std::unexpected(answer.error());
        if (answer->status >= 400) co_return std::unexpected(failure_of(*answer));
        if (nonce_.empty()) co_return unreadable("an answer", "it has no Replay-Nonce");
    }
    co_return std::exchange(nonce_, {});
}

Task<Result<Answer>> Authority::post(std::string url, std::string payload) {
    assert(key_);
    Failure failure;
    for (unsigned tries = 0; tries < nonce_tries_max; ++tries) {
        const auto nonce = co_await take_nonce();
        if (!nonce) co_return std::unexpected(nonce.error());
        Envelope envelope;
        envelope.url = url;
        envelope.nonce = *nonce;
        envelope.account = account_;
        Question question;
        question.method = Method::post;
        question.url = url;
        question.content = signed_request(*key_, envelope, payload);
        auto answer = co_await ask(std::move(question));
        if (!answer) co_return std::unexpected(answer.error());
        if (answer->status < 400) co_return *std::move(answer);
        failure = failure_of(*answer);
        // The refusal itself brings a nonce that is good (§6.5).
        if (failure.type != "badNonce") break;
    }
    co_return std::unexpected(std::move(failure));
}

Task<Result<void>> Authority::open_account(tls::SigningKey key, AccountUse use) {
    assert(!directory_.new_account.empty());
    const bool may_make = use == AccountUse::made_or_found;
    if (may_make && directory_.needs_external_account && !options_->external) {
        co_return fail(What::local, std::string(host_of(options_->directory)) +
                                        " has accounts for its customers only: give it with --acme-eab");
    }
    key_ = std::move(key);
    account_.clear();
    std::string payload;
    http::JsonWriter json(payload);
    json.open_object();
    json.member(may_make ? http::JsonName("termsOfServiceAgreed") : http::JsonName("onlyReturnExisting"), true);
    if (may_make && !options_->email.empty()) {
        json.name("contact");
        json.open_array();
        json.value("mailto:" + options_->email);
        json.close_array();
    }
    // Another authority's customers are unknown to this one.
    if (may_make && directory_.needs_external_account) {
        json.name("externalAccountBinding");
        json.raw_value(bound_key(*options_->external, directory_.new_account, *key_));
    }
    json.close_object();
    const auto answer = co_await post(directory_.new_account, std::move(payload));
    if (!answer) co_return std::unexpected(answer.error());
    if (!is_https(answer->location)) co_return unreadable("an account", "it has no https:// address");
    account_ = answer->location;
    co_return Result<void>{};
}

Task<Result<void>> Authority::pause(const Answer& answer, io::TimePoint deadline) {
    const auto asked = read_retry_after(answer.retry_after, now());
    const seconds time = std::clamp(asked.value_or(pause_usual), pause_usual, pause_max);
    if (core_->now() + time > deadline) {
        co_return fail(What::not_proven, std::string(host_of(options_->directory)) + " took too long");
    }
    const bool slept = co_await io::sleep_for(*core_, time);
    if (!slept) co_return fail(What::stopped, "the server ends");
    co_return Result<void>{};
}

// Returns the order's URL.
Task<Result<std::string>> Authority::make_order(const Wanted& wanted, Order& order) {
    const std::string_view replaces = directory_.renewal_info.empty() ? "" : std::string_view(wanted.replaces);
    std::string payload = order_payload(wanted.names, replaces);
    auto answer = co_await post(directory_.new_order, std::move(payload));
    // It has been replaced, perhaps by an order whose certificate was lost (RFC 9773 §5).
    if (!answer && answer.error().type == "alreadyReplaced") {
        std::string without_replaced = order_payload(wanted.names, "");
        answer = co_await post(directory_.new_order, std::move(without_replaced));
    }
    if (!answer) co_return std::unexpected(answer.error());
    auto read = read_order(answer->content);
    if (!read) co_return unreadable("an order", read.error());
    if (!is_https(answer->location)) co_return unreadable("an order", "it has no https:// address");
    order = *std::move(read);
    co_return answer->location;
}

Task<Result<std::string>> Authority::order(Wanted wanted, Prover& prover) {
    assert(!account_.empty());
    const io::TimePoint deadline = core_->now() + options_->order_time_max;
    Order made;
    const auto url = co_await make_order(wanted, made);
    if (!url) co_return std::unexpected(url.error());
    for (const std::string& authorization : made.authorizations) {
        auto proven = co_await prove(authorization, wanted, prover, deadline);
        if (!proven) co_return std::unexpected(std::move(proven.error()));
    }
    auto order = co_await await_order(*url, OrderStatus::pending, deadline);
    if (!order) co_return std::unexpected(std::move(order.error()));
    if (order->status == OrderStatus::ready) {
        std::string payload = object_of("csr", base64url(wanted.request));
        const auto finalized = co_await post(order->finalize, std::move(payload));
        if (!finalized) co_return std::unexpected(finalized.error());
    }
    // An order that was valid already, or is being processed, has been finalized by an earlier request that was lost;
    // then the certificate is for another key, and is refused when it is read.
    order = co_await await_order(*url, OrderStatus::processing, deadline);
    if (!order) co_return std::unexpected(std::move(order.error()));
    if (order->status != OrderStatus::valid) co_return unreadable("an order", "it has not become valid");
    auto chain = co_await post(order->certificate, {});
    if (!chain) co_return std::unexpected(std::move(chain.error()));
    if (!is_chain(chain->content)) co_return unreadable("a certificate", "it is not a chain in PEM");
    co_return std::move(chain->content);
}

// Returns the order once its status is neither `passing` nor, if that is later, one before it.
Task<Result<Order>> Authority::await_order(std::string url, OrderStatus passing, io::TimePoint deadline) {
    for (;;) {
        const auto answer = co_await post(url, {});
        if (!answer) co_return std::unexpected(answer.error());
        auto order = read_order(answer->content);
        if (!order) co_return unreadable("an order", order.error());
        if (order->status == OrderStatus::invalid) {
            co_return fail(What::not_proven, std::string(host_of(options_->directory)) +
                                                 " has refused the order: " + explained(order->error));
        }
        const bool is_ahead = order->status > passing;
        if (is_ahead) co_return *std::move(order);
        auto paused = co_await pause(*answer, deadline);
        if (!paused) co_return std::unexpected(std::move(paused.error()));
    }
}

Task<Result<void>> Authority::prove(std::string url, const Wanted& wanted, Prover& prover, io::TimePoint deadline) {
    const auto answer = co_await post(url, {});
    if (!answer) co_return std::unexpected(answer.error());
    const auto authorization = read_authorization(answer->content);
    if (!authorization) co_return unreadable("an authorization", authorization.error());
    const std::string& name = authorization->name;
    const bool is_wanted =
        std::ranges::any_of(wanted.names, [&name](const std::string& one) { return without_star(one) == name; });
    if (!is_wanted) co_return unreadable("an authorization", "it is for another name: " + printable(name));
    if (authorization->status == AuthorizationStatus::valid) co_return Result<void>{};
    for (const std::string& type : prover.types(wanted.attempt)) {
        const auto at = std::ranges::find(authorization->challenges, type, &Challenge::type);
        if (at == authorization->challenges.end() || at->token.empty()) continue;
        co_return co_await meet(*at, name, url, prover, deadline);
    }
    co_return fail(What::local, std::string(host_of(options_->directory)) + " offers no challenge for " + name +
                                    " that this server can meet, only " + joined(authorization->challenges));
}

// `url`: of the authorization.
Task<Result<void>> Authority::meet(Challenge challenge, std::string name, std::string url, Prover& prover,
                                   io::TimePoint deadline) {
    Proof proof;
    proof.type = challenge.type;
    proof.name = name;
    proof.token = challenge.token;
    proof.key_authorization = key_authorization(challenge.token, *key_);
    const Shown shown(prover, std::move(proof));
    auto done = co_await prover.show(shown.proof());
    if (!done) co_return done;
    const auto answer = co_await post(challenge.url, "{}");
    if (!answer) co_return std::unexpected(answer.error());
    co_return co_await await_authorization(std::move(url), std::move(name), deadline);
}

Task<Result<void>> Authority::await_authorization(std::string url, std::string name, io::TimePoint deadline) {
    for (;;) {
        const auto answer = co_await post(url, {});
        if (!answer) co_return std::unexpected(answer.error());
        const auto authorization = read_authorization(answer->content);
        if (!authorization) co_return unreadable("an authorization", authorization.error());
        if (authorization->status == AuthorizationStatus::valid) co_return Result<void>{};
        if (authorization->status != AuthorizationStatus::pending) {
            const auto at = std::ranges::find_if(authorization->challenges,
                                                 [](const Challenge& one) { return one.error.has_value(); });
            const bool is_known = at != authorization->challenges.end();
            co_return fail(What::not_proven, std::string(host_of(options_->directory)) + " was not convinced that " +
                                                 name + " is this server" +
                                                 (is_known ? " by " + printable(at->type) : "") + ": " +
                                                 explained(is_known ? at->error : std::nullopt));
        }
        auto paused = co_await pause(*answer, deadline);
        if (!paused) co_return paused;
    }
}

Task<Result<void>> Authority::revoke(std::string der) {
    assert(!account_.empty());
    std::string payload = object_of("certificate", base64url(der));
    const auto answer = co_await post(directory_.revoke_certificate, std::move(payload));
    if (!answer && answer.error().type == "alreadyRevoked") co_return Result<void>{};
    if (!answer) co_return std::unexpected(answer.error());
    co_return Result<void>{};
}

Task<Result<std::optional<RenewalAdvice>>> Authority::renewal_advice(std::string id) {
    if (directory_.renewal_info.empty() || id.empty()) co_return std::optional<RenewalAdvice>();
    Question question;
    question.url = directory_.renewal_info;
    if (!question.url.ends_with('/')) question.url += '/';
    question.url += id;
    const auto answer = co_await ask(std::move(question));
    if (!answer) co_return std::unexpected(answer.error());
    if (answer->status != 200) co_return std::unexpected(failure_of(*answer));
    const auto window = read_renewal_info(answer->content);
    if (!window) co_return unreadable("a time of renewal", window.error());
    RenewalAdvice advice{*window, read_retry_after(answer->retry_after, now())};
    co_return std::optional(advice);
}

}  // namespace portico::acme
