import { describe, expect, test } from "@jest/globals";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { findingsOf } from "../src/audit/findings.ts";
import { judgeImages } from "../src/audit/image-findings.ts";
import { namedTarget, type Target } from "../src/build/target.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import type { Image, ImageContents, Layer, LeakSearch, Waste } from "../src/image/image.ts";
import { renderHtml } from "../src/report/html.ts";
import { contentsJson, imageFacts } from "../src/report/image-facts.ts";
import { renderInspected } from "../src/report/inspected-text.ts";
import { renderJson } from "../src/report/json.ts";
import { limitsOf, limitWords } from "../src/report/limits.ts";
import { renderMarkdown } from "../src/report/markdown.ts";
import { noPaint } from "../src/report/paint.ts";
import type { Finding, Report, TargetReport } from "../src/report/report.ts";
import { secretSearch } from "../src/report/secret-search.ts";
import { sizeRows } from "../src/report/sizes.ts";
import { renderMeasured } from "../src/report/text.ts";
import { secretGaps, secretsLine } from "../src/report/words.ts";
import { rules } from "../src/rules/registry.ts";
import type { Profile, RuleSettings } from "../src/settings.ts";
import { firstRun } from "./fixtures/report/reports.ts";

const MB = 1_000_000;

const contents = (given: Partial<ImageContents>): ImageContents => ({
  largestFiles: [],
  fileCounts: [],
  waste: [],
  leftovers: [],
  setuidFiles: [],
  worldWritable: [],
  shells: [],
  packageManagers: [],
  tools: [],
  secretFiles: [],
  accountFaults: [],
  ...given,
});

/** A layer of the base, then one for each line. */
const layersOf = (lines: readonly number[]): readonly Layer[] => [
  layer({ isBase: true, instruction: "debian:12", diskBytes: 74 * MB }),
  ...lines.map((line) => layer({ lines: { start: line, end: line }, instruction: `line ${line}`, diskBytes: 10 * MB })),
];

const layer = (given: Partial<Layer>): Layer => ({
  digest: "sha256:0",
  pullBytes: 0,
  diskBytes: 0,
  lines: undefined,
  instruction: undefined,
  isBase: false,
  ...given,
});

const imageOf = (
  lines: readonly number[],
  given: Partial<ImageContents>,
  more: { readonly user?: string; readonly hasHealthcheck?: boolean; readonly leaks?: LeakSearch } = {},
): Image => ({
  digest: "sha256:1",
  platform: "linux/amd64",
  layers: layersOf(lines),
  config: {
    user: more.user ?? "",
    hasHealthcheck: more.hasHealthcheck ?? false,
    labels: {},
    exposedPorts: [],
    entrypoint: [],
    cmd: [],
  },
  isPullEstimated: false,
  contents: contents(given),
  ...(more.leaks && { leaks: more.leaks }),
});

const targetOf = (stage: string, stageIndex: number): Target => ({
  ...namedTarget({
    id: `Dockerfile:${stage}`,
    dockerfile: "Dockerfile",
    dockerfileAbsolute: "/Dockerfile",
    stage,
    platforms: [],
  }),
  context: "/",
  stageIndex,
  span: { start: 0, end: 4 },
});

const judge = (
  text: string,
  images: Readonly<Record<string, Image>>,
  { profile = "strict", settings = new Map() }: { profile?: Profile; settings?: RuleSettings } = {},
) => {
  const dockerfile = readDockerfile("Dockerfile", text);
  const file = auditedFile(dockerfile);
  const levels = { profile, settings };
  const { problems, ignored } = auditFile(file, { rules, ...levels });
  const built = Object.entries(images).map(([stage, image]) => ({
    target: targetOf(
      stage,
      file.stages.findIndex(({ name }) => name === stage),
    ),
    images: [image],
  }));
  return judgeImages({ file, levels, findings: findingsOf(dockerfile, problems), ignored, built }, rules);
};

