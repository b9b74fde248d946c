#!/usr/bin/env node
// examples/raw/echo_client.mjs — connects, sends its standard input, half-closes, and prints what comes back.
import net from "node:net";

const [host, port] = process.argv.slice(2);
const server = net.connect({ host, port: Number(port), allowHalfOpen: true }); // tries each address since Node 20
server.on("error", failure => {
  console.error(failure.message);
  process.exitCode = 1;
});
process.stdin.pipe(server); // waits when the server does not read; at the end of the input, shutdown(SHUT_WR)
server.pipe(process.stdout);
