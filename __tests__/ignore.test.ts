import { describe, expect, test } from "@jest/globals";
import { auditFile } from "../src/audit/audit.ts";
import { auditedFile } from "../src/audit/audited-file.ts";
import { openIgnores } from "../src/audit/ignores.ts";
import { withImported } from "../src/audit/imported.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import { ignoresOf } from "../src/rules/ignore-comment.ts";
import { rules } from "../src/rules/registry.ts";

const fileOf = (text: string) => auditedFile(readDockerfile("Dockerfile", text));

/** Ids of rules that are reported and hidden among those that the case is about. */
const audited = (text: string, about: readonly string[], options: { readonly requireReason?: boolean } = {}) => {
  const found = auditFile(fileOf(text), { rules, profile: "strict", settings: new Map(), ...options });
  const idsOf = (problems: typeof found.problems): readonly string[] =>
    problems.filter(({ rule }) => about.includes(rule)).map(({ rule }) => rule);
  return { reported: idsOf(found.problems), hidden: idsOf(found.ignored) };
};

const start = "FROM debian:bookworm-slim\n";
const service = 'FROM golang:1.27.1 AS build\nRUN true\nFROM debian:bookworm-slim\nEXPOSE 80\nCMD ["app"]\n';

describe("a comment hides what it names", () => {
  test.each<readonly [string, string, readonly string[], readonly string[]]>([
    // Ours
    [
      "the next instruction",
      `${start}# docker-hygiene ignore=legacy-key-value -- why\nENV A b\nENV B c\n`,
      ["legacy-key-value"],
      ["legacy-key-value"],
    ],
    [
      "over blank lines",
      `${start}# docker-hygiene ignore=legacy-key-value\n\n# more\nENV A b\n`,
      [],
      ["legacy-key-value"],
    ],
    ["a peer's id", `${start}# docker-hygiene ignore=LegacyKeyValueFormat\nENV A b\n`, [], ["legacy-key-value"]],
    [
      "whatever its case",
      `${start}# docker-hygiene ignore=dl4000,Legacy-Key-Value\nMAINTAINER a\nENV A b\n`,
      ["legacy-key-value"],
      ["deprecated-maintainer"],
    ],
    [
      "all of it",
      `${start}# docker-hygiene ignore=all -- generated\nENV A b\nMAINTAINER a\n`,
      ["deprecated-maintainer"],
      ["legacy-key-value"],
    ],
    [
      "in the file",
      `${start}ENV A b\n# docker-hygiene ignore-file=legacy-key-value\nENV B c\n`,
      [],
      ["legacy-key-value", "legacy-key-value"],
    ],
    [
      "the next line inside an instruction",
      `${start}RUN cd /a && \\\n  # docker-hygiene ignore=sudo-in-run\n  sudo true && \\\n  sudo false\n`,
      ["sudo-in-run"],
      ["sudo-in-run"],
    ],
    ["not behind it", `${start}ENV A b\n# docker-hygiene ignore=legacy-key-value\n`, ["legacy-key-value"], []],
    // hadolint
    ["hadolint", `${start}# hadolint ignore=DL4000\nMAINTAINER a\n`, [], ["deprecated-maintainer"]],
    [
      "hadolint with more ids and a reason",
      `${start}# hadolint ignore=DL3006, DL4000 # why\nMAINTAINER a\n`,
      [],
      ["deprecated-maintainer"],
    ],
    ["hadolint for the file", `# hadolint global ignore=DL4000\n${start}MAINTAINER a\n`, [], ["deprecated-maintainer"]],
    [
      "hadolint for the stage",
      `${start}# hadolint stage ignore=DL4000\nMAINTAINER a\n${start}MAINTAINER a\n`,
      ["deprecated-maintainer"],
      ["deprecated-maintainer"],
    ],
    // tally
    ["tally", `${start}# tally ignore=hadolint/DL4000;reason=old\nMAINTAINER a\n`, [], ["deprecated-maintainer"]],
    // BuildKit
    [
      "BuildKit's directive",
      `# check=skip=LegacyKeyValueFormat;error=true\n${start}ENV A b\n`,
      [],
      ["legacy-key-value"],
    ],
    [
      "BuildKit's comment",
      `${start}# check=skip=LegacyKeyValueFormat\nENV A b\nENV B c\n`,
      ["legacy-key-value"],
      ["legacy-key-value"],
    ],
    [
      "BuildKit's all, which is its own checks",
      `# check=skip=all\n${start}ENV A b\nUSER root\nCMD ["app"]\n`,
      ["root-user"],
      ["legacy-key-value"],
    ],
    // trivy
    ["trivy", `${start}#trivy:ignore:AVD-DS-0002\nUSER root\nCMD ["app"]\n`, [], ["root-user"]],
    [
      "trivy's short form",
      `${start}# trivy:ignore:DS002 trivy:ignore:DS-0026\nUSER root\nCMD ["app"]\n`,
      [],
      ["root-user"],
    ],
    // checkov
    ["checkov", `${start}USER root\nCMD ["app"]\n#checkov:skip=CKV_DOCKER_8:a base image\n`, [], ["root-user"]],
    // KICS
    [
      "KICS by id",
      `# kics-scan disable=67fd0c4a-68cf-46d7-8c41-bc9fba7e40ae\n${start}USER root\nCMD ["app"]\n`,
      [],
      ["root-user"],
    ],
    ["KICS for the next", `${start}# kics-scan ignore-line\nUSER root\nCMD ["app"]\n`, [], ["root-user"]],
    [
      "KICS for the file",
      `# kics-scan ignore\n${start}USER root\nENV A b\nCMD ["app"]\n`,
      ["legacy-key-value"],
      ["root-user"],
    ],
  ])("%s", (_title, text, reported, hidden) => {
    const about = ["legacy-key-value", "deprecated-maintainer", "sudo-in-run", "root-user"];
    expect(audited(text, about)).toEqual({ reported, hidden });
  });

  test.each<readonly [string, string, readonly string[], readonly string[]]>([
    [
      "on the FROM that it is shown on",
      service.replace("FROM debian", "# docker-hygiene ignore=missing-user\nFROM debian"),
      ["missing-healthcheck"],
      ["missing-user"],
    ],
    ["trivy on top", `#trivy:ignore:DS-0002\n${service}`, ["missing-healthcheck"], ["missing-user"]],
    [
      "checkov anywhere",
      `${service}# checkov:skip=CKV_DOCKER_2,CKV_DOCKER_3\n`,
      [],
      ["missing-user", "missing-healthcheck"],
    ],
    ["hadolint on top", `# hadolint ignore=DL3057\n${service}`, ["missing-user"], ["missing-healthcheck"]],
    [
      "KICS by id",
      `# kics-scan disable=b03a748a-542d-44f4-bb86-9199ab4fd2d5, fd54f200-402c-4333-a5a4-36ef6709af2f\n${service}`,
      [],
      ["missing-user", "missing-healthcheck"],
    ],
    [
      "not ours on another stage",
      `# docker-hygiene ignore=missing-user\n${service}`,
      ["missing-healthcheck", "missing-user"],
      [],
    ],
  ])("what is absent: %s", (_title, text, reported, hidden) => {
    const { reported: left, hidden: gone } = audited(text, ["missing-user", "missing-healthcheck"]);
    expect({ reported: [...left].sort(), hidden: [...gone].sort() }).toEqual({ reported, hidden: [...hidden].sort() });
  });

  test.each([
    ["# docker-hygiene ignore=SC2086", "shellcheck/SC2086", true],
    ["# docker-hygiene ignore=shellcheck/SC2086", "shellcheck/SC2086", true],
    ["# hadolint ignore=SC2086", "shellcheck/SC2086", true],
    ["# hadolint ignore=SC2046", "shellcheck/SC2086", false],
    ["# docker-hygiene ignore=buildkit/StageNameCasing", "buildkit/StageNameCasing", true],
    ["# check=skip=StageNameCasing", "buildkit/StageNameCasing", true],
    ["# check=skip=all", "buildkit/StageNameCasing", true],
    ["# check=skip=all", "shellcheck/SC2086", false],
    ["# docker-hygiene ignore=buildkit/LegacyKeyValueFormat", "legacy-key-value", true],
    ["# docker-hygiene ignore=custom/no-wget", "custom/no-wget", true],
    ["# docker-hygiene ignore=no-wget", "custom/no-wget", false],
    ["# docker-hygiene ignore=all", "custom/no-wget", true],
  ])("%s on %s: %s", (comment, rule, isHidden) => {
    const text = `${start}${comment}\nRUN echo $A\n`;
    const at = { start: text.indexOf("echo"), end: text.indexOf("echo") + 4 };
    expect(openIgnores(fileOf(text), rules).hides({ rule, at, message: "" })).toBe(isHidden);
  });
});