/** What the images change: `line rule: message`, and what they withdraw. */
const told = (...given: Parameters<typeof judge>) => {
  const { findings, withdrawn, hidden } = judge(...given);
  return [
    ...findings
      .filter(({ isMeasured, bytes }) => isMeasured || bytes !== undefined)
      .map(({ place, severity, rule, message }) => `${place.line} ${severity} ${rule}: ${message}`),
    ...withdrawn.map(({ finding, reason }) => `${finding.place.line} ${finding.rule} withdrawn: ${reason}`),
    ...(hidden === 0 ? [] : [`${hidden} hidden`]),
  ];
};

const waste = (kind: Waste["kind"], layer: number, hiddenBy: number, bytes: number, path: string): Waste => ({
  kind,
  layer,
  hiddenBy,
  bytes,
  files: 1,
  largest: [{ path, bytes }],
});

const search = (leaks: LeakSearch["leaks"]): LeakSearch => ({
  leaks,
  secrets: 1,
  forms: 14,
  bytes: 3 * MB,
  unsearched: [],
  gaps: [],
});

describe("what images say of findings", () => {
  const apt = "FROM debian:12-slim AS app\nRUN apt-get update && apt-get install -y --no-install-recommends curl\n";

  test("a cache that is there is weighed", () => {
    const lists = {
      kind: "package lists",
      of: "apt",
      layer: 1,
      folder: "var/lib/apt/lists",
      bytes: 19.1 * MB,
      files: 9,
    } as const;
    expect(told(apt, { app: imageOf([2], { leftovers: [lists] }) })).toEqual([
      "2 warning system-package-cache-left: `apt-get update` leaves 19.1 MB of package lists of apt in the image",
    ]);
  });

  test("a cache that a later layer hides is weighed too", () => {
    const hidden = waste("deleted", 1, 2, 19.1 * MB, "var/lib/apt/lists");
    expect(told(`${apt}RUN rm -rf /var/lib/apt/lists/*\n`, { app: imageOf([2, 3], { waste: [hidden] }) })).toEqual([
      "2 warning system-package-cache-left: `apt-get update` leaves 19.1 MB of package lists of apt in the image",
    ]);
  });

  test("a cache that is not there is withdrawn", () => {
    expect(told(apt, { app: imageOf([2], {}) })).toEqual([
      "2 system-package-cache-left withdrawn: nothing of it is in the layer",
    ]);
  });

  test("a cache that the measurement does not know is not withdrawn", () => {
    const tdnf = "FROM photon:5.0 AS app\nRUN tdnf install -y curl\n";
    const found = judge(tdnf, { app: imageOf([2], {}) }).findings.map(({ rule }) => rule);
    expect(found).toEqual(expect.arrayContaining(["system-package-cache-left"]));
  });

  test("of several managers in one RUN each is told its own", () => {
    const two =
      "FROM python:3.13-slim AS app\nRUN apt-get update && apt-get install -y --no-install-recommends curl && pip install flask==3.1.0\n";
    const left = (kind: "package lists" | "package cache", of: string, folder: string, bytes: number) => ({
      kind,
      of,
      layer: 1,
      folder,
      bytes,
      files: 1,
    });
    const leftovers = [
      left("package lists", "apt", "var/lib/apt/lists", 9 * MB),
      left("package cache", "pip", "root/.cache/pip", 4 * MB),
    ];
    const { findings } = judge(two, { app: imageOf([2], { leftovers }) });
    expect(findings.flatMap(({ rule, bytes }) => (bytes === undefined ? [] : [[rule, bytes]]))).toEqual([
      ["system-package-cache-left", 9 * MB],
      ["language-package-cache-left", 4 * MB],
    ]);
  });

  test("nothing is said where the engine does not tell which layer it is, or the files are not known", () => {
    const { contents: _, ...unread } = imageOf([2], {});
    expect([told(apt, { app: imageOf([], {}) }), told(apt, { app: unread })]).toEqual([[], []]);
  });

  test("one image that confirms outweighs one that refutes", () => {
    const text =
      "FROM debian:12-slim AS base\nRUN apt-get update && apt-get install -y curl\nFROM base AS one\nFROM base AS two\n";
    const lists = {
      kind: "package lists",
      of: "apt",
      layer: 1,
      folder: "var/lib/apt/lists",
      bytes: 2 * MB,
      files: 9,
    } as const;
    expect(
      told(text, { one: imageOf([2], {}), two: imageOf([2], { leftovers: [lists] }) }, { profile: "recommended" }),
    ).toEqual([
      "2 warning system-package-cache-left: `apt-get update` leaves 2.00 MB of package lists of apt in the image",
    ]);
  });

  test("a base with a smaller variant is told with its share", () => {
    const text = 'FROM debian:12 AS app\nUSER 1\nCMD ["serve"]\n';
    expect(told(text, { app: imageOf([2], {}, { user: "1" }) })).toEqual([
      "1 note large-base-variant: `debian:12` has a smaller variant (slim) that runs the same program: the base is 74.0 MB of the image's 84.0 MB",
    ]);
  });

  const chown = "FROM debian:12-slim AS app\nCOPY . /app\nRUN chown -R 1000 /app\n";

  test("a second copy is weighed, and not told twice", () => {
    const twice = waste("duplicated", 1, 2, 8 * MB, "app/x");
    expect(told(chown, { app: imageOf([2, 3], { waste: [twice] }) })).toEqual([
      "3 warning permissions-changed-after-copy: `chown` writes `/app` a second time, which `COPY --chown` would not: 8.00 MB more in the image",
    ]);
    expect(told(chown, { app: imageOf([2, 3], {}) })).toEqual([
      "3 permissions-changed-after-copy withdrawn: the step writes no file a second time",
    ]);
  });

  test("a user and a health check that come from the base withdraw what asks for them", () => {
    const text = 'FROM acme/base:1 AS app\nEXPOSE 80\nCMD ["serve", "--port", "80"]\n';
    expect(told(text, { app: imageOf([], {}, { user: "app", hasHealthcheck: true }) })).toEqual(
      expect.arrayContaining(["1 missing-healthcheck withdrawn: the image has a HEALTHCHECK of its base"]),
    );
    const debian = text.replace("acme/base:1", "debian:12-slim");
    expect(told(debian, { app: imageOf([], {}, { user: "app" }) })).toEqual([
      "1 missing-user withdrawn: the image runs as `app`",
    ]);
    expect(told(debian, { app: imageOf([], {}, { user: "0:0" }) })).toEqual([]);
  });

  test("a tool that is there withdraws that it is missing", () => {
    const text = 'FROM debian:12-slim AS app\nHEALTHCHECK CMD curl -f http://localhost/\nUSER 1\nCMD ["serve"]\n';
    expect(told(text, { app: imageOf([], { tools: ["usr/bin/curl"] }, { user: "1", hasHealthcheck: true }) })).toEqual([
      "2 healthcheck-tool-missing withdrawn: `/usr/bin/curl` is in the image",
    ]);
  });
});

