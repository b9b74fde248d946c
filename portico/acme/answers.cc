// portico/acme/answers.cc — see answers.h.
#include "portico/acme/answers.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "portico/http/message.h"
#include "portico/link/exchange.h"
#include "portico/route/handler.h"

namespace portico::acme {
namespace {

std::optional<std::string> content_for(const Challenges& challenges, const http::Request& request) {
    const bool reads = request.method == http::Method::get || request.method == http::Method::head;
    if (!reads || !request.path.starts_with(challenge_path)) return std::nullopt;
    return challenges.content(request.path.substr(challenge_path.size()));
}

class ChallengeHandler final : public route::Handler {
public:
    explicit ChallengeHandler(std::shared_ptr<const Challenges> challenges) : challenges_(std::move(challenges)) {}

    [[nodiscard]] bool answer_at_once(link::Exchange& exchange) override {
        http::Response& response = exchange.response();
        // The proof may have been taken back since the route was found.
        auto content = content_for(*challenges_, exchange.request());
        if (!content) {
            response.status = http::Status::not_found;
            return true;
        }
        response.fields.add(http::FieldName::content_type, "application/octet-stream");
        response.fields.add(http::FieldName::cache_control, "no-store");
        response.content.push_back(http::Piece::text(*std::move(content)));
        return true;
    }
    [[nodiscard]] Task<void> answer(link::Exchange& exchange) override {
        static_cast<void>(answer_at_once(exchange));
        co_return;
    }

private:
    std::shared_ptr<const Challenges> challenges_;
};

}  // namespace

route::Precedence answers_with(std::shared_ptr<const Challenges> challenges) {
    route::Precedence precedence;
    precedence.takes = [challenges](const http::Request& request) {
        return content_for(*challenges, request).has_value();
    };
    precedence.handler = [challenges](io::Core& /*core*/) { return std::make_shared<ChallengeHandler>(challenges); };
    return precedence;
}

}  // namespace portico::acme
