/**
 * How fast files are audited: `node script/bench-audit.ts [files] [seed]`. Makes varied Dockerfiles out of the rules'
 * examples, the fixtures and `examples/`, audits them, and compares with other linters where they can be had. Run it
 * on a quiet machine; all times are CPU times unless the table says otherwise.
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { randomFrom } from "../__tests__/random.ts";
import { expectManyFiles, manyFiles } from "../src/adapters/v8-flags.ts";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { rules } from "../src/rules/registry.ts";

const root = resolve(import.meta.dirname, "..");
const command = join(root, "dist/index.js");
const rounds = 7;

const main = (count: number, seed: number): void => {
  const folder = mkdtempSync(join(tmpdir(), "bench-audit-"));
  try {
    const texts = makeDockerfiles(count, seed);
    const paths = writeAll(folder, texts);
    const bytes = texts.reduce((sum, text) => sum + text.length, 0);
    console.log(
      `${count} Dockerfiles, ${Math.round(bytes / count)} bytes on average, seed ${seed}; Node ${process.version}, ` +
        `${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)}\n`,
    );
    section(`one process, ms of CPU per file: the median of ${rounds} processes, and the least`);
    const processes = Array.from({ length: rounds }, () => partsApart(count, seed));
    for (const name of partNames)
      spread(
        name,
        processes.map((one) => one[name] / count),
        "ms",
      );
    const sums = processes.map((one) => partNames.reduce((sum, name) => sum + one[name] / count, 0));
    spread("together", sums, "ms", "under 2");
    section("the command, as people run it");
    const audit = ["audit", folder, "--format", "json", "--shellcheck", "false", "-o", join(folder, "r")];
    const wholes = Array.from({ length: rounds }, () => commandUsage(audit));
    spread(
      "audit of all files, per file, start-up included",
      wholes.map((one) => one.milliseconds / count),
      "ms",
    );
    spread(
      "peak memory",
      wholes.map((one) => one.megabytes),
      "MB",
      "under 200",
    );
    row("start-up of --help over bare node", startUp(), "ms", "under 60");
    section("one large file, and one of half the size");
    for (const [name, make] of largeFiles) {
      const [half, full] = [textTime(make(0.5)), textTime(make(1))];
      row(`${name} (half: ${half.toFixed(0)} ms)`, full, "ms", `${(full / half).toFixed(1)} × the half`);
    }
    section("others, ms per file");
    others(folder, paths);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const section = (title: string): void => console.log(`\n${title}`);

const row = (name: string, value: number, unit: string, remark = ""): void =>
  console.log(
    `  ${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit}  ${name}${remark === "" ? "" : `  (${remark})`}`,
  );

const spread = (name: string, values: readonly number[], unit: string, remark = ""): void => {
  const sorted = values.toSorted((a, b) => a - b);
  const least = (sorted[0] ?? 0).toFixed((sorted[0] ?? 0) < 10 ? 2 : 0);
  row(name, sorted[sorted.length >> 1] ?? 0, unit, [`least ${least}`, remark].filter(Boolean).join("; "));
};

/** Files of one to four stages of one to eight parts each; the last stage takes files from all others, and ships. */
const makeDockerfiles = (count: number, seed: number): readonly string[] => {
  const random = randomFrom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const { good, bad } = stageTexts();
  const upTo = (most: number): readonly number[] =>
    Array.from({ length: 1 + Math.floor(random() * most) }, (_, n) => n);
  return Array.from({ length: count }, (_, file) => {
    const stages = upTo(4).map((index, _, all) => {
      const parts = upTo(8).map(() => pick(random() < badShare ? bad : good));
      const copies = index === all.length - 1 ? all.slice(0, -1).map((from) => `COPY --from=s${from} /out /out`) : [];
      return [`FROM debian:trixie-slim AS s${index}`, ...parts, ...copies].join("\n");
    });
    return `${stages.join("\n").replaceAll("example.org", `host${file}.example.org`)}\n`;
  });
};

/** Of the parts; with it a file gets as many findings as those of public repositories do. */
const badShare = 0.1;

const stageTexts = (): { readonly good: readonly string[]; readonly bad: readonly string[] } => {
  const examples = rules.flatMap((rule) => rule.examples);
  const ofFiles = globSync(["examples/**/*Dockerfile*", "__tests__/fixtures/conformance/edge/*"], { cwd: root })
    .filter((path) => !/dockerignore$/.test(path))
    .map((path) => readFileSync(join(root, path), "utf8"));
  const withoutFrom = (text: string): readonly string[] => {
    const part = text.replace(/^FROM\s.*\n?/i, "");
    const isPart =
      part.length < 20_000 &&
      !/^\s*FROM\s|^\s*#\s*(escape|syntax)\s*=|--from=|from=/im.test(part) &&
      readDockerfile("a", `FROM debian:trixie-slim\n${part}`).problems.length === 0;
    return isPart ? [part] : [];
  };
  return {
    good: [...examples.flatMap((example) => ("good" in example ? example.good : [])), ...ofFiles].flatMap(withoutFrom),
    bad: examples.flatMap((example) => ("bad" in example ? example.bad.replace(/[⟦⟧]/g, "") : [])).flatMap(withoutFrom),
  };
};

const writeAll = (folder: string, texts: readonly string[]): readonly string[] =>
  texts.map((text, index) => {
    const own = join(folder, "files", String(index));
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "Dockerfile"), text);
    return join(own, "Dockerfile");
  });

