// test/fuzz/connections_fuzz.h — a fuzz target that plays scripts. Include it once, after defining PLAYED.
//
// The mutator changes a script as such - a number, a path, the order of two actions - and only rarely its octets.
#include <cstring>

#include "test/fuzz/player.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
    if (seed % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
    portico::fuzz::Script script = portico::fuzz::read_script({reinterpret_cast<const char*>(data), size});
    std::minstd_rand chance(seed);
    portico::fuzz::mutate(script, portico::fuzz::PLAYED.words(), chance);
    const std::string text = portico::fuzz::write_script(script);
    if (text.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
    std::memcpy(data, text.data(), text.size());
    return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto script = portico::fuzz::read_script({reinterpret_cast<const char*>(data), size});
    portico::fuzz::play(script, portico::fuzz::PLAYED);
    return 0;
}
