#include <portico/portico.h>

portico::Task<void> echo(portico::Connection client) { co_await portico::copy(client, client); }

int main(int argc, char** argv) { return portico::TcpServer(echo).run(argc > 1 ? argv[1] : "127.0.0.1:7777"); }
