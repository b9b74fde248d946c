// portico/acme/fake_authority_for_test.h — a certificate authority in memory, as strict as RFC 8555 and as unhelpful as
// it may be.
//
// Room acme: see base64url.h. Included by tests alone.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "portico/acme/base64url.h"
#include "portico/acme/channel.h"
#include "portico/io/core.h"
#include "portico/tls/certify_for_test.h"
#include "portico/tls/local_authority.h"

namespace portico::acme {

class FakeAuthority final : public Channel {
public:
    using Json = nlohmann::json;

    explicit FakeAuthority(io::Core& core, std::string host = "ca.example") : base("https://" + host), core_(&core) {}

    const std::string base;
    // Whether the authority finds the proof: asked by type, name, token.
    std::function<bool(const std::string&, const std::string&, const std::string&)> finds;
    std::vector<std::string> offers{"dns-01", "tls-alpn-01", "http-01", "other-01"};
    std::chrono::seconds lifetime{90 * 24 * 3600};
    // --- trouble
    bool is_down = false;
    unsigned bad_nonces = 0;     // so many of the next good nonces are refused
    unsigned pending_looks = 1;  // how often an authorization or an order is looked at before it is decided
    bool never_decides = false;
    std::string order_problem;            // orders become invalid, with this detail
    std::optional<Answer> instead;        // of the next answer to a new order
    std::string pause;                    // Retry-After of everything that is pending
    std::function<void(Answer&)> change;  // the last word on each answer
    bool gives_renewal_info = false;
    std::string renewal_info;  // its answer
    bool needs_external_account = false;
    // --- what has happened
    unsigned questions = 0;
    unsigned certificates = 0;
    unsigned revocations = 0;
    unsigned renewal_questions = 0;
    Json last_order;
    Json last_account;

    Task<std::expected<Answer, std::string>> ask(Question question) override {
        ++questions;
        const bool slept = co_await io::sleep_for(*core_, std::chrono::milliseconds(20));
        if (!slept) co_return std::unexpected("stopped");
        if (is_down) co_return std::unexpected(base + " is down");
        Answer answer = answer_to(question);
        if (change) change(answer);
        co_return answer;
    }
    [[nodiscard]] std::string directory() const { return base + "/directory"; }

private:
    struct Authorization {
        std::string name;
        std::string status = "pending";
        std::string token;
        std::string tried;  // the type of the challenge that was answered
        unsigned looks = 0;
    };
    struct Order {
        std::vector<std::string> names;
        std::vector<std::size_t> authorizations;
        std::string status = "pending";
        unsigned looks = 0;
        std::string chain;
    };

    std::string fresh_nonce() {
        std::string nonce = "nonce" + std::to_string(++nonce_count_);
        nonces_.insert(nonce);
        return nonce;
    }
    static Answer problem(unsigned status, const std::string& type, const std::string& detail) {
        Answer answer;
        answer.status = status;
        answer.content_type = "application/problem+json";
        answer.content = Json({{"type", "urn:ietf:params:acme:error:" + type}, {"detail", detail}}).dump();
        return answer;
    }
    static Answer document(const Json& json, unsigned status = 200) {
        Answer answer;
        answer.status = status;
        answer.content = json.dump();
        return answer;
    }

    Answer answer_to(const Question& question) {
        Answer answer;
        if (question.method == Method::post) {
            answer = answer_to_signed(question);
        } else if (question.url == directory()) {
            return directory_document();
        } else if (question.url == base + "/new-nonce") {
            EXPECT_EQ(question.method, Method::head);
            answer.status = 200;
        } else if (gives_renewal_info && question.url.starts_with(base + "/renewal/")) {
            ++renewal_questions;
            answer.status = 200;
            answer.content = renewal_info;
            return answer;
        } else {
            return problem(405, "malformed", "no GET here");
        }
        answer.nonce = fresh_nonce();
        return answer;
    }

    Answer directory_document() const {
        Json json({{"newNonce", base + "/new-nonce"},
                   {"newAccount", base + "/new-account"},
                   {"newOrder", base + "/new-order"},
                   {"revokeCert", base + "/revoke"}});
        if (gives_renewal_info) json["renewalInfo"] = base + "/renewal";
        json["meta"]["externalAccountRequired"] = needs_external_account;
        return document(json);
    }

    Answer answer_to_signed(const Question& question) {
        const Json json = Json::parse(question.content);
        const auto part = [&json](const char* name) {
            return from_base64url(json.at(name).get<std::string>()).value();
        };
        const Json head = Json::parse(part("protected"));
        EXPECT_EQ(head.at("url"), question.url);
        EXPECT_EQ(head.at("alg"), "ES256");
        if (nonces_.erase(head.at("nonce").get<std::string>()) == 0) return problem(400, "badNonce", "unknown nonce");
        if (bad_nonces > 0) {
            --bad_nonces;
            return problem(400, "badNonce", "stale nonce");
        }
        const std::string payload = part("payload");
        if (question.url == base + "/new-account") {
            EXPECT_TRUE(head.contains("jwk"));
            last_account = Json::parse(payload);
            has_account_ = has_account_ || !last_account.value("onlyReturnExisting", false);
            if (!has_account_) return problem(400, "accountDoesNotExist", "unknown key");
            Answer answer = document({{"status", "valid"}}, 201);
            answer.location = base + "/account/1";
            return answer;
        }
        EXPECT_EQ(head.value("kid", ""), base + "/account/1");
        return answer_to_account(question.url.substr(base.size()), payload);
    }

