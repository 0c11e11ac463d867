import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { fixText } from "../src/audit/fixes.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { rules } from "../src/rules/registry.ts";

interface Case {
  readonly about: string;
  readonly before: string;
  /** The fixes of all rules together make this of it. */
  readonly after: string;
  /** What of the configuration is meant to change. */
  readonly changes?: Readonly<Record<string, unknown>>;
  /** Paths that are meant to have another mode or content: only unsafe fixes may do so. */
  readonly touched?: readonly string[];
}

const cases: readonly Case[] = [
  {
    about: "copies in place of adds",
    before:
      "FROM busybox:local\nADD a.txt sub /app/\nADD --chmod=600 a.txt /b.txt\nADD <<EOF /etc/motd\nhello $HOME\nEOF\n",
    after:
      "FROM busybox:local\nCOPY a.txt sub /app/\nCOPY --chmod=600 a.txt /b.txt\nCOPY <<EOF /etc/motd\nhello $HOME\nEOF\n",
  },
  {
    about: "equals signs in environment and labels",
    before: 'FROM busybox:local\nENV MORE -x\nENV OPTS   -Xms1g $MORE\nENV PATH "/a b:$PATH"\nLABEL a b\n',
    after: 'FROM busybox:local\nENV MORE=-x\nENV OPTS="-Xms1g $MORE"\nENV PATH="/a b:$PATH"\nLABEL a=b\n',
  },
  {
    about: "names in place of stage numbers, one case of keywords, no blank continuation lines",
    before:
      "from busybox:local\nRUN echo one > /one && \\\n\n  echo two > /two\nFROM busybox:local as Final\nCOPY --from=0 /one /two /\n",
    after:
      "FROM busybox:local AS stage-0\nRUN echo one > /one && \\\n  echo two > /two\nFROM busybox:local AS final\nCOPY --from=stage-0 /one /two /\n",
  },
  {
    about: "the last of several commands and declarations",
    before:
      'FROM busybox:local\nENV MODE=a\nENV MODE=b\nLABEL x=1\nLABEL x=2\nCMD ["one"]\nENTRYPOINT ["two"]\nRUN echo $MODE > /mode\nENTRYPOINT ["three"]\nCMD ["four"]\n',
    after: 'FROM busybox:local\nENV MODE=b\nLABEL x=2\nRUN echo $MODE > /mode\nENTRYPOINT ["three"]\nCMD ["four"]\n',
  },
  {
    about: "commands that get their signals",
    before: "FROM busybox:local\nENTRYPOINT /bin/httpd \\\n  # in front\n  -f 'two words'\nCMD /bin/a b\n",
    after:
      'FROM busybox:local\nENTRYPOINT ["/bin/httpd", \\\n  # in front\n  "-f", "two words"]\nCMD ["/bin/a", "b"]\n',
    changes: { Entrypoint: ["/bin/httpd", "-f", "two words"], Cmd: ["/bin/a", "b"] },
  },
  {
    about: "a label in place of the author",
    before: "FROM busybox:local\nMAINTAINER me@example.org\n",
    after: 'FROM busybox:local\nLABEL org.opencontainers.image.authors="me@example.org"\n',
    changes: { Author: "", Labels: { "org.opencontainers.image.authors": "me@example.org" } },
  },
  {
    about: "accounts with few bytes and users as numbers",
    before:
      "FROM debian:bookworm-slim\nRUN useradd -u 300000 app && rm -f /var/log/faillog /var/log/lastlog\nUSER app\n",
    after:
      "FROM debian:bookworm-slim\nRUN useradd -l -u 300000 app && rm -f /var/log/faillog /var/log/lastlog\nUSER 300000\n",
    changes: { User: "300000" },
  },
  {
    about: "a front end of apt that is not there at run time",
    before: "FROM debian:bookworm-slim\nENV DEBIAN_FRONTEND=noninteractive\nRUN echo $DEBIAN_FRONTEND > /frontend\n",
    after: "FROM debian:bookworm-slim\nARG DEBIAN_FRONTEND=noninteractive\nRUN echo $DEBIAN_FRONTEND > /frontend\n",
    changes: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] },
  },
  {
    about: "declarations without effect, among others",
    before:
      "FROM busybox:local\nENV ONE=1 TWO=2 \\\n    # as before\n    ONE=3\nLABEL a=1 \\\n      b=2\nLABEL a=3 b=4\nEXPOSE 80/TCP \\\n       80 53/Udp\nENV FINGERPRINT \\\n# of the archive\n    390EF70B\n",
    after:
      "FROM busybox:local\nENV TWO=2 \\\n    # as before\n    ONE=3\nLABEL a=3 b=4\nEXPOSE 80/tcp \\\n       53/udp\nENV \\\n# of the archive\n    FINGERPRINT=390EF70B\n",
    changes: {
      Env: expect.arrayContaining(["ONE=3", "TWO=2", "FINGERPRINT=390EF70B"]),
    },
  },
  {
    about: "paths in full, words of exec forms and between backticks",
    before: `FROM busybox:local
# what it is
ARG VERSION=1
COPY a.txt bin/a.txt
ADD ["a.txt", "./etc/b.txt"]
RUN printf '#!/bin/sh\\nexec "$@"\\n' > /bin/sudo && chmod 755 /bin/sudo
RUN ["sudo", "touch", "/made"]
RUN sudo \\
    # twice
    touch /again && echo \`sudo echo \\\`sudo echo hi\\\`\` > /hi
`,
    after: `FROM busybox:local
# what it is

ARG VERSION=1
COPY a.txt /bin/a.txt
COPY ["a.txt", "/etc/b.txt"]
RUN printf '#!/bin/sh\\nexec "$@"\\n' > /bin/sudo && chmod 755 /bin/sudo
RUN ["touch", "/made"]
RUN \\
    # twice
    touch /again && echo \`echo \\\`echo hi\\\`\` > /hi
`,
  },
  {
    about: "accounts in exec form",
    before:
      'FROM debian:bookworm-slim\nRUN ["useradd", "-u", "300000", "app"]\nRUN rm -f /var/log/faillog /var/log/lastlog\n',
    after:
      'FROM debian:bookworm-slim\nRUN ["useradd", "-l", "-u", "300000", "app"]\nRUN rm -f /var/log/faillog /var/log/lastlog\n',
  },
];

