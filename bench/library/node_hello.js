// node_hello.js — "Hello, world" with Node's http.
const http = require("http");

http.createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/") {
        response.statusCode = 404;
        response.end();
        return;
    }
    response.setHeader("Content-Type", "text/plain");
    response.end("Hello, world\n");
}).listen(process.argv[2], "127.0.0.1");
