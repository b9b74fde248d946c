// portico/http/multipart_fuzz.cc — any octets as multipart/form-data: read whole or in pieces, the parts are the same.
//
// The first octet is the size of the pieces. The rest is the content, with the boundary "b".
//
// Room http: see status.h.
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>

#include "portico/http/multipart.h"

using portico::http::MultipartReader;

namespace {

std::string read_in_pieces(std::string_view content, std::size_t piece_octets) {
    MultipartReader reader("b", 200);
    std::string told;
    while (!content.empty()) {
        std::string_view piece = content.substr(0, piece_octets);
        content.remove_prefix(piece.size());
        for (;;) {
            const std::size_t before = piece.size();
            const MultipartReader::Step step = reader.next(piece);
            assert(piece.size() <= before);
            if (step.what == MultipartReader::What::more) break;
            if (step.what == MultipartReader::What::broken) return told + std::string(reader.trouble());
            if (step.what == MultipartReader::What::content) {
                assert(!step.octets.empty());
                told += step.octets;
                continue;
            }
            told += "\1" + std::to_string(static_cast<int>(step.what));
            if (step.what == MultipartReader::What::head) {
                assert(!reader.head().name.empty());
                told += reader.head().name + "\2" + reader.head().file_name.value_or("\3");
            }
        }
        assert(piece.empty());
    }
    return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view content(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string whole = read_in_pieces(content, size);
    assert(read_in_pieces(content, 1) == whole);
    assert(read_in_pieces(content, data[0] % 64U + 1) == whole);
    assert(portico::http::multipart_boundary(content).value_or("b").size() <= 70);
    return 0;
}