/** What the build fetches stands behind `if false`: it is parsed, not run. */
const unsafeCases: readonly Case[] = [
  {
    about: "certificate checks",
    before: `FROM busybox:local
ENV NODE_TLS_REJECT_UNAUTHORIZED=0 \\
    # kept
    A=1 \\
    GIT_SSL_NO_VERIFY=1
RUN if false; then \\
      curl -f \\
        # the proxy
        --insecure \\
        https://example.org/a && \\
      npm config set strict-ssl false && pip list --trusted-host example.org; \\
    fi
`,
    after: `FROM busybox:local
ENV \\
    # kept
    A=1
RUN if false; then \\
      curl -f \\
        # the proxy
        https://example.org/a && \\
      pip list; \\
    fi
`,
    changes: { Env: ["PATH=/bin", "A=1"] },
  },
  {
    about: "signature checks, modes, the signal to stop, and an unprivileged user",
    before: `FROM busybox:local
COPY --chmod=777 a.txt /a.txt
RUN if false; then rpm -i --nosignature a; fi && echo "deb [trusted=yes] https://example.org/ a b" > /list
RUN echo 1 > /one && echo 2 > /two
RUN chmod -R a+rwx /one && chmod 666 /two
STOPSIGNAL SIGKILL
# what it does
CMD ["httpd"]
`,
    after: `FROM busybox:local
COPY --chmod=775 a.txt /a.txt
RUN if false; then rpm -i a; fi && echo "deb https://example.org/ a b" > /list
RUN echo 1 > /one && echo 2 > /two
RUN chmod -R a+rx,ug+w /one && chmod 664 /two
STOPSIGNAL SIGTERM
USER 65534:65534
# what it does
CMD ["httpd"]
`,
    changes: { User: "65534:65534", StopSignal: "SIGTERM" },
    touched: ["a.txt", "list", "one", "two"],
  },
  {
    about: "the account that the file makes",
    before:
      'FROM debian:bookworm-slim\nRUN useradd -r app && rm -f /var/log/faillog /var/log/lastlog\nCMD ["sleep", "1"]\nRUN install -d -o app /data\n',
    after:
      'FROM debian:bookworm-slim\nRUN useradd -r app && rm -f /var/log/faillog /var/log/lastlog\nCMD ["sleep", "1"]\nRUN install -d -o app /data\nUSER app\n',
    changes: { User: "app" },
  },
];

