// portico/acme/store.h — where accounts and certificates are kept.
//
// Room acme: see base64url.h.
// Threads:   one core's, unless a store says otherwise.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "portico/acme/failure.h"
#include "portico/base/task.h"

namespace portico::acme {

// Small texts, each under a path such as "names/example.org/certificate.pem". Machines may share a store.
class Store {
public:
    // Held while it exists; a process that dies gives it back.
    class Lock {
    public:
        virtual ~Lock() = default;
    };

    virtual ~Store() = default;
    // Nothing if there is no such text.
    [[nodiscard]] virtual Task<Result<std::optional<std::string>>> read(std::string path) = 0;
    // Replaces the text as a whole: a reader, even after a crash, sees the old one or the new one.
    [[nodiscard]] virtual Task<Result<void>> write(std::string path, std::string text) = 0;
    // Locks a folder against other processes and tasks. Null if another one holds the lock.
    [[nodiscard]] virtual Task<Result<std::unique_ptr<Lock>>> try_lock(std::string folder) = 0;
};

// "names/example.org/certificate.pem"; a wildcard's star is written as "_", which is part of no host's name. `name`: of
// letters in lower case, digits, "-", "." and "*" (asserted).
[[nodiscard]] std::string certificate_path(const std::string& name);
[[nodiscard]] std::string attempts_path(const std::string& name);
[[nodiscard]] std::string name_folder(const std::string& name);
// "accounts/acme.example.org-1f2e3d4c", for the authority whose directory is at `url`.
[[nodiscard]] std::string account_folder(const std::string& url);

// A certificate as it is kept: in one text, so that its parts can't be from different orders.
struct StoredCertificate {
    std::string directory;  // of the authority that it is from
    std::string chain;      // PEM text
    std::string key;        // PEM text, a secret
};
[[nodiscard]] std::string text_of(const StoredCertificate& certificate);
// Nothing if the text is something else.
[[nodiscard]] std::optional<StoredCertificate> read_certificate(const std::string& text);

}  // namespace portico::acme
