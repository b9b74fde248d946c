// portico/acme/keeper.cc — see keeper.h.
#include "portico/acme/keeper.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <utility>

#include "portico/acme/chance.h"
#include "portico/tls/certificate_request.h"
#include "portico/tls/local_authority.h"

namespace portico::acme {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using What = Failure::What;

// The store is looked at again after this time at most: another process may have changed it, and the clock may have
// been set.
constexpr std::chrono::minutes look_time_max{1};
constexpr seconds look_time_min{1};
// If another process orders the same certificate, or the store can't be used.
constexpr seconds lock_pause{2};
constexpr std::chrono::minutes store_pause{1};
// A lock on an account is held for a moment only.
constexpr std::chrono::milliseconds account_lock_pause{50};
constexpr unsigned account_lock_tries = 600;

// When the authority is asked again for the time of renewal, unless it says (RFC 9773 §4.3).
constexpr seconds ask_time_usual{std::chrono::hours(6)};
constexpr seconds ask_time_min{60};
constexpr seconds ask_time_max{std::chrono::hours(24)};

Result<std::string> read_chain(const std::string& name, const std::string& chain, const std::string& key,
                               sys_seconds now) {
    const auto credentials = tls::Credentials::read(chain, key);
    if (!credentials) return fail(What::refused, "the certificate can't be used: " + credentials.error());
    if (std::ranges::find(credentials->names(), name) == credentials->names().end()) {
        return fail(What::refused, "the certificate is not for " + name);
    }
    if (credentials->ends() <= now) return fail(What::refused, "the certificate has expired already");
    return chain;
}

}  // namespace

Keeper::Keeper(io::Core& core, Store& store, Channel& channel, Prover& prover,
               std::vector<AuthorityOptions> authorities, Tell tell)
    : core_(&core),
      store_(&store),
      channel_(&channel),
      prover_(&prover),
      authorities_(std::move(authorities)),
      tell_(std::move(tell)) {}

sys_seconds Keeper::now() const { return std::chrono::floor<seconds>(core_->wall_clock()); }

Task<Result<std::optional<Keeper::Held>>> Keeper::load(std::string name) {
    const auto text = co_await store_->read(certificate_path(name));
    if (!text) co_return std::unexpected(text.error());
    if (!*text) co_return std::optional<Held>();
    const auto stored = read_certificate(**text);
    if (!stored) co_return std::optional<Held>();
    auto credentials = tls::Credentials::read(stored->chain, stored->key);
    // A text that is no certificate is replaced by one.
    if (!credentials) co_return std::optional<Held>();
    Held held{*std::move(credentials), stored->directory};
    co_return std::optional(std::move(held));
}

Task<void> Keeper::keep(std::string name) {
    Outlook outlook;
    for (bool goes_on = true; goes_on;) {
        const io::Duration time = co_await look_after(name, outlook);
        goes_on = co_await io::sleep_for(*core_, time);
    }
}

void Keeper::note_trouble(Outlook& outlook, const Failure& failure) {
    if (failure.what == What::stopped || failure.message == outlook.told) return;
    outlook.told = failure.message;
    tell_(failure.message);
}

// Does what is due for the name. Returns when to look again.
Task<io::Duration> Keeper::look_after(const std::string& name, Outlook& outlook) {
    const auto held = co_await load(name);
    if (!held) {
        note_trouble(outlook, held.error());
        co_return store_pause;
    }
    std::string known;
    if (*held) {
        co_await update(outlook, **held);
        const sys_seconds due = std::min(outlook.renew_at, outlook.ask_at);
        if (now() < outlook.renew_at) {
            co_return std::clamp<io::Duration>(due - core_->wall_clock(), look_time_min, look_time_max);
        }
        known = outlook.fingerprint;
    }
    const auto text = co_await store_->read(attempts_path(name));
    const Attempts attempts = read_attempts(text && *text ? **text : std::string());
    const auto wait = attempts.next - now();
    // If the clock has been set back, the time may be far away.
    if (wait > seconds(0) && wait <= std::chrono::hours(7 * 24)) {
        co_return std::clamp<io::Duration>(attempts.next - core_->wall_clock(), look_time_min, look_time_max);
    }
    co_return co_await renew_if_free(name, std::move(known), outlook);
}