const fixed = (text: string, kind: "safe" | "unsafe"): string =>
  fixText(text, (current) => {
    const file = auditedFile(readDockerfile("Dockerfile", current));
    const { problems } = auditFile(file, { rules, profile: "all", settings: new Map() });
    return {
      fixes: problems.flatMap(({ fix }) => (fix && (kind === "unsafe" || fix.safety === kind) ? [fix] : [])),
      isBroken: file.isBroken,
    };
  }).text;

const prefix = `fix-test-${process.pid}`;
const tags: string[] = [];
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fix-docker-"));
  for (const path of ["a.txt", "sub/b.txt", "sub/deep/c.txt"]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${path}\n`);
  }
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await docker("image", "rm", "--force", ...tags);
});

const run = promisify(execFile);
const docker = async (...argv: string[]): Promise<string> =>
  (await run("docker", argv, { maxBuffer: 64 * 1024 * 1024, env: { PATH: process.env.PATH, HOME: folder } })).stdout;

/** Configuration and files of the image that a Dockerfile makes; times are those of the build. */
const build = async (name: string, text: string) => {
  const tag = `${prefix}-${name}`;
  tags.push(tag);
  const dockerfile = join(folder, `${name}.Dockerfile`);
  writeFileSync(dockerfile, text);
  await docker("build", "--quiet", "--pull=false", "--provenance=false", "--tag", tag, "--file", dockerfile, folder);
  const [image] = JSON.parse(await docker("image", "inspect", tag)) as [
    { readonly Author: string; readonly Config: Readonly<Record<string, unknown>> },
  ];
  const tar = join(folder, `${name}.tar`);
  await docker("build", "--quiet", "--pull=false", `--output=type=tar,dest=${tar}`, "--file", dockerfile, folder);
  const listing = await run("tar", ["--list", "--verbose", "--numeric-owner", "--file", tar], { maxBuffer: 2 ** 26 });
  const files = listing.stdout.split("\n").map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d /, ""));
  const { stdout: content } = await run(
    "tar",
    ["--extract", "--to-stdout", "--exclude=usr/*", "--exclude=bin/*", "--file", tar],
    { maxBuffer: 2 ** 28, encoding: "buffer" },
  );
  const shadow = /^app:!:\d+:/gm;
  return {
    config: { Author: image.Author ?? "", ...image.Config },
    files,
    content: createHash("sha256").update(content.toString("latin1").replace(shadow, "app:!:")).digest("hex"),
  };
};

/** Paths whose line in the listing is another one. */
const touchedIn = (before: readonly string[], after: readonly string[]): readonly string[] => {
  const known = new Set(before);
  return after.filter((line) => !known.has(line)).map((line) => line.trim().split(" ").at(-1) ?? "");
};

describe.each([
  ["safe" as const, cases],
  ["unsafe" as const, unsafeCases],
])("an image is the same after the %s fixes, or changes as it is meant to", (kind, list) => {
  test.each(list.map((one, index) => [one.about, index, one] as const))(
    "%s",
    async (_about, index, { before, after, changes, touched = [] }) => {
      expect(fixed(before, kind)).toBe(after);
      const old = await build(`${kind}-${index}-before`, before);
      const now = await build(`${kind}-${index}-after`, after);
      expect(now.config).toEqual({ ...old.config, ...changes });
      expect(touchedIn(old.files, now.files)).toEqual(touched);
      if (touched.length === 0) expect(now.content).toBe(old.content);
    },
    120_000,
  );
});
