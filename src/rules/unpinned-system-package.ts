import { mentions } from "./knowledge/lineage-text.ts";
import {
  isLocalOrRemoteFile,
  isPinnedSystemPackage,
  isSimulated,
  type PackageCommand,
} from "./knowledge/package-managers.ts";
import { runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unpinned-system-package",
  summary: "Pin system packages to a version",
  level: { recommended: "off", strict: "note" },
  scope: "every stage",
  why: `A package without a version is the newest of the day the layer is built, so the same commit gives different images.
A pin says which version was tested and makes its change visible.

Distributions delete old versions, and an exact pin then breaks the build. Pin the upstream part and leave the revision
open (\`nginx=1.22.*\`, \`nginx~=1.22\`), or install from a snapshot of the archive. Almost no maintained image pins, hence
this rule is off unless it is asked for.`,
  aliases: [
    "DL3008",
    "DL3018",
    "DL3033",
    "DL3037",
    "DL3041",
    "562952e4",
    "6452c424",
    "93d88cf7",
    "965a08d7",
    "d3499f6d",
  ],
  silent: [
    "Local files and URLs, groups, patterns and modules.",
    "Packages that only a variable names.",
    "A target release (`apt-get install -t`, `package/release`), pins in preferences, or a snapshot of the archive.",
  ],
  fixes: "none",
  needs: { packages: "system" },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y ⟦curl⟧ nginx=1.22.* ⟦git⟧\n",
      message: "`curl` has no version: apt-get installs whatever is newest",
    },
    {
      title: "apk, with a name for the group",
      bad: "FROM alpine:3.20\nRUN apk add --no-cache -t .build-deps \\\n      ⟦gcc⟧ \\\n      'musl-dev~=1.2' \\\n      ⟦make⟧\n",
    },
    { bad: "FROM almalinux:9\nRUN dnf install -y ⟦git⟧ httpd-2.4.57 openssl-1:3.0.7-25.el9\n" },
    {
      title: "zypper",
      bad: "FROM opensuse/leap:15.6\nRUN zypper -n in ⟦git⟧ 'vim>=9' && zypper -n in -t pattern devel\n",
    },
    { good: "FROM debian:12\nRUN apt-get install -y curl=7.88.* ./local.deb /tmp/*.deb https://example.com/a.deb\n" },
    { title: "names in variables", good: "FROM debian:12\nRUN apt-get install -y $PACKAGES nginx=$NGINX_VERSION\n" },
    {
      title: "a target release",
      good: "FROM debian:12\nRUN apt-get install -y -t bookworm-backports git && apt-get install -y git/sid\n",
    },
    {
      title: "a snapshot of the archive",
      good: "FROM debian:12\nRUN echo 'deb http://snapshot.debian.org/archive/debian/20240101T000000Z bookworm main' > /etc/apt/sources.list\nRUN apt-get install -y git\n",
    },
    {
      title: "groups",
      good: "FROM almalinux:9\nRUN dnf install -y @development && dnf group install -y core && dnf module install -y nodejs:20\n",
    },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      for (const called of run.packages) {
        if (!mayPin(called) || isHeldElsewhere(run.stage, file)) continue;
        for (const word of called.operands.filter((operand) => isUnpinned(called, operand))) {
          yield {
            at: word.span,
            message: `\`${word.value}\` has no version: ${called.command.name} installs whatever is newest`,
          };
        }
      }
    }
  },
});

const mayPin = (called: PackageCommand): boolean =>
  called.action === "install" &&
  called.manager.kind === "system" &&
  called.manager.name !== "pacman" &&
  !called.subcommand.includes("group") &&
  !called.subcommand.includes("module") &&
  !isSimulated(called) &&
  !called.options.options.some((option) => targets.includes(option.name) && called.manager.name !== "apk");

const targets = ["-t", "--target-release", "--default-release", "--type"];

const isUnpinned = (called: PackageCommand, word: PackageCommand["operands"][number]): boolean =>
  word.isLiteral &&
  !isLocalOrRemoteFile(word) &&
  !isPinnedSystemPackage(called.manager, word.value) &&
  /^[a-z0-9][\w.+:@-]*$/i.test(word.value) &&
  // apt-get install name- removes
  !(called.manager.name.startsWith("apt") && /-$/.test(word.value));

const isHeldElsewhere = mentions(
  /snapshot\.(debian|ubuntu)\.(org|com)|apt\/preferences|versionlock/,
  /preferences|apk\/world|versionlock/,
);
