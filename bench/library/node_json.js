// node_json.js — a note as JSON, generated for each request, with Node's http.
const http = require("http");

http.createServer((request, response) => {
    const found = /^\/notes\/(\d+)$/.exec(request.url);
    if (request.method !== "GET" || !found) {
        response.statusCode = 404;
        response.end();
        return;
    }
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ id: Number(found[1]), text: "Buy milk", done: false }));
}).listen(process.argv[2], "127.0.0.1");