describe("what images show by themselves", () => {
  const text = 'FROM debian:12-slim AS app\nRUN ./setup.sh\nRUN ./clean.sh\nUSER 1\nCMD ["app"]\n';

  test("stands on the line of the layer", () => {
    const shown = imageOf([2, 3], {
      secretFiles: [
        { path: "root/.ssh/id_rsa", layer: 1, what: "an SSH key", isSeen: false },
        { path: "etc/base.key", layer: 0, what: "a private key", isSeen: true },
      ],
      accountFaults: [
        { account: "app", fault: "no password", layer: 1 },
        { account: "b", fault: "shared id", layer: 2, uid: 0, with: "root" },
        { account: "old", fault: "no password", layer: 0 },
      ],
      setuidFiles: [
        { path: "bin/a", layer: 1, since: 1, mode: 0o4755, uid: 0 },
        { path: "bin/su", layer: 1, since: 0, mode: 0o4755, uid: 0 },
      ],
      leftovers: [
        { kind: "package cache", of: "pip", layer: 1, folder: "root/.cache/pip", bytes: 5 * MB, files: 4 },
        { kind: "documentation", of: "", layer: 1, folder: "usr/share/doc", bytes: 9 * MB, files: 4 },
        { kind: "package cache", of: "npm", layer: 2, folder: "root/.npm", bytes: 1000, files: 1 },
      ],
      waste: [
        waste("deleted", 1, 2, 7 * MB, "tmp/big"),
        waste("rewritten", 0, 1, 6 * MB, "usr/lib/x"),
        waste("rewritten", 0, 1, 90 * MB, "var/lib/dpkg/status"),
        waste("rewritten", 1, 2, 1000, "etc/y"),
      ],
    });
    expect(told(text, { app: shown })).toEqual([
      "2 warning secret-file-in-image: The image holds an SSH key: `/root/.ssh/id_rsa`, which a later layer only hides",
      "2 warning faulty-account-in-image: The account `app` needs no password",
      "2 note setuid-file-in-image: `/bin/a` runs with the rights of root, whoever starts it",
      "2 warning package-cache-in-image: 5.00 MB of package caches of pip stay in the image (`/root/.cache/pip`)",
      "2 warning wasted-space-in-image: 7.00 MB of this layer are deleted by line 3 and still pulled: `/tmp/big`",
      "2 warning wasted-space-in-image: 6.00 MB of the base are written again and still pulled: `/usr/lib/x`",
      "3 warning faulty-account-in-image: The accounts `root` and `b` share the id 0",
    ]);
  });

  test("obeys levels and comments", () => {
    const keys = imageOf([2, 3], { secretFiles: [{ path: "k.pem", layer: 2, what: "a private key", isSeen: true }] });
    const settings: RuleSettings = new Map([["secret-file-in-image", { level: "off", options: {} }]]);
    expect(told(text, { app: keys }, { settings })).toEqual([]);
    const ignored = text.replace(
      "RUN ./clean",
      "# docker-hygiene ignore=secret-file-in-image -- a test key\nRUN ./clean",
    );
    const moved = { ...keys, layers: layersOf([2, 4]) };
    expect(told(ignored, { app: moved })).toEqual(["1 hidden"]);
    expect(told(text, { app: keys }, { profile: "recommended" })).toEqual([
      "3 warning secret-file-in-image: The image holds a private key: `/k.pem`",
    ]);
  });

  test("is one finding for all images that share the step, and names them where it is not all", () => {
    const shared =
      "FROM debian:12-slim AS base\nRUN ./setup.sh\nFROM base AS one\nFROM base AS two\nFROM debian:12-slim AS three\n";
    const keys = imageOf([2], { secretFiles: [{ path: "k.pem", layer: 1, what: "a private key", isSeen: true }] });
    expect(told(shared, { one: keys, two: keys }, { profile: "recommended" })).toEqual([
      "2 warning secret-file-in-image: The image holds a private key: `/k.pem`",
    ]);
    expect(told(shared, { one: keys, two: keys, three: imageOf([], {}) }, { profile: "recommended" })).toEqual([
      "2 warning secret-file-in-image: The image holds a private key: `/k.pem` (in `one` and `two`)",
    ]);
  });

  test("a user that nobody could resolve and that is root", () => {
    const variable = 'FROM debian:12-slim AS app\nARG WHO\nUSER $WHO\nCMD ["serve"]\n';
    expect(told(variable, { app: imageOf([], {}, { user: "root" }) })).toEqual([
      "3 warning root-user: The image runs as `root`, which `$WHO` turned out to be",
    ]);
    expect(told(variable, { app: imageOf([], {}, { user: "app" }) })).toEqual([]);
  });

  test("a leak is an error wherever it lies, and says neither value nor position", () => {
    const leaks = search([
      {
        secretId: "token",
        form: "base64",
        where: { in: "layer", layer: 1, path: "etc/a", part: "contents" },
        lines: { start: 2, end: 2 },
      },
      {
        secretId: "token",
        form: "hex",
        where: { in: "layer", layer: 1, path: "etc/b", part: "contents" },
        lines: { start: 2, end: 2 },
      },
      {
        secretId: "token",
        form: "as it is",
        where: { in: "layer", layer: 0, path: "x", part: "packed contents" },
        lines: undefined,
      },
      { secretId: "key", form: "as it is", where: { in: "config" }, lines: undefined },
      { secretId: "key", form: "line 2", where: { in: "history", layer: 2 }, lines: { start: 3, end: 3 } },
    ]);
    expect(told(text, { app: imageOf([2, 3], {}, { leaks }) }, { profile: "recommended" })).toEqual([
      "1 error secret-value-in-image: The secret `token` is in the image: layer 1 of the base holds it packed in `x`",
      "1 error secret-value-in-image: The secret `key` is in the image: its configuration shows it",
      "2 error secret-value-in-image: The secret `token` is in the image: layer 2 holds it in `etc/a`, as base64, written by `line 2`, and in 1 more place",
      "3 error secret-value-in-image: The secret `key` is in the image: its history shows it, as line 2",
    ]);
  });
});

