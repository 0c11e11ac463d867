import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { Ajv2020 } from "ajv/dist/2020.js";

const main = resolve("src/main.ts");
const value = "hunter2-Zx81-never-shown";
const folders: string[] = [];
const images: string[] = [];
afterAll(() => {
  for (const image of images) spawnSync("docker", ["image", "rm", "--force", image]);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const folderOf = (files: Readonly<Record<string, string>>): string => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "image-findings-")));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
};

const environment = { PATH: process.env.PATH ?? "", HOME: tmpdir(), NODE_NO_WARNINGS: "1", TOKEN: value };

const cli = (cwd: string, ...argv: readonly string[]) =>
  spawnSync(process.execPath, [main, ...argv], { cwd, env: environment, encoding: "utf8", maxBuffer: 1 << 26 });

const validate = new Ajv2020({ strict: false }).compile(
  JSON.parse(readFileSync(resolve("docs/report.schema.json"), "utf8")) as object,
);

interface Reported {
  readonly findings: readonly {
    readonly line: number;
    readonly severity: string;
    readonly rule: string;
    readonly message: string;
    readonly bytes?: number;
  }[];
  readonly withdrawn?: readonly { readonly rule: string; readonly line: number; readonly reason: string }[];
  readonly secrets?: { readonly values: number; readonly images: number; readonly found: readonly unknown[] };
  readonly sizes: readonly {
    readonly budget: { readonly of: string; readonly over: number; readonly line?: { readonly line: number } } | null;
    readonly limits?: readonly {
      readonly of: string;
      readonly broken: boolean;
      readonly line: { readonly line: number } | null;
    }[];
  }[];
  readonly targets: readonly { readonly contents?: { readonly user: string; readonly wasteBytes: number } }[];
  readonly verdict: { readonly status: string; readonly reasons: readonly string[] };
}

const reported = (stdout: string): Reported => {
  const report = JSON.parse(stdout) as Reported;
  expect([validate(report), validate.errors ?? []]).toEqual([true, []]);
  return report;
};

const dockerfile = `FROM busybox:local AS app
RUN --mount=type=secret,id=token,required=true base64 /run/secrets/token > /etc/settings && echo ok
COPY data /data
RUN chown -R 1000 /data
RUN mkdir -p /root/.npm && dd if=/dev/zero of=/root/.npm/a bs=1M count=3
RUN dd if=/dev/zero of=/big bs=1M count=6
RUN rm /big && cp /bin/busybox /bin/ping2 && chmod 4755 /bin/ping2
USER 1000
CMD ["/bin/true"]
`;

const files = {
  Dockerfile: dockerfile,
  "data/x": "x".repeat(2_000_000),
  ".docker-hygiene.yml": "profile: strict\nmax-layers: 4\nmax-waste: 1MB\nbudgets: [{ target: other, max-size: 1 }]\n",
};

describe("a build that leaves things behind", () => {
  const root = folderOf(files);
  const outcome = cli(root, "run", "--secret", "id=token,env=TOKEN", "--format", "json");

  test("is told on the lines that did it, the secret's value nowhere", () => {
    expect(outcome.stdout + outcome.stderr).not.toContain(value);
    expect(outcome.status).toBe(1);
    const { findings } = reported(outcome.stdout);
    const told = findings
      .filter(({ rule, bytes }) => rule.endsWith("-in-image") || bytes !== undefined)
      .map(({ line, severity, rule, message }) => `${line} ${severity} ${rule}: ${message}`);
    expect(told).toEqual([
      "2 error secret-value-in-image: The secret `token` is in the image: layer 2 holds it in `etc/settings`, as base64, written by `RUN --mount=type=secret,id=token,required=true base64 /run/…`",
      "4 warning permissions-changed-after-copy: `chown` writes `/data` a second time, which `COPY --chown` would not: 2.00 MB more in the image",
      "5 warning package-cache-in-image: 3.15 MB of package caches of npm stay in the image (`/root/.npm`)",
      "6 warning wasted-space-in-image: 6.29 MB of this layer are deleted by line 7 and still pulled: `/big`",
      "7 note setuid-file-in-image: `/bin/ping2` runs with the rights of root, whoever starts it",
    ]);
  });

  test("breaks its limits, and fails for the secret first", () => {
    const { sizes, verdict, secrets, targets } = reported(outcome.stdout);
    expect(sizes[0]?.limits?.map(({ of, broken, line }) => [of, broken, line?.line])).toEqual([
      ["layers", true, 7],
      ["waste", true, 6],
    ]);
    expect(verdict.reasons.slice(0, 2)).toEqual(["1 secret is in an image", "1 image is over its budget"]);
    expect([secrets?.values, secrets?.images, secrets?.found.length]).toEqual([1, 1, 1]);
    expect(targets[0]?.contents).toMatchObject({ user: "1000" });
  });
});

test("what a script cleaned up is withdrawn, and said when asked", () => {
  const root = folderOf({
    Dockerfile: `FROM busybox:local AS app
COPY apt-get /bin/apt-get
COPY data /data
RUN apt-get update && apt-get install -y --no-install-recommends x
USER 1000
CMD ["/bin/true"]
`,
    "apt-get": "#!/bin/sh\necho fake\n",
    data: "x",
    ".docker-hygiene.yml": "profile: recommended\n",
  });
  spawnSync("chmod", ["755", join(root, "apt-get")]);
  const { withdrawn, findings } = reported(cli(root, "run", "--format", "json").stdout);
  expect(withdrawn).toEqual([
    { rule: "system-package-cache-left", path: "Dockerfile", line: 4, reason: "nothing of it is in the layer" },
  ]);
  expect(findings.map(({ rule }) => rule)).not.toContain("system-package-cache-left");
  expect(cli(root, "run", "--verbose").stdout).toContain(
    "note: Dockerfile:4: system-package-cache-left is withdrawn after the build: nothing of it is in the layer\n",
  );
});