const cpu = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

const partNames = ["front end", "shell", "rules"] as const;

type Parts = Readonly<Record<(typeof partNames)[number], number>>;

/** In a process of its own, with V8 set as the command sets it. */
const partsApart = (count: number, seed: number): Parts => {
  const { stdout } = spawnSync(process.execPath, [import.meta.filename, String(count), String(seed), "parts"], {
    encoding: "utf8",
  });
  return JSON.parse(stdout) as Parts;
};

const parts = (texts: readonly string[]): Parts => {
  const sums = { front: 0, shell: 0, rules: 0 };
  for (const text of texts) {
    let file: ReturnType<typeof auditedFile> | undefined;
    sums.front += cpu(() => {
      file = auditedFile(readDockerfile("Dockerfile", text));
    });
    const known = file as ReturnType<typeof auditedFile>;
    sums.shell += cpu(() => {
      for (const stage of known.stages) known.runScripts(stage);
    });
    sums.rules += cpu(() => {
      auditFile(known, { rules, profile: "recommended", settings: noSettings });
    });
  }
  return { "front end": sums.front, shell: sums.shell, rules: sums.rules };
};

const noSettings = new Map();

const textTime = (text: string): number =>
  cpu(() => {
    auditFile(auditedFile(readDockerfile("Dockerfile", text)), { rules, profile: "recommended", settings: noSettings });
  });

const largeFiles: readonly (readonly [string, (share: number) => string])[] = [
  [
    "1 MB Dockerfile",
    (share) => {
      const line =
        "RUN apt-get update && apt-get install -y --no-install-recommends curl && curl -o /a https://a.example/b\n";
      return `FROM debian:12\n${line.repeat(Math.round((2 ** 20 * share) / line.length))}`;
    },
  ],
  [
    "RUN of 10,000 lines",
    (share) =>
      `FROM debian:12\nRUN set -e; \\\n${"  echo one two three > /tmp/four; \\\n".repeat(10_000 * share)}  true\n`,
  ],
  ["10,000 instructions", (share) => `FROM debian:12\n${"ENV A=1 B=${A}\nCOPY a b /c/\n".repeat(5000 * share)}`],
];

interface Usage {
  readonly milliseconds: number;
  readonly megabytes: number;
}

/** What a process says of itself when it ends. */
const telling = `data:text/javascript,${encodeURIComponent(
  'process.on("exit",()=>console.error("\\nusage"+JSON.stringify(process.resourceUsage())))',
)}`;

const usageOf = (args: readonly string[]): Usage => {
  const { stderr } = spawnSync(process.execPath, ["--import", telling, ...args], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  const found = /usage(\{.*\})/.exec(stderr)?.[1];
  if (found === undefined) throw new Error(`no usage from ${args.join(" ")}: ${stderr}`);
  const usage = JSON.parse(found) as NodeJS.ResourceUsage;
  return { milliseconds: (usage.userCPUTime + usage.systemCPUTime) / 1000, megabytes: usage.maxRSS / 1024 };
};

const commandUsage = (args: readonly string[]): Usage => usageOf([command, ...args]);

const startUp = (): number => {
  const best = (args: readonly string[]): number =>
    Math.min(...Array.from({ length: rounds }, () => usageOf(args).milliseconds));
  return best([command, "--help"]) - best(["-e", "0"]);
};

/** Installed for the occasion, because nobody needs them to work on the project. */
const others = (folder: string, paths: readonly string[]): void => {
  const place = join(folder, "others");
  mkdirSync(place);
  writeFileSync(join(place, "package.json"), "{}");
  for (const [name, judge] of otherLinters) {
    const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", name], {
      cwd: place,
      stdio: "ignore",
    });
    if (status !== 0) {
      console.log(`  ${name} could not be installed and is left out`);
      continue;
    }
    writeFileSync(join(place, "paths.json"), JSON.stringify(paths));
    writeFileSync(join(place, `${name}.cjs`), otherScript(name, judge));
    const { milliseconds, megabytes } = usageOf([join(place, `${name}.cjs`)]);
    row(name, milliseconds / paths.length, "ms", `CPU, start-up included; ${megabytes.toFixed(0)} MB`);
  }
  const sample = paths.slice(0, 10);
  const start = performance.now();
  const answered = sample.filter((path) => {
    const { status } = spawnSync("docker", ["build", "--check", "-f", path, join(path, "..")], { stdio: "ignore" });
    return status !== null && status !== 125;
  });
  if (answered.length < sample.length) console.log("  docker build --check does not work here and is left out");
  else row("docker build --check", (performance.now() - start) / sample.length, "ms", "elapsed, ten files");
};

const otherLinters = [
  ["dockerfilelint", "linter.run('.', text)"],
  ["dockerfile-utils", "linter.validate(text)"],
] as const;

const otherScript = (name: string, judge: string): string => `
const linter = require("${name}");
let failed = 0;
for (const path of require("./paths.json")) {
  const text = require("node:fs").readFileSync(path, "utf8");
  try { ${judge}; } catch { failed++; }
}
if (failed > 0) console.log("  ${name} failed on " + failed + " files");
`;

const [count, seed] = [Number(process.argv[2] ?? 2000), Number(process.argv[3] ?? 1)];
if (process.argv[4] === "parts") {
  if (count > manyFiles) expectManyFiles();
  console.log(JSON.stringify(parts(makeDockerfiles(count, seed))));
} else main(count, seed);
