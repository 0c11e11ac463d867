#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
/** A user whom the system does not know has none. */
const home = () => {
    try {
        return homedir();
    }
    catch {
        return "";
    }
};
// Compiling the bundle takes most of a short command's time, so Node keeps what it compiled, in the user's own cache
// folder: the temporary one is open to others, and the current directory is the project's. A runner is new each time and
// would only pay for writing it.
const cache = [process.env.XDG_CACHE_HOME ?? "", join(home(), ".cache")].find((folder) => isAbsolute(folder));
if (cache !== undefined && process.env.GITHUB_ACTIONS === undefined) {
    enableCompileCache(join(cache, "docker-hygiene"));
}
await import("./main.js");