test("an image that exists is inspected with the same rules", () => {
  const root = folderOf({ Dockerfile: "FROM busybox:local\nRUN printf %s hunter2-Zx81-never-shown > /leak\n" });
  const name = `image-findings-${process.pid}:1`;
  images.push(name);
  expect(spawnSync("docker", ["buildx", "build", "--load", "-t", name, root]).status).toBe(0);
  const outcome = cli(root, "inspect", name, "--secret", "id=token,env=TOKEN", "--format", "json");
  expect([outcome.status, outcome.stdout.includes(value)]).toEqual([1, false]);
  const { findings, verdict } = reported(outcome.stdout);
  expect(findings.map(({ severity, rule }) => `${severity} ${rule}`)).toContain("error secret-value-in-image");
  expect(verdict).toEqual({
    status: "fail",
    reasons: ["1 secret is in an image", expect.stringMatching(/^\d+ errors?$/)],
  });
});

describe("budgets over two Dockerfiles", () => {
  const root = folderOf({
    "api/Dockerfile": "FROM busybox:local AS api\nCOPY packed /packed\nRUN head -c 2000000 /dev/zero > /flat\nUSER 1\n",
    "web/Dockerfile": "FROM busybox:local AS web\nCOPY packed /packed\nUSER 1\n",
    "web/packed": "",
    "api/packed": "",
  });
  for (const name of ["api", "web"]) writeFileSync(join(root, name, "packed"), randomBytes(1_500_000));
  const config = (text: string): void => writeFileSync(join(root, ".docker-hygiene.yml"), text);
  const sizes = (...argv: readonly string[]) =>
    reported(cli(root, "run", "--format", "json", ...argv).stdout).sizes.map(({ budget, limits = [] }) => [
      budget === null ? "no budget" : `${budget.of} ${budget.over > 0 ? `line ${budget.line?.line}` : "kept"}`,
      ...limits.map(({ of, broken, line }) => `${of} ${broken ? `line ${line?.line}` : "kept"}`),
    ]);

  test("name the line that weighs most, on disk and packed, target by target", () => {
    config(
      "budgets:\n  - { target: api, max-size: 1MB }\n  - { target: api, max-size: 1MB, of: pull }\n  - { target: 'web/*', max-size: 20MB, max-layers: 1 }\n  - { target: nobody, max-size: 1 }\n",
    );
    expect(sizes()).toEqual([
      ["disk line 3", "pull line 2"],
      ["disk kept", "layers line 2"],
    ]);
    expect(cli(root, "run").stdout).toContain("note: The budget of `nobody` limits nothing, because");
  });

  test("name the line that grew most, by bytes and by percent, of which the larger counts", () => {
    expect(cli(root, "run", "--format", "json", "--output", "base.json").status).toBe(1);
    writeFileSync(join(root, "api/packed"), randomBytes(2_100_000));
    const dockerfile = join(root, "api/Dockerfile");
    writeFileSync(dockerfile, readFileSync(dockerfile, "utf8").replace("2000000", "2900000"));
    const grown = (limit: string, of: "disk" | "pull"): unknown => {
      config(`budgets: [{ target: "*", max-increase: ${limit}, of: ${of} }]\n`);
      return sizes("--baseline", "base.json");
    };
    const kept = ["no budget", "increase kept"];
    expect(grown("1MB", "disk")).toEqual([["no budget", "increase line 3"], kept]);
    expect(grown("1MB", "pull")).toEqual([kept, kept]);
    expect(grown("10%", "pull")).toEqual([["no budget", "increase line 2"], kept]);
    expect(grown("1MB or 50%", "disk")).toEqual([kept, kept]);
  });
});

test("--verbose says which commands run, without the value of a secret", () => {
  const root = folderOf({
    Dockerfile: "FROM busybox:local\nARG VERSION\nRUN --mount=type=secret,id=token true\nUSER 1\n",
  });
  const { stderr, stdout } = cli(
    root,
    ...["run", "--verbose", "--secret", "id=token,env=TOKEN", "--build-arg", `VERSION=${value}`],
  );
  expect(stdout + stderr).not.toContain(value);
  const commands = stderr
    .split("\n")
    .filter((line) => line.startsWith("  $ "))
    .map((line) =>
      line.replaceAll(/(?<=[ =])[^ =]+\/(?=(?:build|export)-0\.json|layout )/g, "FOLDER/").replaceAll(root, "ROOT"),
    );
  const command = (step: string, output: string): string =>
    `  $ BUILDX_METADATA_PROVENANCE=max VERSION='***' docker buildx build --progress=rawjson --file ROOT/Dockerfile --provenance=false --metadata-file FOLDER/${step}-0.json --output ${output} --build-arg VERSION --secret id=token,env=TOKEN -- ROOT`;
  expect(commands).toEqual([
    command("build", "type=image,store=false"),
    command("export", "type=oci,tar=false,dest=FOLDER/layout"),
  ]);
  expect(cli(root, "run").stderr).not.toContain("$ ");
});
