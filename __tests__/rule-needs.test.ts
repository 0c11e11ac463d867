import { expect, test } from "@jest/globals";
import { auditedFile } from "../src/audit/audited-file.ts";
import { readDockerfile } from "../src/dockerfile/read.ts";
import type { AuditedFile } from "../src/rules/audited-file.ts";
import { meets } from "../src/rules/needs.ts";
import { rules } from "../src/rules/registry.ts";

const fileOf = (text: string): AuditedFile => auditedFile(readDockerfile("Dockerfile", text));

const needy = rules.flatMap(({ id, needs, check, options }) =>
  needs === undefined ? [] : [{ id, needs, check, options }],
);

test("no rule finds anything in a file that does not hold what the rule needs", () => {
  const texts = rules.flatMap(({ examples }) =>
    examples.map((example) => ("bad" in example ? example.bad.replace(/[⟦⟧]/g, "") : example.good)),
  );
  const lost = texts.flatMap((text) => {
    const file = fileOf(/^\s*FROM\b/im.test(text) ? text : `FROM debian:bookworm-slim\n${text}`);
    return needy.flatMap(({ id, needs, check, options }) => {
      const given = Object.fromEntries((options ?? []).map((option) => [option.name, option.default]));
      return meets(file, needs) || [...check(file, given)].length === 0 ? [] : [{ id, text }];
    });
  });
  expect(lost).toEqual([]);
});

test.each([
  ["an instruction", "EXPOSE 80\n", { instructions: ["EXPOSE"] }, true],
  ["another instruction", "EXPOSE 80\n", { instructions: ["USER"] }, false],
  ["the trigger of ONBUILD", "ONBUILD EXPOSE 80\n", { instructions: ["EXPOSE"] }, true],
  ["a program deep in a script", "RUN if true; then sh -c 'cd / && curl x'; fi\n", { commands: ["curl"] }, true],
  ["a word that is no program", "RUN echo curl\n", { commands: ["curl"] }, false],
  ["a wrapper", "RUN /usr/bin/sudo -E true\n", { commands: ["sudo"] }, true],
  ["a package manager by its usual name", "RUN python3 -m pip install a\n", { commands: ["pip"] }, true],
  ["a kind of package manager", "RUN npm ci\n", { packages: "language" }, true],
  ["the other kind", "RUN npm ci\n", { packages: "system" }, false],
] as const)("%s is told from what a file lacks", (_, text, needs, expected) => {
  expect(meets(fileOf(`FROM debian:bookworm-slim\n${text}`), needs)).toBe(expected);
});
