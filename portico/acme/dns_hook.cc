// portico/acme/dns_hook.cc — see dns_hook.h.
#include "portico/acme/dns_hook.h"

#include <cstring>
#include <optional>
#include <utility>

#include "portico/acme/base64url.h"
#include "portico/tls/signing_key.h"

namespace portico::acme {
namespace {

// How often a program that runs is looked at: a kernel has no completion for its end.
constexpr std::chrono::milliseconds look_time{50};

std::vector<std::string> words_of(const std::string& program, const std::string& action, const Proof& proof) {
    return {program, action, "_acme-challenge." + proof.name, base64url(tls::sha256(proof.key_authorization))};
}

}  // namespace

DnsHook::DnsHook(io::Core& core, std::string program, std::chrono::seconds time_max)
    : core_(&core), program_(std::move(program)), time_max_(time_max) {}

std::vector<std::string> DnsHook::types(unsigned /*attempt*/) const { return {"dns-01"}; }

Task<Result<void>> DnsHook::show(Proof proof) {
    forget_ended();
    const io::TimePoint latest = core_->now() + time_max_;
    auto process = io::ChildProcess::start(words_of(program_, "add", proof));
    if (!process) {
        co_return fail(Failure::What::local, "cannot run '" + program_ + "': " + std::strerror(process.error().number));
    }
    for (;;) {
        const std::optional<int> code = process->ended();
        if (code && *code == 0) co_return Result<void>{};
        if (code) {
            co_return fail(Failure::What::local, "'" + program_ + " add' has failed for " + proof.name +
                                                     " with the exit code " + std::to_string(*code));
        }
        if (core_->now() >= latest) {
            co_return fail(Failure::What::local, "'" + program_ + " add' has taken longer than " +
                                                     std::to_string(time_max_.count()) + " s for " + proof.name);
        }
        const bool slept = co_await io::sleep_for(*core_, look_time);
        if (!slept) co_return fail(Failure::What::stopped, "the server ends");
    }
}

void DnsHook::take_back(const Proof& proof) noexcept {
    forget_ended();
    // If the program can't be started, the record stays; it proves nothing any more.
    auto process = io::ChildProcess::start(words_of(program_, "remove", proof));
    if (process) leaving_.push_back({*std::move(process), core_->now() + time_max_});
}

void DnsHook::forget_ended() {
    std::erase_if(leaving_, [this](Leaving& one) { return one.process.ended() || core_->now() >= one.latest; });
}

}  // namespace portico::acme