// Finds out when the certificate is to be renewed.
Task<void> Keeper::update(Outlook& outlook, const Held& held) {
    const std::string fingerprint = tls::fingerprint(held.credentials);
    if (fingerprint != outlook.fingerprint) {
        outlook.fingerprint = fingerprint;
        outlook.window.reset();
        outlook.renew_at = two_thirds(held.credentials.begins(), held.credentials.ends());
        outlook.ask_at = now();
    }
    if (now() < outlook.ask_at || now() >= outlook.renew_at) co_return;
    outlook.ask_at = now() + ask_time_usual;
    const auto advice = co_await advice_on(held);
    if (!advice || !*advice) co_return;
    outlook.ask_at = now() + std::clamp((*advice)->ask_again.value_or(ask_time_usual), ask_time_min, ask_time_max);
    if (outlook.window == (*advice)->window) co_return;  // the time has been chosen
    outlook.window = (*advice)->window;
    // An authority that names a time too late does not make the certificate expire.
    const auto lifetime = held.credentials.ends() - held.credentials.begins();
    outlook.renew_at = std::min(time_in(*outlook.window, fraction(*core_)), held.credentials.ends() - lifetime / 12);
}

Task<Result<std::optional<RenewalAdvice>>> Keeper::advice_on(const Held& held) {
    const auto options = std::ranges::find(authorities_, held.directory, &AuthorityOptions::directory);
    // An authority that is not configured any more is not asked.
    if (options == authorities_.end()) co_return std::optional<RenewalAdvice>();
    Authority authority(*core_, *channel_, *options);
    const auto opened = co_await authority.open();
    if (!opened) co_return std::unexpected(opened.error());
    co_return co_await authority.renewal_advice(renewal_id(held.credentials));
}

// `known`: the fingerprint of the certificate that is to be renewed; empty if there is none.
Task<io::Duration> Keeper::renew_if_free(const std::string& name, std::string known, Outlook& outlook) {
    const auto held = co_await store_->try_lock(name_folder(name));
    if (!held) {
        note_trouble(outlook, held.error());
        co_return store_pause;
    }
    if (*held == nullptr) co_return lock_pause;
    // Another process may have renewed it since it was looked at.
    const auto present = co_await load(name);
    const bool has_one = present && *present;
    const bool is_new = has_one && tls::fingerprint((*present)->credentials) != known;
    const auto text = co_await store_->read(attempts_path(name));
    Attempts attempts = read_attempts(text && *text ? **text : std::string());
    if (is_new || (now() < attempts.next && attempts.next - now() <= std::chrono::hours(7 * 24))) {
        co_return look_time_min;
    }
    std::string replaces = has_one ? renewal_id((*present)->credentials) : std::string();
    const auto obtained = co_await obtain(name, std::move(replaces), attempts.failures);
    if (!obtained && obtained.error().what == What::stopped) co_return io::Duration::zero();
    seconds time{0};
    if (obtained) {
        attempts = Attempts{};
    } else {
        ++attempts.failures;
        time = std::max(back_off(attempts.failures, fraction(*core_)), obtained.error().wait_min.value_or(seconds(0)));
        attempts.next = now() + time;
    }
    const auto written = co_await store_->write(attempts_path(name), text_of(attempts));
    if (obtained) tell_("there is a new certificate for " + name);
    if (!obtained) {
        tell_("no certificate for " + name + ": " + obtained.error().message + "; the next attempt is in " +
              std::to_string(time.count()) + " s");
    } else if (!written) {
        tell_(written.error().message);
    }
    co_return std::max<io::Duration>(time, look_time_min);
}

