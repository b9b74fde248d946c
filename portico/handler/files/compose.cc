// portico/handler/files/compose.cc — see compose.h.
#include "portico/handler/files/compose.h"

#include <string>
#include <utility>

#include "portico/http/range.h"
#include "portico/http/target.h"
#include "portico/route/refusal_page.h"

namespace portico::files {
namespace {

using http::FieldName;
using http::Status;

// A part of the content. The response's owner keeps it alive.
http::Piece piece_of(const Representation& representation, http::ByteRange range) {
    std::string_view octets;
    if (representation.is_in_memory()) {
        octets = std::string_view(representation.octets).substr(range.first, range.length);
    }
    const bool is_sent_from_memory = representation.is_in_memory() && range.length <= sent_from_memory_octets_max;
    if (!representation.file || is_sent_from_memory) return http::Piece::memory(octets);
    http::Piece piece = http::Piece::range(representation.file, range.first, range.length);
    piece.octets = octets;
    piece.file_octets = representation.status.size;
    piece.file_modified = representation.status.modified.time_since_epoch().count();
    piece.file_changed = representation.status.changed.time_since_epoch().count();
    piece.file_links = representation.status.links;
    return piece;
}

void add_whole(const SharedRepresentation& representation, http::Response& response) {
    response.is_negotiated = true;
    response.owner = representation;
    if (representation->size == 0) return;
    response.content.push_back(piece_of(*representation, http::ByteRange{0, representation->size}));
}

// RFC 9110 §15.4.5: the fields that a cache needs to renew its entry, and nothing else of the representation.
void compose_not_modified(const SharedRepresentation& representation, http::Response& response) {
    response.status = Status::not_modified;
    response.is_negotiated = true;
    response.owner = representation;
    for (const http::FieldLine& line : representation->fields.lines()) {
        switch (line.known) {
            case FieldName::etag:
            case FieldName::cache_control:
            case FieldName::vary: response.fields.add(line.known, line.name, line.value); break;
            default: break;
        }
    }
}

void compose_one_part(const SharedRepresentation& representation, http::ByteRange range, http::Response& response) {
    response.status = Status::partial_content;
    response.fields = representation->fields;
    response.is_negotiated = true;
    response.owner = representation;
    response.add_made(FieldName::content_range, http::content_range(range, representation->size));
    response.content.push_back(piece_of(*representation, range));
}

// RFC 9110 §15.3.7.2
void compose_parts(const SharedRepresentation& representation, const http::Selection& selection, std::uint64_t random,
                   http::Response& response) {
    response.status = Status::partial_content;
    response.is_negotiated = true;
    response.owner = representation;
    const http::Multipart multipart(random, representation->content_type, representation->size);
    response.add_made(FieldName::content_type, multipart.content_type());
    for (const http::FieldLine& line : representation->fields.lines()) {
        if (line.known != FieldName::content_type) response.fields.add(line.known, line.name, line.value);
    }
    auto place = http::Multipart::Place::first;
    for (const http::ByteRange range : selection.parts()) {
        response.content.push_back(http::Piece::text(multipart.head(range, place)));
        response.content.push_back(piece_of(*representation, range));
        place = http::Multipart::Place::later;
    }
    response.content.push_back(http::Piece::text(multipart.end()));
}

void compose_proceeding(const http::Request& request, const SharedRepresentation& representation,
                        const Circumstances& circumstances, http::Response& response) {
    const http::Selection selection = http::select_ranges(request.fields, request.method, representation->validators,
                                                          representation->size, circumstances.now);
    switch (selection.kind()) {
        case http::Selection::Kind::whole: compose_whole(representation, response); break;
        case http::Selection::Kind::parts:
            if (selection.parts().size() == 1) {
                compose_one_part(representation, selection.parts().front(), response);
            } else {
                compose_parts(representation, selection, circumstances.random, response);
            }
            break;
        case http::Selection::Kind::unsatisfiable:
            route::write_refusal(Status::range_not_satisfiable, route::preferred_format(request), response);
            response.add_made(FieldName::content_range, http::unsatisfied_range(representation->size));
            break;
    }
}

}  // namespace

bool is_plain(const http::FieldSection& fields) {
    return !fields.has(FieldName::if_none_match) && !fields.has(FieldName::if_modified_since) &&
           !fields.has(FieldName::range) && !fields.has(FieldName::if_match) &&
           !fields.has(FieldName::if_unmodified_since);
}

void compose_whole(const SharedRepresentation& representation, http::Response& response) {
    response.status = Status::ok;
    response.fields = representation->fields;
    add_whole(representation, response);
}

void compose(const http::Request& request, const SharedRepresentation& representation,
             const Circumstances& circumstances, http::Response& response) {
    switch (
        http::evaluate_preconditions(request.fields, request.method, representation->validators, circumstances.now)) {
        case http::Verdict::proceed: compose_proceeding(request, representation, circumstances, response); break;
        case http::Verdict::not_modified: compose_not_modified(representation, response); break;
        case http::Verdict::precondition_failed:
            route::write_refusal(Status::precondition_failed, route::preferred_format(request), response);
            break;
    }
}

void compose_refusal(const SharedRepresentation& representation, http::Status status, http::Response& response) {
    response.status = status;
    for (const http::FieldLine& line : representation->fields.lines()) {
        switch (line.known) {
            case FieldName::content_type:
            case FieldName::content_encoding:
            case FieldName::content_security_policy:
            case FieldName::vary:
            case FieldName::x_content_type_options: response.fields.add(line.known, line.name, line.value); break;
            default: break;
        }
    }
    response.fields.add(FieldName::cache_control, "no-store");
    add_whole(representation, response);
}

void compose_slash_redirect(const http::Request& request, const Resource& resource,
                            const std::shared_ptr<const Folder>& folder, http::Response& response) {
    // A decoded path has one slash at its front, so this never reads as "//host" (RFC 3986 §4.2).
    std::string location;
    http::append_encoded_path(location, resource.prefix);
    http::append_encoded_path(location, resource.path);
    location += '/';
    if (request.has_query) {
        location += '?';
        location += request.query;
    }
    route::write_refusal(Status::moved_permanently, route::preferred_format(request), response);
    response.owner = folder;
    response.fields.set(FieldName::cache_control, folder->cache_control());
    response.add_made(FieldName::location, std::move(location));
}

}  // namespace portico::files
