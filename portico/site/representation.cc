// portico/site/representation.cc — see representation.h.
#include "portico/site/representation.h"

#include <algorithm>

#include "portico/site/sip_hash.h"

namespace portico::site {
namespace {

using http::FieldName;

// What a representation takes beyond its content: the object and its field lines.
constexpr std::size_t overhead_octets = sizeof(Representation) + 12 * sizeof(http::FieldLine);

std::string_view vary_value(Vary vary) {
    switch (vary) {
        case Vary::never: return {};
        case Vary::by_coding: return "Accept-Encoding";
        case Vary::by_type_and_coding: return "Accept, Accept-Encoding";
    }
    return {};
}

// The fields that say the same of files and pages. The order is the one they are sent in.
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
    // The type is what we say, whatever the content looks like: no text file becomes a script.
    fields.add(FieldName::x_content_type_options, "nosniff");
    if (made.site->options().cross_origin == CrossOrigin::everyone) {
        fields.add(FieldName::access_control_allow_origin, "*");
        fields.add(FieldName::access_control_expose_headers, "Accept-Ranges, Content-Encoding, Content-Range, ETag");
    }
}

void charge(Representation& made, Ledger& ledger) {
    made.octets.shrink_to_fit();
    made.charge = Charge(ledger, made.octets.capacity() + overhead_octets);
}

}  // namespace

std::shared_ptr<const Representation> represent_file(std::shared_ptr<const Site> site, Ledger& ledger, Source source,
                                                     Vary vary, std::chrono::sys_seconds now) {
    auto made = std::make_shared<Representation>();
    made->site = std::move(site);
    made->content_type = source.content_type;
    made->status = source.status;
    if (source.file) {
        made->file = std::make_shared<const Fd>(std::move(*source.file));
        made->size = source.status.size;
    } else {
        made->octets = std::move(source.octets);
        made->size = made->octets.size();
    }
    made->etag.emplace(source.status.size, source.status.modified, source.etag_suffix);
    const auto last_modified = http::last_modified_of(source.modified, now);
    http::write_imf_fixdate(last_modified, made->last_modified);
    made->validators = http::Validators{made->etag->view(), last_modified};
    add_common_fields(*made, source.coding, vary, made->site->cache_control());
    charge(*made, ledger);
    return made;
}

std::shared_ptr<const Representation> represent_page(std::shared_ptr<const Site> site, Ledger& ledger,
                                                     std::string octets, std::string_view content_type,
                                                     http::Coding coding) {
    auto made = std::make_shared<Representation>();
    made->site = std::move(site);
    made->content_type = content_type;
    made->octets = std::move(octets);
    made->size = made->octets.size();
    // The key is known: whoever wants two listings with one tag has to name files on our disk accordingly.
    constexpr HashKey known_key{0x706f727469636f2dU, 0x6c697374696e6773U};
    const auto hash = static_cast<std::int64_t>(sip_hash<2, 4>(known_key, made->octets) >> 1);
    const http::Etag::FileTime as_time{std::chrono::nanoseconds(hash)};
    made->etag.emplace(made->size, as_time, http::spelling(coding));
    made->validators.etag = made->etag->view();
    add_common_fields(*made, coding, Vary::by_type_and_coding, "no-cache");
    // Nothing in it is meant to run or to be loaded; an escaping that failed would come to nothing.
    made->fields.add(
        FieldName::content_security_policy,
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'");
    charge(*made, ledger);
    return made;
}

std::size_t Entry::octets() const {
    std::size_t octets = charge.octets();
    for (const Variant& variant : variants) {
        if (variant.made) octets += variant.made->charge.octets();
    }
    return octets;
}

std::size_t Entry::descriptors() const {
    return static_cast<std::size_t>(std::count_if(
        variants.begin(), variants.end(), [](const Variant& variant) { return variant.made && variant.made->file; }));
}

}  // namespace portico::site