describe("the proof that no secret stayed", () => {
  const targetWith = (images: readonly Image[]): TargetReport => ({
    build: { target: targetOf("app", 0), milliseconds: 0, steps: [], status: "built" },
    images,
    measureError: undefined,
  });

  test("adds up what was searched, and says what was not", () => {
    const clean = {
      ...search([]),
      gaps: ["Layer 2: `a.gz` is broken"],
      unsearched: [{ id: "pin", reason: "it is short" }],
    };
    const image = imageOf([2], {}, { leaks: clean });
    const found = secretSearch([targetWith([image, image]), targetWith([])]);
    expect(found && [secretsLine(found), ...secretGaps(found)]).toEqual([
      "1 value in 14 forms searched in 6.00 MB of 2 images, none found",
      "not searched for: pin (it is short)",
      "not searched: the image of Dockerfile:app could not be measured, and 1 more place",
    ]);
    expect(secretSearch([targetWith([imageOf([2], {})])])).toBeUndefined();
  });

  test("names the place of what was found", () => {
    const leaks = search([
      {
        secretId: "token",
        form: "hex",
        where: { in: "layer", layer: 1, path: "etc/a", part: "packed contents" },
        lines: { start: 2, end: 2 },
      },
      {
        secretId: "token",
        form: "as it is",
        where: { in: "layer", layer: 1, path: "etc/link", part: "name or attributes" },
        lines: undefined,
      },
    ]);
    expect(secretSearch([targetWith([imageOf([2], {}, { leaks })])])?.found).toEqual([
      { id: "token", target: "Dockerfile:app", place: "layer 2, line 2, packed in `etc/a` (hex)" },
      { id: "token", target: "Dockerfile:app", place: "layer 2, the name or attributes of `etc/link`" },
    ]);
  });
});

