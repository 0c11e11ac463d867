require("node:http")
  .createServer((_, response) => response.end("It works.\n"))
  .listen(8080);
