#include <portico/portico.h>

portico::Task<void> echo(portico::Stream stream) { co_await portico::copy(stream, stream); }

int main(int argc, char** argv) { return portico::serve_tcp(argc > 1 ? argv[1] : "127.0.0.1:7777", echo); }
