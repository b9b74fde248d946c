#include <portico/portico.h>

std::string echo(std::string_view datagram) { return std::string(datagram); }

int main(int argc, char** argv) { return portico::UdpServer(echo).run(argc > 1 ? argv[1] : "127.0.0.1:7777"); }