// Asks the authorities in their order, until one has given the certificate.
Task<Result<void>> Keeper::obtain(std::string name, std::string replaces, unsigned attempt) {
    assert(!authorities_.empty());
    Failure all;
    for (const AuthorityOptions& options : authorities_) {
        sys_seconds& not_before = not_before_[options.directory];
        std::string trouble;
        std::optional<seconds> wait;
        if (now() < not_before) {
            wait = not_before - now();
            trouble = std::string(host_of(options.directory)) + " is not to be asked yet";
        } else {
            auto obtained = co_await obtain_from(options, name, replaces, attempt);
            if (obtained || obtained.error().what == What::stopped) co_return obtained;
            wait = obtained.error().wait_min;
            if (wait) not_before = now() + *wait;
            all.what = obtained.error().what;
            trouble = std::move(obtained.error().message);
        }
        // The next attempt is when the first of them may be asked again.
        const seconds least = wait.value_or(seconds(0));
        all.wait_min = all.message.empty() ? least : std::min(*all.wait_min, least);
        all.message += (all.message.empty() ? "" : "; ") + trouble;
    }
    co_return std::unexpected(std::move(all));
}

Task<Result<std::unique_ptr<Store::Lock>>> Keeper::lock(std::string folder) {
    for (unsigned tries = 0; tries < account_lock_tries; ++tries) {
        auto held = co_await store_->try_lock(folder);
        if (!held || *held != nullptr) co_return held;
        const bool slept = co_await io::sleep_for(*core_, account_lock_pause);
        if (!slept) co_return fail(What::stopped, "the server ends");
    }
    co_return fail(What::local, "another process holds the lock of " + folder);
}

// The key of the account at the authority; a new one if there is none.
Task<Result<tls::SigningKey>> Keeper::account_key(const AuthorityOptions& options) {
    const std::string folder = account_folder(options.directory);
    const auto held = co_await lock(folder);
    if (!held) co_return std::unexpected(held.error());
    const auto text = co_await store_->read(folder + "/key.pem");
    if (!text) co_return std::unexpected(text.error());
    if (*text) {
        auto key = tls::SigningKey::read(**text);
        if (!key) co_return fail(What::local, "the account's key in " + folder + "/key.pem: " + key.error());
        co_return *std::move(key);
    }
    auto key = tls::SigningKey::make();
    if (!key) co_return fail(What::local, key.error());
    const auto written = co_await store_->write(folder + "/key.pem", key->text());
    if (!written) co_return std::unexpected(written.error());
    co_return *std::move(key);
}

// Opens the authority, and the account there.
Task<Result<void>> Keeper::enter(Authority& authority, const AuthorityOptions& options, AccountUse use) {
    auto opened = co_await authority.open();
    if (!opened) co_return opened;
    auto key = co_await account_key(options);
    if (!key) co_return std::unexpected(std::move(key.error()));
    opened = co_await authority.open_account(*std::move(key), use);
    co_return opened;
}

Task<Result<void>> Keeper::obtain_from(const AuthorityOptions& options, std::string name, std::string replaces,
                                       unsigned attempt) {
    Authority authority(*core_, *channel_, options);
    auto opened = co_await enter(authority, options, AccountUse::made_or_found);
    if (!opened) co_return opened;
    auto request = tls::make_request({name});
    if (!request) co_return fail(What::local, request.error());
    Wanted wanted;
    wanted.names.push_back(name);
    wanted.request = request->der;
    wanted.replaces = std::move(replaces);
    wanted.attempt = attempt;
    const auto chain = co_await authority.order(std::move(wanted), *prover_);
    if (!chain) co_return std::unexpected(chain.error());
    const auto usable = read_chain(name, *chain, request->key, now());
    if (!usable) co_return std::unexpected(usable.error());
    StoredCertificate stored;
    stored.directory = options.directory;
    stored.chain = *chain;
    stored.key = std::move(request->key);
    co_return co_await store_->write(certificate_path(name), text_of(stored));
}

Task<Result<void>> Keeper::revoke(std::string name) {
    const auto held = co_await load(name);
    if (!held) co_return std::unexpected(held.error());
    if (!*held) co_return fail(What::local, "there is no certificate for " + name);
    AuthorityOptions options;
    options.directory = (*held)->directory;
    Authority authority(*core_, *channel_, options);
    auto opened = co_await enter(authority, options, AccountUse::found);
    if (!opened) co_return opened;
    auto revoked = co_await authority.revoke(tls::der_of((*held)->credentials));
    if (!revoked) co_return revoked;
    // What is no certificate counts as none: a server that runs orders another one.
    co_return co_await store_->write(certificate_path(name), {});
}

}  // namespace portico::acme