describe("limits", () => {
  const image = imageOf([2, 3], { waste: [waste("deleted", 1, 2, 7 * MB, "big")] });
  const before = { pullBytes: 0, diskBytes: 90 * MB };
  const grown = () => ({ from: "line", line: 3, instruction: "RUN x", bytes: 4 * MB }) as const;
  const judged = (limits: Parameters<typeof limitsOf>[3], past: Parameters<typeof limitsOf>[1] = before) =>
    limitsOf(image, past, grown, limits).map((one) => [limitWords(one), one.isBroken, one.line?.line]);
  const none = { layers: undefined, waste: undefined, increase: undefined };

  test("of layers and waste name the line", () => {
    expect(judged({ ...none, layers: { of: "disk", maxLayers: 2 } })).toEqual([["3 layers, at most 2", true, 3]]);
    expect(judged({ ...none, layers: { of: "disk", maxLayers: 3 } })).toEqual([["3 layers, at most 3", false, 3]]);
    expect(judged({ ...none, waste: { of: "disk", maxWaste: 5 * MB } })).toEqual([
      ["wastes 7.00 MB, at most 5 MB", true, 2],
    ]);
  });

  test("of the increase take the larger of bytes and percent", () => {
    const increase = (bytes: number, percent: number) => ({
      ...none,
      increase: { of: "disk" as const, maxIncrease: { bytes, percent } },
    });
    expect(judged(increase(3 * MB, 1))).toEqual([["grew by 4.00 MB, at most 3 MB", true, 3]]);
    expect(judged(increase(3 * MB, 5))).toEqual([["grew by 4.00 MB, at most 4.5 MB", false, 3]]);
    expect(judged(increase(0, 0), { ...before, diskBytes: 94 * MB })).toEqual([["grew by 0 B, at most 0 B", false, 3]]);
    expect(limitsOf(image, undefined, grown, increase(0, 0))).toEqual([]);
  });
});

