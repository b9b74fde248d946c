// portico/handler/files/representation.cc — see representation.h.
#include "portico/handler/files/representation.h"

#include <algorithm>
#include <span>

#include "portico/route/sip_hash.h"

namespace portico::files {
namespace {

using http::FieldName;

// The memory that a representation takes besides its content: the object and its field lines.
constexpr std::size_t overhead_octets = sizeof(Representation) + 12 * sizeof(http::FieldLine);

std::string_view vary_value(Vary vary) {
    switch (vary) {
        case Vary::never: return {};
        case Vary::by_coding: return "Accept-Encoding";
        case Vary::by_type_and_coding: return "Accept, Accept-Encoding";
    }
    return {};
}

// The fields that files and pages have in common, in the order in which they are sent.
void add_common_fields(Representation& made, http::Coding coding, Vary vary, std::string_view cache_control) {
    http::FieldSection& fields = made.fields;
    fields.add(FieldName::content_type, made.content_type);
    if (coding != http::Coding::identity) fields.add(FieldName::content_encoding, http::spelling(coding));
    fields.add(FieldName::etag, made.etag->view());
    if (made.validators.last_modified) {
        fields.add(FieldName::last_modified, std::string_view(made.last_modified.data(), made.last_modified.size()));
    }
    fields.add(FieldName::accept_ranges, "bytes");
    fields.add(FieldName::cache_control, cache_control);
    if (vary != Vary::never) fields.add(FieldName::vary, vary_value(vary));
    // We determine the type, whatever the content looks like: a text file never becomes a script.
    fields.add(FieldName::x_content_type_options, "nosniff");
}

void charge(Representation& made, Ledger& ledger) {
    made.octets.shrink_to_fit();
    made.charge = Charge(ledger, made.octets.capacity() + overhead_octets);
}

constexpr route::HashKey known_key{0x706f727469636f2dU, 0x636f6e74656e7473U};
constexpr std::size_t hashed_part_octets = 256 * 1024;

// The hash of each part goes into the next one's key.
std::uint64_t hash_part(std::uint64_t before, std::string_view part) {
    return route::sip_hash<1, 3>(route::HashKey{known_key[0] ^ before, known_key[1]}, part);
}

}  // namespace

std::uint64_t content_hash(std::string_view octets) {
    std::uint64_t hash = 0;
    for (;;) {
        const std::string_view part = octets.substr(0, hashed_part_octets);
        hash = hash_part(hash, part);
        octets.remove_prefix(part.size());
        if (octets.empty()) return hash;
    }
}

std::optional<std::uint64_t> content_hash(io::FileSystem& files, const Fd& file, const io::FileStatus& status) {
    std::string room(hashed_part_octets, '\0');
    std::uint64_t hash = 0;
    std::uint64_t offset = 0;
    do {
        const std::uint64_t wanted = std::min<std::uint64_t>(room.size(), status.size - offset);
        const auto read = files.read_at(file, offset, std::span(room).first(wanted));
        if (!read || *read != wanted) return std::nullopt;
        hash = hash_part(hash, std::string_view(room).substr(0, wanted));
        offset += wanted;
    } while (offset < status.size);
    const auto after = files.status(file);
    if (!after || !io::has_same_content(status, *after)) return std::nullopt;
    return hash;
}

std::shared_ptr<const Representation> represent_file(std::shared_ptr<const Folder> folder, Ledger& ledger,
                                                     Source source, Vary vary, std::chrono::sys_seconds now) {
    auto made = std::make_shared<Representation>();
    made->folder = std::move(folder);
    made->content_type = source.content_type;
    made->status = source.status;
    std::optional<std::uint64_t> hash = source.hash;
    made->octets = std::move(source.octets);
    if (source.file) {
        made->file = std::make_shared<const Fd>(std::move(*source.file));
        made->size = source.status.size;
    } else {
        made->size = made->octets.size();
        if (!hash) hash = content_hash(made->octets);
    }
    if (hash) {
        made->etag.emplace(made->size, *hash, source.etag_suffix);
    } else {
        made->etag.emplace(made->size, source.status.modified, source.status.changed, source.etag_suffix);
    }
    const auto last_modified = http::last_modified_of(source.modified, now);
    http::write_imf_fixdate(last_modified, made->last_modified);
    made->validators = http::Validators{made->etag->view(), last_modified};
    add_common_fields(*made, source.coding, vary, made->folder->cache_control());
    // A page that somebody has sent could otherwise use what this server trusts its visitors with.
    const bool may_have_scripts = made->content_type.find("html") != std::string_view::npos ||
                                  made->content_type.find("xml") != std::string_view::npos;
    if (made->folder->options().uploads != Uploads::off && may_have_scripts) {
        made->fields.add(FieldName::content_security_policy, "sandbox");
    }
    charge(*made, ledger);
    return made;
}

std::shared_ptr<const Representation> represent_page(std::shared_ptr<const Folder> folder, Ledger& ledger,
                                                     std::string octets, std::string_view content_type,
                                                     std::string_view policy, http::Coding coding) {
    auto made = std::make_shared<Representation>();
    made->folder = std::move(folder);
    made->content_type = content_type;
    made->octets = std::move(octets);
    made->size = made->octets.size();
    made->etag.emplace(made->size, content_hash(made->octets), http::spelling(coding));
    made->validators.etag = made->etag->view();
    add_common_fields(*made, coding, Vary::by_type_and_coding, "no-cache");
    made->fields.add(FieldName::content_security_policy, policy);
    charge(*made, ledger);
    return made;
}

std::size_t Entry::octets() const {
    std::size_t octets = charge.octets() + listed_charge.octets();
    for (const Variant& variant : variants) {
        if (variant.made) octets += variant.made->charge.octets();
    }
    return octets;
}

std::size_t Entry::descriptors() const {
    return static_cast<std::size_t>(std::count_if(
        variants.begin(), variants.end(), [](const Variant& variant) { return variant.made && variant.made->file; }));
}

}  // namespace portico::files
