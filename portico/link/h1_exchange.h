// portico/link/h1_exchange.h — the exchanges of one HTTP/1.1 connection, one after another.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <optional>

#include "portico/io/scope.h"
#include "portico/link/exchange.h"
#include "portico/link/h1_inbound.h"

namespace portico::link {

class H1Exchange final : public Exchange {
public:
    // All of them outlive it.
    H1Exchange(Transport& transport, InboundContext& context, const io::SocketAddress& peer)
        : Exchange(context, peer), transport_(&transport), link_(transport, context) {}
    H1Exchange(const H1Exchange&) = delete;
    H1Exchange& operator=(const H1Exchange&) = delete;
    ~H1Exchange() { release(); }  // a producer may refer to this object

    // Octets that were received while the connection was idle: see H1Inbound::take().
    void take(Buffer received, io::TimePoint head_deadline) { link_.take(std::move(received), head_deadline); }
    // Waits for the next request, which then takes the place of the one before. See H1Inbound::next_request(). The
    // first function never waits; if it returns nothing, call flush() and then next().
    [[nodiscard]] std::optional<Arrival> next_at_once();
    [[nodiscard]] Task<Arrival> next(io::TimePoint latest = io::never);
    // Sends the answers that have not been sent.
    [[nodiscard]] Task<Sent> flush() { return link_.flush(); }
    [[nodiscard]] bool has_output() const { return link_.has_output(); }

    // Whether the connection persists after this exchange (RFC 9112 §9.3). Known once the response is sent.
    [[nodiscard]] bool persists() const { return persistence_ == h1::Persistence::keep; }

    [[nodiscard]] http::Version version() const override { return link_.version(); }
    void close_afterwards() override { persistence_ = h1::Persistence::close; }
    [[nodiscard]] const http::Refusal& refusal() const override { return link_.refusal(); }
    [[nodiscard]] std::optional<ContentEnd> drop_content_at_once() override;
    [[nodiscard]] Task<ContentEnd> drop_content() override;
    [[nodiscard]] Task<bool> client_left(ContentReader reader) override;
    [[nodiscard]] Task<io::Result<Buffer>> receive_upgraded(io::TimePoint deadline) override {
        return link_.receive_upgraded(deadline);
    }
    [[nodiscard]] Task<Sent> send_interim(const http::Response& response) override {
        return link_.send_interim(request(), response);
    }
    [[nodiscard]] Task<Sent> send() override;
    [[nodiscard]] Task<void> send_early() override;

private:
    [[nodiscard]] Task<ContentStep> receive_content() override { return link_.read_content(); }
    void has_arrived(Arrival arrival);
    void decide_persistence();
    void switch_protocols();
    [[nodiscard]] Task<Sent> send_complete();
    [[nodiscard]] Task<Sent> send_produced() override;
    [[nodiscard]] Task<bool> client_left_while_sending() override;

    Transport* transport_;
    H1Inbound link_;
    h1::Persistence persistence_ = h1::Persistence::keep;
};

}  // namespace portico::link