test("an inspected image names layers and instructions where nobody knows the line", () => {
  const unknown = [
    layer({ diskBytes: 3 * MB, pullBytes: MB }),
    layer({ instruction: "RUN big", diskBytes: 8 * MB, pullBytes: 2 * MB }),
    layer({ instruction: "RUN last" }),
  ];
  const image = { ...imageOf([], { waste: [waste("deleted", 1, 2, 7 * MB, "big")] }), layers: unknown };
  const build = {
    target: { ...targetOf("app", 0), id: "app.tar" },
    milliseconds: 0,
    steps: [],
    status: "built",
  } as const;
  const targets: readonly TargetReport[] = [{ build, images: [image], measureError: undefined }];
  const limits = { maxBytes: 2_500_000, maxLayers: 2, maxWaste: MB, of: "pull" as const };
  const budgets = () => [limits, { maxBytes: 10 * MB, of: "disk" as const }];
  const sizes = sizeRows(targets, { baseline: undefined, budgets, isWhole: false });
  const report: Report = {
    ...{ version: "1", files: [], findings: [], notes: [], timings: [], baseline: undefined, engine: undefined },
    ...{ targets, sizes, verdict: { status: "fail", reasons: ["1 image is over its budget"] } },
  };
  expect(
    renderInspected(report, { paint: noPaint, width: 80, isQuiet: false }),
  ).toBe(`app.tar: 3.00 MB to pull, 11.0 MB on disk
  over its budget of 2.5 MB pull by 500 kB: RUN big
  11.0 MB on disk, at most 10 MB: RUN big
  3 layers, at most 2: RUN last
  wastes 7.00 MB, at most 1 MB: RUN big
  layer 1            3.00 MB  ███████▌
  layer 2  RUN big   8.00 MB  ████████████████████
  layer 3  RUN last      0 B
  ${imageFacts(image).join(" · ")}

fail: 1 image is over its budget · 0 errors, 0 warnings, 0 notes
`);
});

test("findings of several inspected images say which one they are about", () => {
  const of = (id: string): TargetReport => ({
    build: { target: { ...targetOf("app", 0), id }, milliseconds: 0, steps: [], status: "built" },
    images: [],
    measureError: undefined,
  });
  const finding = (path: string): Finding => ({
    ...{ rule: "some-rule", severity: "warning", path, message: "It is large", fingerprint: path, fix: undefined },
    ...{ span: { start: 0, end: 0 }, place: { line: 1, column: 1, endLine: 1, endColumn: 1 }, related: [] },
  });
  const shown = (...ids: readonly string[]) => {
    const report: Report = {
      ...{ version: "1", files: [], notes: [], timings: [], baseline: undefined, engine: undefined, sizes: [] },
      ...{ findings: ids.map(finding), targets: ids.map(of), verdict: { status: "pass", reasons: [] } },
    };
    return renderInspected(report, { paint: noPaint, width: 80, isQuiet: false }).split("\n").slice(0, ids.length);
  };
  expect(shown("app.tar")).toEqual(["warning  some-rule  It is large"]);
  expect(shown("app.tar (a:1)", "app.tar (b:1)")).toEqual([
    "warning  some-rule  app.tar (a:1): It is large",
    "warning  some-rule  app.tar (b:1): It is large",
  ]);
});

