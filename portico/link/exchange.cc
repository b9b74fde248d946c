// portico/link/exchange.cc — see exchange.h.
#include "portico/link/exchange.h"

#include <utility>

#include "portico/http/target.h"
#include "portico/io/scope.h"

namespace portico::link {

// Notes that a task reads, until it ends or is destroyed.
class Exchange::Reading {
public:
    explicit Reading(Exchange& exchange) : exchange_(&exchange) { exchange.is_reading_ = true; }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() {
        exchange_->is_reading_ = false;
        exchange_->reading_ended_.open();
    }

private:
    Exchange* exchange_;
};

void Exchange::begin(const tls::Session* session) {
    release();
    session_ = session;
    is_early_ = session != nullptr && session->is_early();
    memory_->notes.clear();
    memory_->parameters.clear();
    memory_->content = {};
    path_ = {};
    made_octets_ = 0;
    has_content_ended_ = false;
    sent_.reset();
    sent_early_at_.reset();
    began_at_ = core().wall_clock();
    began_ = core().now();
}

bool Exchange::came_early() const { return is_early_ || request().fields.find("early-data") == "1"; }

http::Result<void> Exchange::decode_path() {
    const http::Request& own = request();
    if (own.form == http::TargetForm::asterisk) {
        path_ = own.path;
        return {};
    }
    const http::Result<std::string_view> decoded = http::decode_path(own.path, memory_->path);
    if (!decoded) return std::unexpected(decoded.error());
    path_ = *decoded;
    return {};
}

// Only over TLS: anybody on the way could add the field to an answer without it (RFC 6797 §7.2).
void Exchange::complete_response() {
    const std::string& transport_security = context_->strict_transport_security();
    if (session_ == nullptr || transport_security.empty()) return;
    if (response().fields.find(http::FieldName::strict_transport_security)) return;  // the handler knows better
    response().fields.add(http::FieldName::strict_transport_security, transport_security);
}

Task<ContentStep> Exchange::read_content() {
    const Reading guard(*this);
    const ContentStep step = co_await receive_content();
    if (step.octets.empty() && step.end == ContentEnd::complete) content_has_ended();
    co_return step;
}

void Exchange::charge_kept(std::size_t octets) const {
    Charge& kept = memory_->kept;
    if (kept.octets() == 0) kept = Charge(core().ledger(), 0);
    kept.grow(octets);
}

void Exchange::content_has_ended() {
    has_content_ended_ = true;
    content_ended_.open();
}

// A gate may still be open since an earlier exchange.
Task<bool> Exchange::content_ended() {
    while (!has_content_ended_) {
        const io::Result<void> ended = co_await content_ended_.wait(core(), io::never);
        if (!ended) co_return false;
    }
    co_return true;
}

Task<bool> Exchange::reading_ended() {
    while (is_reading_) {
        const io::Result<void> ended = co_await reading_ended_.wait(core(), io::never);
        if (!ended) co_return false;
    }
    co_return true;
}

namespace {

// Counts what is sent, and ends the content's producer once the peer accepts no more.
class EndingWriter final : public http::ContentWriter {
public:
    EndingWriter(http::ContentWriter& to, io::Core& core, io::Scope& making, std::uint64_t& octets)
        : to_(&to), core_(&core), making_(&making), octets_(&octets) {}
    Task<bool> write(std::string_view octets) override {
        const bool written = co_await to_->write(octets);
        if (written) {
            *octets_ += octets.size();
            co_return true;
        }
        making_->request_stop();
        // The producer ends here. One that ignores the result would never wait again, and would go on for ever.
        const bool slept = co_await io::sleep_until(*core_, io::never);
        co_return slept;
    }

private:
    http::ContentWriter* to_;
    io::Core* core_;
    io::Scope* making_;
    std::uint64_t* octets_;
};

Task<bool> make_content(const http::Producer& producer, EndingWriter writer) {
    const bool whole = co_await producer(writer);
    co_return whole;
}

}  // namespace

Task<void> Exchange::send_into(Sent& sent) { sent = co_await send_produced(); }

Task<Sent> Exchange::send_upgraded() {
    const Sent sent = co_await send_produced();
    set_sent(sent);
    co_return sent;
}

Task<void> Exchange::end_making_when_client_leaves(io::Scope& making) {
    const bool left = co_await client_left_while_sending();
    if (left) making.request_stop();
}

Task<Sent> Exchange::send_made(bool is_watched) {
    io::Scope making;
    response().producer = [this, producer = std::move(response().producer), &making](http::ContentWriter& to) {
        return make_content(producer, EndingWriter(to, core(), making, made_octets_));
    };
    Sent sent = Sent::left;
    std::optional<EndlessPlace> endless;
    if (response().is_endless) endless.emplace(context(), making);
    making.start(send_into(sent), AfterStop::ends);
    if (endless && context().is_draining()) making.request_stop();
    io::Scope watching;
    if (is_watched && making.size() > 0) watching.start(end_making_when_client_leaves(making));
    co_await making.join();
    watching.request_stop();
    co_await watching.join();
    // A stream that never ends by itself is ended with the server: its peer may still read what it was sent.
    if (sent != Sent::whole && endless && context().is_draining()) sent = Sent::stopped;
    set_sent(sent);
    co_return sent;
}

}  // namespace portico::link
