// portico/link/h2_exchange.h — one exchange of an HTTP/2 connection: a stream.
//
// Room link: see h1_inbound.h.
// Threads:   one core's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "portico/base/buffer.h"
#include "portico/io/gate.h"
#include "portico/link/exchange.h"
#include "portico/link/h2_inbound.h"

namespace portico::link {

class H2Exchange final : public Exchange {
public:
    // All of them outlive it.
    H2Exchange(H2Inbound& link, InboundContext& context, const io::SocketAddress& peer)
        : Exchange(context, peer), link_(&link) {}
    H2Exchange(const H2Exchange&) = delete;
    H2Exchange& operator=(const H2Exchange&) = delete;
    ~H2Exchange() { end(); }

    // Takes the request that has arrived. The exchange before, if any, has ended.
    void begin(const H2Inbound::Arrived& arrived);
    // Gives the stream back. What is not complete is reset.
    void end();
    // Why the request is to be refused; nothing if it is not.
    [[nodiscard]] const std::optional<http::Refusal>& refusal_of_head() const { return refusal_of_head_; }
    // Sends the response if nothing has to be waited for. Nothing: call send().
    [[nodiscard]] std::optional<Sent> send_at_once();
    // The answer has been sent, but the client may still send content. It gets this much time, and may send this much
    // more, before end() resets the stream: a client that is told at once may not read the answer. Ends with the
    // stream.
    [[nodiscard]] bool awaits_content() const { return arrival_ != Arrival::complete && !has_left_; }
    [[nodiscard]] Task<void> linger(io::Duration time_max, std::size_t octets_max);
    // Its output is to be sent, and its end noticed, although nothing has been received.
    void wake_writer() { link_->wake_writer(); }

    [[nodiscard]] http::Version version() const override { return http::Version::http_2; }
    // A stream leaves the others alone.
    void close_afterwards() override {}
    [[nodiscard]] const http::Refusal& refusal() const override { return refusal_; }
    [[nodiscard]] std::optional<ContentEnd> drop_content_at_once() override;
    [[nodiscard]] Task<ContentEnd> drop_content() override;
    [[nodiscard]] Task<bool> client_left(ContentReader reader) override;
    [[nodiscard]] Task<io::Result<Buffer>> receive_upgraded(io::TimePoint deadline) override;
    [[nodiscard]] Task<Sent> send_interim(const http::Response& response) override;
    [[nodiscard]] Task<Sent> send() override;
    [[nodiscard]] Task<void> send_early() override;

private:
    friend class H2Inbound;
    class Producing;
    class Sending;

    // What has arrived of the request's content.
    enum class Arrival : std::uint8_t {
        uninvited,  // nothing: the client waits for 100 (Continue)
        arriving,   // the rest may still come
        complete,
    };
    // What becomes of the content that arrives. It never goes back: refused content is not kept again.
    enum class ContentUse : std::uint8_t {
        kept,     // until it is read
        dropped,  // nobody wants it
        refused,  // dropped too, and read_content() says so: see refusal_
    };
    // How far the response has been sent.
    enum class Progress : std::uint8_t {
        awaited,  // its head has not been written
        begun,    // nothing waits to be written
        pending,  // content waits for the connection to write it
        cut,      // a file has ended too early: only a reset can follow
    };

    // --- for the connection
    // Whom something on the stream can concern: one task each.
    enum class Waiter : std::uint8_t { reader, sender, watcher };
    [[nodiscard]] h2::StreamId stream() const { return stream_; }
    // The stream is closed. Whoever waits goes on before this returns, and may have ended the exchange.
    void tell_of_end(Waiter waiter);
    void take_content(std::string_view octets);
    void take_content_end();
    void go_on_sending() { send_gate_.open(); }
    [[nodiscard]] bool has_all_content() const { return arrival_ == Arrival::complete; }
    [[nodiscard]] bool has_pending() const { return progress_ == Progress::pending; }
    // False: the task was asked to stop, or the stream is closed.
    [[nodiscard]] Task<bool> wait_to_send();
    // Writes one frame of the content that is pending. Returns how many octets.
    std::size_t write_pending();

    [[nodiscard]] Task<ContentStep> receive_content() override;
    [[nodiscard]] Task<Sent> send_produced() override;
    [[nodiscard]] Task<bool> client_left_while_sending() override;

    [[nodiscard]] std::optional<ContentEnd> end_of_content();
    [[nodiscard]] Task<std::optional<ContentEnd>> await_content();
    [[nodiscard]] Task<std::optional<ContentEnd>> invite_content();
    void refuse(http::Refusal refusal);
    void drop();
    void use_up(Buffer& content);
    void write_head(h2::Ending ending);
    [[nodiscard]] bool is_small() const;
    [[nodiscard]] Task<Sent> send_complete();
    [[nodiscard]] Task<Sent> send_waiting();
    [[nodiscard]] Task<Sent> send_head(h2::Ending ending);
    [[nodiscard]] Task<Sent> send_octets(std::string_view octets, h2::Ending ending);
    [[nodiscard]] Task<Sent> send_range(const http::Piece& piece, h2::Ending ending);
    [[nodiscard]] Task<Sent> send_rest();
    Sent give_up(Sent why);
    std::size_t write_pending_file();
    void end_pending(Progress next);

    H2Inbound* link_;
    std::shared_ptr<const LimitsInForce> in_force_;  // when the exchange began: the limits of its content
    h2::StreamId stream_ = 0;                        // 0: none
    bool has_left_ = false;                          // the stream is closed, or the connection over
    std::optional<http::Refusal> refusal_of_head_;

    // The content of the request.
    Buffer content_;                    // received, and not read yet
    Buffer reading_;                    // what was returned last
    std::uint64_t content_octets_ = 0;  // received in all
    Arrival arrival_ = Arrival::complete;
    ContentUse use_ = ContentUse::kept;
    http::Refusal refusal_{};
    io::Duration content_waited_{};  // the time spent waiting for content
    io::Gate content_gate_;

    // The response.
    Progress progress_ = Progress::awaited;
    std::string_view pending_;                   // octets that wait
    const http::Piece* pending_file_ = nullptr;  // or a range of a file
    std::uint64_t pending_from_ = 0;
    std::uint64_t pending_octets_ = 0;  // of pending_file_, from there
    h2::Ending pending_ending_ = h2::Ending::more;
    io::Gate send_gate_;
    io::Gate left_gate_;
};

}  // namespace portico::link
