#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
// Compiling the bundle takes most of a short command's time, so Node keeps what it compiled, in the user's own cache
// folder: the temporary one is open to others. A runner is new each time and would only pay for writing it.
if (process.env.GITHUB_ACTIONS === undefined) {
    enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "docker-hygiene"));
}
await import("./main.js");
