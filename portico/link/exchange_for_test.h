// portico/link/exchange_for_test.h — an exchange without a connection.
//
// Room link: see h1_inbound.h. Included by tests alone.
#pragma once

#include <optional>

#include "portico/link/exchange.h"
#include "portico/link/inbound_limits.h"

namespace portico::link {

// The test gives the request, which has no content, and looks at the response.
class ExchangeForTest final : public Exchange {
public:
    ExchangeForTest(InboundContext& context, const io::SocketAddress& peer, http::Request request)
        : Exchange(context, peer) {
        begin(nullptr);
        request_to_fill() = std::move(request);
    }
    [[nodiscard]] http::Version version() const override { return http::Version::http_1_1; }
    [[nodiscard]] const http::Refusal& refusal() const override { return refusal_; }
    [[nodiscard]] std::optional<ContentEnd> drop_content_at_once() override { return ContentEnd::complete; }
    [[nodiscard]] Task<ContentEnd> drop_content() override { co_return ContentEnd::complete; }
    [[nodiscard]] Task<bool> client_left(ContentReader) override { co_return false; }
    [[nodiscard]] Task<io::Result<Buffer>> receive_upgraded(io::TimePoint) override { co_return Buffer(); }
    [[nodiscard]] Task<Sent> send_interim(const http::Response&) override { co_return Sent::whole; }
    [[nodiscard]] Task<Sent> send() override { co_return Sent::whole; }
    [[nodiscard]] Task<void> send_early() override { co_return; }

    void close_afterwards() override {}

private:
    [[nodiscard]] Task<Sent> send_produced() override { co_return Sent::whole; }
    [[nodiscard]] Task<bool> client_left_while_sending() override { co_return false; }
    [[nodiscard]] Task<ContentStep> receive_content() override { co_return ContentStep{}; }

    http::Refusal refusal_{};
};

}  // namespace portico::link