    Answer answer_to_account(const std::string& path, const std::string& payload) {
        const std::size_t slash = path.rfind('/');
        const auto number = [&path, slash] { return std::stoul(path.substr(slash + 1)); };
        if (path == "/new-order") return new_order(Json::parse(payload));
        if (path == "/revoke") {
            ++revocations;
            return document(Json::object());
        }
        if (path.starts_with("/authorization/")) return authorization_document(number());
        if (path.starts_with("/challenge/")) return begin_challenge(path, number());
        if (path.starts_with("/order/")) return order_document(number());
        if (path.starts_with("/finalize/")) return finalize(number(), Json::parse(payload));
        if (path.starts_with("/certificate/")) {
            EXPECT_EQ(payload, "");
            Answer answer;
            answer.status = 200;
            answer.content = orders_.at(number()).chain;
            return answer;
        }
        return problem(404, "malformed", "there is no " + path);
    }

    Answer new_order(Json json) {
        if (instead) {
            Answer answer = *std::exchange(instead, std::nullopt);
            return answer;
        }
        last_order = std::move(json);
        Order order;
        for (const Json& identifier : last_order.at("identifiers")) {
            const std::string name = identifier.at("value").get<std::string>();
            order.names.push_back(name);
            order.authorizations.push_back(authorizations_.size());
            Authorization authorization;
            authorization.name = name.starts_with("*.") ? name.substr(2) : name;
            authorization.token = "token" + std::to_string(authorizations_.size());
            authorizations_.push_back(std::move(authorization));
        }
        orders_.push_back(std::move(order));
        Answer answer = order_document(orders_.size() - 1);
        answer.status = 201;
        answer.location = base + "/order/" + std::to_string(orders_.size() - 1);
        return answer;
    }

    Answer authorization_document(std::size_t number) {
        Authorization& own = authorizations_.at(number);
        if (!own.tried.empty() && own.status == "pending" && !never_decides && ++own.looks > pending_looks) {
            own.status = finds && finds(own.tried, own.name, own.token) ? "valid" : "invalid";
        }
        Json json({{"status", own.status}, {"identifier", {{"type", "dns"}, {"value", own.name}}}});
        json["challenges"] = Json::array();
        for (const std::string& type : offers) {
            Json challenge({{"type", type},
                            {"status", own.tried == type ? own.status : "pending"},
                            {"url", base + "/challenge/" + type + "/" + std::to_string(number)},
                            {"token", own.token}});
            if (own.tried == type && own.status == "invalid") {
                challenge["error"] = {{"type", "urn:ietf:params:acme:error:unauthorized"}, {"detail", "not found"}};
            }
            json["challenges"].push_back(challenge);
        }
        Answer answer = document(json);
        if (own.status == "pending") answer.retry_after = pause;
        return answer;
    }

    Answer begin_challenge(const std::string& path, std::size_t number) {
        Authorization& own = authorizations_.at(number);
        const std::string type = path.substr(11, path.rfind('/') - 11);
        own.tried = type;
        return document({{"type", type}, {"status", "processing"}, {"url", base + path}, {"token", own.token}});
    }

    Answer order_document(std::size_t number) {
        Order& own = orders_.at(number);
        bool is_ready = own.status == "pending";
        for (const std::size_t at : own.authorizations) is_ready = is_ready && authorizations_.at(at).status == "valid";
        if (is_ready) own.status = "ready";
        if (own.status == "processing" && !never_decides && ++own.looks > pending_looks) {
            own.status = order_problem.empty() ? "valid" : "invalid";
        }
        Json json({{"status", own.status}, {"finalize", base + "/finalize/" + std::to_string(number)}});
        json["authorizations"] = Json::array();
        for (const std::size_t at : own.authorizations) {
            json["authorizations"].push_back(base + "/authorization/" + std::to_string(at));
        }
        if (own.status == "valid") json["certificate"] = base + "/certificate/" + std::to_string(number);
        if (own.status == "invalid") json["error"] = {{"type", "x"}, {"detail", order_problem}};
        Answer answer = document(json);
        answer.retry_after = pause;
        return answer;
    }

    Answer finalize(std::size_t number, const Json& payload) {
        Order& own = orders_.at(number);
        if (own.status != "ready") return problem(403, "orderNotReady", "not ready");
        const auto begins = std::chrono::floor<std::chrono::seconds>(core_->wall_clock());
        const std::string request = from_base64url(payload.at("csr").get<std::string>()).value();
        own.chain = tls::certify(issuer_, request, begins, begins + lifetime);
        if (own.chain.empty()) return problem(400, "badCSR", "unreadable");
        ++certificates;
        own.status = "processing";
        return order_document(number);
    }

    static tls::Credentials make_issuer(std::chrono::sys_seconds now) {
        const auto made = tls::make_authority("Fake Authority", now);
        return *tls::Credentials::read(made->chain, made->key);
    }

    io::Core* core_;
    const tls::Credentials issuer_ = make_issuer(std::chrono::floor<std::chrono::seconds>(core_->wall_clock()));
    std::set<std::string> nonces_;
    unsigned nonce_count_ = 0;
    bool has_account_ = false;
    std::vector<Authorization> authorizations_;
    std::vector<Order> orders_;
};

// Sends each question to the authority that it is for.
class FakeInternet final : public Channel {
public:
    void add(FakeAuthority& authority) { authorities_.push_back(&authority); }
    Task<std::expected<Answer, std::string>> ask(Question question) override {
        for (FakeAuthority* authority : authorities_) {
            if (question.url.starts_with(authority->base + "/")) {
                auto answer = co_await authority->ask(std::move(question));
                co_return answer;
            }
        }
        co_return std::unexpected("no such host");
    }

private:
    std::vector<FakeAuthority*> authorities_;
};

}  // namespace portico::acme
