// portico/link/h2_origin_for_test.h — an HTTP/2 server on the simulated kernel, for the tests of clients.
//
// Room link: see h1_inbound.h. Included by tests alone.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portico/io/core.h"
#include "portico/io/scope.h"
#include "portico/io/stream.h"
#include "portico/link/transport.h"
#include "portico/tls/pair_for_test.h"
#include "portico/wire/h2/connection.h"

namespace portico::link {

// Answers requests as a function says.
class H2Origin {
public:
    // A request that is complete, or whose head has arrived.
    struct Asked {
        h2::StreamId stream = 0;
        std::string method;
        std::string target;
        std::string fields;  // "name=value\n"
        std::string content;
        bool is_complete = false;
    };
    // One connection.
    class Line {
    public:
        Line(H2Origin& origin, io::Stream stream)
            : origin_(&origin), transport_(std::move(stream)), engine_(*origin.context_, http::Scheme::http) {}

        [[nodiscard]] h2::Connection& engine() { return engine_; }
        [[nodiscard]] Transport& transport() { return transport_; }
        // Octets that no engine would send, after what is owed.
        void say(std::string octets) { extra_ += octets; }
        void answer(h2::StreamId stream, std::string content, unsigned status = 200) {
            http::Response response;
            response.status = static_cast<http::Status>(status);
            h2::HeadExtras extras;
            extras.content_length = content.size();
            const bool is_empty = content.empty();
            engine_.respond(stream, response, extras, is_empty ? h2::Ending::last : h2::Ending::more);
            if (is_empty) return engine_.released(stream);
            pending_[stream] = std::move(content);
            engine_.has_data(stream, origin_->core_->now());
        }
        // The head alone, so that content follows later, or never.
        void begin_answer(h2::StreamId stream, std::optional<std::uint64_t> length = std::nullopt) {
            http::Response response;
            h2::HeadExtras extras;
            extras.content_length = length;
            engine_.respond(stream, response, extras, h2::Ending::more);
        }
        void close() { is_closing_ = true; }
        void reset() {
            transport_.abort_on_close();
            is_closing_ = true;
        }
        // Whether it still uses the content of requests.
        bool uses_content = true;

    private:
        friend class H2Origin;
        void fill() {
            while (const auto stream = engine_.next_to_send(origin_->core_->now())) {
                std::string& rest = pending_[*stream];
                const std::size_t octets =
                    std::min({rest.size(), engine_.room_for_data(*stream), std::size_t{16 * 1024}});
                const bool is_last = octets == rest.size();
                engine_.write_data(*stream, std::string_view(rest).substr(0, octets),
                                   is_last ? h2::Ending::last : h2::Ending::more);
                rest.erase(0, octets);
                if (!is_last) continue;
                pending_.erase(*stream);
                engine_.released(*stream);
            }
        }
        H2Origin* origin_;
        Transport transport_;
        h2::Connection engine_;
        std::map<h2::StreamId, std::string> pending_;
        std::map<h2::StreamId, Asked> asked_;
        std::string extra_;
        bool is_closing_ = false;
    };
    using Answer = std::function<void(Line& line, const Asked& asked)>;

    // `answer` is called for each request when it is complete, or with `early` when its head has arrived too.
    H2Origin(io::Core& core, const io::SocketAddress& address, Answer answer, const h2::Limits& limits = {},
             std::shared_ptr<const tls::ServerContext> context = nullptr)
        : core_(&core), answer_(std::move(answer)), limits_(limits), security_(std::move(context)) {
        context_.emplace(core.buffers(), limits_);
        io::Result<io::Listener> listener = io::Listener::open(core, address);
        EXPECT_TRUE(listener.has_value());
        listener_.emplace(std::move(*listener));
        serving_.start(accept());
    }

