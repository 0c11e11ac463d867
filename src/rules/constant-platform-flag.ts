import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { deleteFlag } from "./knowledge/edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "constant-platform-flag",
  summary: "Leave the platform of a stage to the build",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  aliases: ["DL3029", "FromPlatformFlagConstDisallowed", "b16e8501"],
  why: `A constant \`--platform\` ties the stage to one architecture, whatever the build asks for: on another machine it is
emulated, slowly, and \`docker buildx build --platform\` yields an image whose label says arm64 and whose programs are
amd64.

Delete the flag, and say \`--platform=linux/amd64\` when building. For tools that run on the builder, write
\`--platform=$BUILDPLATFORM\`.`,
  silent: [
    "a flag with a variable",
    "one stage per architecture, chosen by `FROM name-$TARGETARCH`, or with the architecture in its name",
    "Windows bases",
  ],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/reference/build-checks/from-platform-flag-const-disallowed/"],
  examples: [
    {
      bad: "FROM ⟦--platform=linux/amd64⟧ debian:12",
      fixed: "FROM debian:12",
      message: "`linux/amd64` is fixed, whatever platform the build asks for",
    },
    {
      bad: "FROM debian:12 AS a\nFROM ⟦--platform=linux/arm64⟧   a AS b",
      fixed: "FROM debian:12 AS a\nFROM a AS b",
    },
    { bad: "FROM \\\n  ⟦--platform=linux/arm/v7⟧ \\\n  alpine:3.22", fixed: "FROM \\\n  \\\n  alpine:3.22" },
    { good: "FROM --platform=$BUILDPLATFORM golang:1.27" },
    {
      good: "FROM --platform=linux/amd64 debian:12 AS base-amd64\nFROM --platform=linux/arm64 debian:12 AS base-arm64\nFROM base-$TARGETARCH",
    },
    { good: "FROM --platform=linux/s390x acme/a:1 AS pick-one\nFROM pick-${WHICH}" },
    { good: "FROM --platform=windows/amd64 mcr.microsoft.com/windows/nanoserver:ltsc2022" },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      const flag = stage.stage.from.flags.find(({ name }) => name === "platform");
      if (flag?.value === undefined || flag.value.includes("$") || stage.isWindows) continue;
      if (/^windows/i.test(flag.value) || isForOnePlatform(file, stage, flag.value)) continue;
      yield {
        at: flag.span,
        message: `\`${flag.value}\` is fixed, whatever platform the build asks for`,
        fix: { title: "Delete the flag", safety: "unsafe", edits: [deleteFlag(file.text, flag)] },
      };
    }
  },
});

const isForOnePlatform = (file: AuditedFile, { name, index }: StageFacts, platform: string): boolean => {
  if (name === undefined) return false;
  if (
    platform
      .toLowerCase()
      .split("/")
      .some((part) => part !== "" && name.includes(part))
  )
    return true;
  return file.stages.some((other) => {
    const pattern = other.stage.from.image.text.toLowerCase();
    const prefix = pattern.slice(0, Math.max(0, pattern.indexOf("$")));
    return other.index > index && prefix !== "" && !/[/:]/.test(prefix) && name.startsWith(prefix);
  });
};
