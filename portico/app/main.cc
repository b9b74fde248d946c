// portico/app/main.cc — the program's entry point.
//
// Room app: see command.h.
#include <string_view>
#include <vector>

#include "portico/app/program.h"

int main(int count, char** words) {
    const std::vector<std::string_view> all(words, words + count);
    return portico::app::run(std::span(all).subspan(all.empty() ? 0 : 1));
}
