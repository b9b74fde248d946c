// portico/acme/stapler.cc — see stapler.h.
#include "portico/acme/stapler.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portico/acme/chance.h"
#include "portico/acme/schedule.h"

namespace portico::acme {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using What = Failure::What;

// Whether the certificate is still shown is looked at this often; and the clock may have been set.
constexpr std::chrono::minutes shown_look_time_max{1};
constexpr seconds shown_look_time_min{1};
// A responder that fails is asked again at least this often. Clients may insist on its answer.
constexpr seconds pause_max{std::chrono::hours(1)};

}  // namespace

Stapler::Stapler(io::Core& core, Channel& channel, Tell tell, Clock clock)
    : core_(&core),
      channel_(&channel),
      tell_(std::move(tell)),
      clock_(clock ? std::move(clock) : [&core] { return std::chrono::floor<seconds>(core.wall_clock()); }) {}

Task<Result<tls::Staple>> Stapler::fetch_from(std::string responder, const tls::Credentials& credentials) {
    Question question;
    question.method = Method::post;
    question.content = tls::status_request(credentials);
    question.content_type = "application/ocsp-request";  // RFC 6960 §A.1
    const std::string asked = responder;
    question.url = std::move(responder);
    const auto answer = co_await channel_->ask(std::move(question));
    if (!answer) co_return fail(What::unreachable, answer.error());
    if (answer->status != 200) {
        Failure failure;
        failure.what = What::refused;
        failure.message = asked + ": status " + std::to_string(answer->status);
        failure.wait_min = read_retry_after(answer->retry_after, clock_());
        co_return std::unexpected(std::move(failure));
    }
    auto staple = tls::Staple::read(answer->content, credentials);
    if (!staple) co_return fail(What::refused, asked + ": " + staple.error());
    co_return *std::move(staple);
}

// Asks the responders in their order, until one has given a response that can be used.
Task<Result<tls::Staple>> Stapler::fetch(const tls::Credentials& credentials) {
    Failure last;
    std::vector<std::string> responders = tls::responders_of(credentials);
    for (std::string& responder : responders) {
        auto staple = co_await fetch_from(std::move(responder), credentials);
        if (staple) co_return staple;
        last = std::move(staple.error());
    }
    co_return std::unexpected(std::move(last));
}

Task<void> Stapler::keep(tls::Credentials credentials, std::weak_ptr<tls::StaplePlace> place) {
    unsigned failures = 0;
    std::string told;
    sys_seconds due{};
    for (bool goes_on = true; goes_on && !place.expired();) {
        if (clock_() >= due) {
            auto staple = co_await fetch(credentials);
            goes_on = co_await io::sleep_for(*core_, io::Duration::zero());
            if (!goes_on) co_return;  // the failure is our own
            const sys_seconds now = clock_();
            if (staple) {
                due = staple_due(staple->begins(), staple->ends(), now, fraction(*core_));
                const auto shown = place.lock();
                if (shown != nullptr) shown->set(*std::move(staple));
                failures = 0;
                told.clear();
            } else {
                const seconds asked = staple.error().wait_min.value_or(seconds(0));
                due = now + std::max(std::min(back_off(++failures, fraction(*core_)), pause_max), asked);
                const bool is_new = std::exchange(told, staple.error().message) != staple.error().message;
                if (is_new) {
                    tell_("no OCSP response for " + credentials.names().front() + ": " + told +
                          "; clients can ask for it themselves");
                }
            }
        }
        const auto wait = std::clamp<io::Duration>(due - clock_(), shown_look_time_min, shown_look_time_max);
        goes_on = co_await io::sleep_for(*core_, wait);
    }
}

}  // namespace portico::acme