test("ids are found where they are written", () => {
  const text =
    "# check=skip=A,B\n# docker-hygiene ignore=A, AVD-DS-0002 -- A\nFROM a\n#checkov:skip=CKV_DOCKER_1,A:B\n";
  expect(
    ignoresOf(readDockerfile("Dockerfile", text)).map(({ id, idSpan, reason }) => [
      id,
      text.slice(idSpan.start, idSpan.end),
      idSpan.start,
      reason,
    ]),
  ).toEqual([
    ["A", "A", 13, undefined],
    ["B", "B", 15, undefined],
    ["A", "A", 41, "A"],
    ["DS-0002", "AVD-DS-0002", 44, "A"],
    ["CKV_DOCKER_1", "CKV_DOCKER_1", 82, "B"],
    ["A", "A", 95, "B"],
  ]);
});

describe("ignores are looked after", () => {
  const about = ["ignore-without-reason", "unused-ignore"];

  test("a reason is required where the configuration says so", () => {
    const text = `${start}# docker-hygiene ignore=legacy-key-value\nENV A b\n`;
    const levels = (requireReason: boolean) =>
      auditFile(fileOf(text), { rules, profile: "recommended", settings: new Map(), requireReason }).problems.flatMap(
        ({ rule, severity }) => (about.includes(rule) ? [`${rule} ${severity}`] : []),
      );
    expect([levels(false), levels(true)]).toEqual([[], ["ignore-without-reason warning"]]);
  });

  test("`all` hides nothing about itself", () => {
    expect(audited(`# docker-hygiene ignore-file=all\n${start}ENV A b\n`, about)).toEqual({
      reported: ["ignore-without-reason"],
      hidden: [],
    });
  });

  test.each([
    ["a rule that is off", "# docker-hygiene ignore=base-without-digest -- why\nENV A=b\n"],
    ["a rule that needs the build context", "# docker-hygiene ignore=missing-copy-source -- why\nENV A=b\n"],
    ["a rule that needs the workflow", "# docker-hygiene ignore=unsupplied-secret -- why\nENV A=b\n"],
    ["a check that others make", "# docker-hygiene ignore=SC2086,custom/x -- why\nENV A=b\n"],
    ["a file that BuildKit refuses", "# docker-hygiene ignore=legacy-key-value -- why\nENV A=b\nNONSENSE\n"],
    ["an ignore of this very rule", "# docker-hygiene ignore=unused-ignore -- why\nENV A=b\n"],
  ])("%s is never called unused", (_title, text) => {
    const found = auditFile(fileOf(`${start}${text}`), {
      rules,
      profile: "recommended",
      settings: new Map([["base-without-digest", { level: "off", options: {} }]]),
    });
    expect(found.problems.filter(({ rule }) => rule === "unused-ignore")).toEqual([]);
  });

  test("what hides an imported finding is of use", () => {
    const text = `${start}# docker-hygiene ignore=LegacyKeyValueFormat,DL4000 -- why\nENV A=b\n`;
    const file = fileOf(text);
    const outcome = auditFile(file, { rules, profile: "recommended", settings: new Map() });
    const at = { start: text.indexOf("A=b"), end: text.indexOf("A=b") + 3 };
    const imported = { rule: "buildkit/LegacyKeyValueFormat", severity: "warning", at, message: "m" } as const;
    const { problems, ignored } = withImported(outcome, [imported], openIgnores(file, rules));
    const unused = problems.filter(({ rule }) => rule === "unused-ignore");
    expect({ unused: unused.map((one) => text.slice(one.at.start, one.at.end)), ignored }).toEqual({
      unused: ["DL4000"],
      ignored: [imported],
    });
  });
});
