// portico/app/qr.cc — a text as a QR code for a terminal.
//
// Room app: see command.h.
#include "portico/app/qr.h"

#include <qrencode.h>

#include <memory>
#include <string_view>

namespace portico::app {
namespace {

constexpr int quiet_modules = 4;  // ISO/IEC 18004: the quiet zone

struct FreeCode {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

class Modules {
public:
    explicit Modules(const QRcode& code) : code_(&code) {}
    // The light modules are drawn: a terminal is dark where nothing is drawn.
    [[nodiscard]] bool is_light(int row, int column) const {
        const int width = code_->width;
        if (row < 0 || column < 0 || row >= width || column >= width) return true;
        return (code_->data[row * width + column] & 1) == 0;
    }
    [[nodiscard]] int width() const { return code_->width; }

private:
    const QRcode* code_;
};

std::string_view block(bool upper, bool lower) {
    if (upper) return lower ? "█" : "▀";
    return lower ? "▄" : " ";
}

}  // namespace

std::optional<std::string> qr_code(const std::string& text, QrColours colours) {
    const std::unique_ptr<QRcode, FreeCode> code(QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L));
    if (!code) return std::nullopt;
    const Modules modules(*code);
    const int end = modules.width() + quiet_modules;
    const bool coloured = colours == QrColours::black_on_white;
    std::string drawn;
    for (int row = -quiet_modules; row < end; row += 2) {
        if (coloured) drawn += "\x1b[97;40m";
        for (int column = -quiet_modules; column < end; ++column) {
            drawn += block(modules.is_light(row, column), row + 1 < end && modules.is_light(row + 1, column));
        }
        drawn += coloured ? "\x1b[0m\n" : "\n";
    }
    return drawn;
}

}  // namespace portico::app
