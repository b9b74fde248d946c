// examples/acme.cc — a site with HTTPS, whose certificate the program itself orders and renews (ACME, RFC 8555).
//
// usage: acme NAME FOLDER ENDPOINT [DIRECTORY]
//
//   $ acme example.org /var/lib/site :443
//
// The authority (Let's Encrypt, or that of DIRECTORY) connects to port 443 of the name, and wants to see a proof there
// that only this server can show. Until it has issued a certificate, clients are shown one that nobody vouches for.
// Account, key and certificate are in the folder, and are used again after a restart.
#include <portico/portico.h>

#include <cstdio>

int main(int argc, char** argv) {
    if (argc < 4 || argc > 5) {
        std::fputs("usage: acme NAME FOLDER ENDPOINT [DIRECTORY]\n", stderr);
        return 2;
    }
    portico::Options options;
    options.acme.names = {argv[1]};
    options.acme.folder = argv[2];
    if (argc == 5) options.acme.directories = {argv[4]};
    portico::Server server(options);
    server.get("/", [] { return "The certificate of this site orders itself.\n"; });
    return server.run(argv[3]);
}