    bool early = false;
    unsigned consent = 100;           // the answer to Expect: 100-continue; 0: none
    std::size_t content_octets = 0;   // of all requests
    std::string h1_answer;            // to each request, if the client speaks HTTP/1.1 with TLS
    std::vector<Asked> asked;         // complete requests
    std::vector<std::string> resets;  // "stream error", as the client has reset them
    [[nodiscard]] std::size_t connections() const { return connections_; }  // accepted so far
    [[nodiscard]] std::size_t open() const { return serving_.size() - (is_accepting_ ? 1 : 0); }
    [[nodiscard]] std::size_t goaways() const { return goaways_; }  // that clients have sent
    [[nodiscard]] io::Scope& serving() { return serving_; }
    [[nodiscard]] const std::vector<Line*>& lines() const { return lines_; }
    // Sends what a connection owes, outside its turns.
    void flush(Line& line) { serving_.start(send(line)); }
    void stop() { serving_.request_stop(); }

private:
    Task<void> accept() {
        for (;;) {
            io::Result<io::Accepted> accepted = co_await listener_->accept();
            if (!accepted) break;
            ++connections_;
            serving_.start(serve(std::move(accepted->stream)));
        }
        is_accepting_ = false;
    }
    Task<void> send(Line& line) {
        for (;;) {
            line.fill();
            std::string output(line.engine_.output());
            const std::size_t owed = output.size();
            output += std::exchange(line.extra_, std::string());
            if (output.empty()) co_return;
            line.engine_.output_sent(owed);
            for (std::string_view rest = output; !rest.empty();) {
                const iovec span{const_cast<char*>(rest.data()), rest.size()};
                const io::Result<std::size_t> written = co_await line.transport_.write({&span, 1}, io::never, false);
                if (!written) co_return;
                rest.remove_prefix(*written);
            }
        }
    }
    Task<void> serve(io::Stream stream) {
        Line line(*this, std::move(stream));
        const Listed listed(*this, line);
        if (security_ != nullptr) {
            line.transport_.protect(security_->make_session(core_->buffers()));
            const io::Result<void> secured = co_await line.transport_.handshake(std::nullopt, io::never);
            if (!secured) co_return;
        }
        std::array<char, 16 * 1024> room{};
        if (security_ != nullptr && line.transport_.session()->application() == "http/1.1") {
            co_await serve_h1(line.transport_);
            co_return;
        }
        co_await send(line);
        while (!line.is_closing_ && !line.engine_.has_ended()) {
            const io::Result<std::size_t> octets = co_await line.transport_.read(room, io::never);
            if (!octets || *octets == 0) co_return;
            line.engine_.receive({room.data(), *octets}, core_->now());
            while (const auto event = line.engine_.next_event()) take(line, *event);
            co_await send(line);
        }
    }
    void say_consent(Line& line, h2::StreamId stream) {
        if (consent == 0) return;
        http::Response response;
        response.status = static_cast<http::Status>(consent);
        // After a final one, the rest of the request could still come: it is not reset.
        line.engine_.respond(stream, response, {}, consent < 200 ? h2::Ending::more : h2::Ending::last);
    }
    // Requests without content, one after another.
    Task<void> serve_h1(Transport& transport) {
        std::array<char, 4096> room{};
        for (std::string received;;) {
            const io::Result<std::size_t> octets = co_await transport.read(room, io::never);
            if (!octets || *octets == 0) co_return;
            received.append(room.data(), *octets);
            if (!received.ends_with("\r\n\r\n")) continue;
            received.clear();
            const iovec span{h1_answer.data(), h1_answer.size()};
            const io::Result<std::size_t> written = co_await transport.write({&span, 1}, io::never, false);
            EXPECT_EQ(written.value_or(0), h1_answer.size());
        }
    }
    void take(Line& line, const h2::Event& event) {
        using What = h2::Event::Kind;
        switch (event.kind) {
            case What::request: {
                Asked& found = line.asked_[event.stream];
                found.stream = event.stream;
                found.method = event.request->method_token;
                found.target = event.request->target;
                for (const auto& field : event.request->fields.lines()) {
                    found.fields.append(field.name).append("=").append(field.value).append("\n");
                }
                if (event.request->expectation == http::Expectation::continue_) say_consent(line, event.stream);
                if (early && event.request->has_content) answer_(line, found);
                if (!event.request->has_content) complete(line, found);
                return;
            }
            case What::content:
                line.asked_[event.stream].content += event.content;
                content_octets += event.content.size();
                if (line.uses_content) line.engine_.used(event.stream, event.content.size());
                return;
            case What::content_end: return complete(line, line.asked_[event.stream]);
            case What::reset:
                resets.push_back(std::to_string(event.stream) + " " + std::string(h2::spelling(event.fault.error)));
                line.pending_.erase(event.stream);
                return line.engine_.released(event.stream);
            case What::leaving: ++goaways_; return;
            case What::response:
            case What::ended: return;
        }
    }
    void complete(Line& line, Asked& found) {
        found.is_complete = true;
        asked.push_back(found);
        answer_(line, found);
    }
    class Listed {
    public:
        Listed(H2Origin& origin, Line& line) : origin_(&origin), line_(&line) { origin.lines_.push_back(&line); }
        Listed(const Listed&) = delete;
        Listed& operator=(const Listed&) = delete;
        ~Listed() { std::erase(origin_->lines_, line_); }

    private:
        H2Origin* origin_;
        Line* line_;
    };

    io::Core* core_;
    Answer answer_;
    h2::Limits limits_;
    std::shared_ptr<const tls::ServerContext> security_;
    std::optional<h2::Context> context_;
    std::optional<io::Listener> listener_;
    std::vector<Line*> lines_;
    std::size_t connections_ = 0;
    std::size_t goaways_ = 0;
    bool is_accepting_ = true;
    io::Scope serving_;
};

}  // namespace portico::link
