#!/usr/bin/env node
// examples/raw/hello_server.mjs — says hello to each client, with an event loop.
import net from "node:net";

const port = Number(process.argv[2] ?? 8080);
// Without allowHalfOpen, Node would end its own side as soon as the client has ended its.
const server = net.createServer({ allowHalfOpen: true }, client => {
  client.end("Hello from Node\n"); // write, then shutdown(SHUT_WR)
  client.resume(); // reads to the end, and drops what it reads; "data" would deliver it
  client.on("error", failure => console.error(failure.message)); // without this, it would end the program
});
server.listen(port, "127.0.0.1", () => console.log(`Listening on tcp://127.0.0.1:${port}`));