test("an image is described in a few words", () => {
  expect(
    imageFacts(imageOf([2], { shells: ["bin/sh", "usr/bin/sh"], packageManagers: ["sbin/apk"] }, { user: "app" })).join(
      " · ",
    ),
  ).toBe("runs as app · no HEALTHCHECK · shell sh · package manager apk · no setuid program · no waste");
  const open = { path: "open", layer: 0, mode: 0o777, uid: 0 };
  const writable = (amount: number) => {
    const facts = imageFacts(imageOf([], { worldWritable: Array.from({ length: amount }, () => open) }));
    return facts.filter((fact) => fact.includes("world-writable"));
  };
  expect([0, 1, 2, 1000].map(writable)).toEqual([
    [],
    ["1 world-writable path"],
    ["2 world-writable paths"],
    ["at least 1,000 world-writable paths"],
  ]);
  expect(contentsJson(imageOf([], { worldWritable: [open] }))?.worldWritable).toEqual([open]);
});

test("a terminal that showed the audit before hears what the images add and refute", () => {
  const text = "FROM debian:12-slim AS app\nRUN apt-get update\nRUN ./setup.sh\nUSER 1\n";
  const keys = [{ path: "k.pem", layer: 2, what: "a private key", isSeen: true }];
  const { findings, withdrawn } = judge(
    text,
    { app: imageOf([2, 3], { secretFiles: keys }) },
    { profile: "recommended" },
  );
  const report: Report = {
    version: "1.0.0",
    files: [{ path: "Dockerfile", text, error: undefined, ignored: 0 }],
    findings,
    withdrawn,
    targets: [],
    sizes: [],
    baseline: undefined,
    engine: undefined,
    notes: [],
    verdict: { status: "pass", reasons: [] },
    timings: [],
  };
  expect(renderMeasured(report, { paint: noPaint, width: 100, verbosity: "normal" })).toBe(`Dockerfile
  3:1  warning  The image holds a private key: \`/k.pem\`                         secret-file-in-image
     |
   3 | RUN ./setup.sh
     | ^^^

1 finding above is withdrawn, because the built images show otherwise: --verbose says why

`);
  expect(
    renderMeasured({ ...report, findings: [], withdrawn: [] }, { paint: noPaint, width: 100, verbosity: "normal" }),
  ).toBe("");
});

test("what an image holds stands below its lines, in the page and the summary, with hostile paths made harmless", () => {
  const held = contents({ shells: ["bin/sh"], largestFiles: [[{ path: "a<b>`c`", bytes: 2 * MB }]] });
  const report: Report = {
    ...firstRun,
    targets: (firstRun.targets ?? []).map((target) => ({
      ...target,
      images: target.images.map((image) => ({ ...image, contents: held })),
    })),
  };
  const markdown = renderMarkdown(report);
  expect(markdown).toContain("no HEALTHCHECK · shell sh · no package manager · no setuid program · no waste\n");
  expect(/^largest files: (.*)$/m.exec(markdown)?.[1]).toBe("`` /a<b>`c` `` 2.00\u00a0MB");
  const html = renderHtml(report);
  expect(html).toContain('largest files: <code>/a&#60;b&#62;&#96;c&#96;</code> <span class="keep">2.00 MB</span></p>');
  expect(html).not.toContain("a<b>");
  expect(JSON.parse(renderJson(report)).targets[0].contents.largestFiles).toEqual([
    { path: "a<b>`c`", bytes: 2 * MB, layer: 0 },
  ]);
});
