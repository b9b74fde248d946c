// portico/acme/http_channel.cc — see http_channel.h.
#include "portico/acme/http_channel.h"

#include <utility>

namespace portico::acme {
namespace {

link::ClientOptions client_options(std::string authorities) {
    link::ClientOptions options;
    options.tls.authorities = std::move(authorities);
    return options;
}

std::string_view word_for(Method method) {
    switch (method) {
        case Method::get: return "GET";
        case Method::head: return "HEAD";
        case Method::post: return "POST";
    }
    return "";
}

}  // namespace

HttpChannel::HttpChannel(io::Core& core, std::string authorities, std::chrono::milliseconds time_max,
                         std::size_t octets_max)
    : core_(&core),
      time_max_(time_max),
      octets_max_(octets_max),
      client_(core, client_options(std::move(authorities))) {}

Task<std::expected<Answer, std::string>> HttpChannel::ask(Question question) {
    link::ClientRequest request(std::move(question.url), std::string(word_for(question.method)));
    request.deadline = core_->now() + time_max_;
    if (question.method == Method::post) {
        request.fields.emplace_back("Content-Type", std::move(question.content_type));
        request.content = std::move(question.content);
    }
    auto response = co_await client_.send(std::move(request));
    if (!response) co_return std::unexpected(std::move(response.error().message));
    auto content = co_await response->collect(octets_max_);
    if (!content) co_return std::unexpected(std::move(content.error().message));
    Answer answer;
    answer.status = static_cast<unsigned>(response->status());
    answer.nonce = std::string(response->field("Replay-Nonce"));
    answer.location = std::string(response->field("Location"));
    answer.retry_after = std::string(response->field("Retry-After"));
    answer.content_type = std::string(response->field("Content-Type"));
    answer.content = *std::move(content);
    co_return answer;
}

}  // namespace portico::acme
