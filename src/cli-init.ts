import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isFolder } from "./adapters/is-folder.ts";
import { isThere } from "./adapters/is-there.ts";
import { shownPath, systemReason } from "./adapters/shown-path.ts";
import { UserError } from "./errors.ts";

/** Writes a configuration to start from; returns its path as the user knows it. */
export const initConfig = async (cwd: string, folder: string | undefined): Promise<string> => {
  const root = resolve(cwd, folder ?? ".");
  if (!isFolder(root))
    throw new UserError(`init: there is no folder \`${folder ?? "."}\` to write a configuration into.`);
  const names = [
    ".docker-hygiene.yml",
    ".docker-hygiene.yaml",
    ".github/docker-hygiene.yml",
    ".github/docker-hygiene.yaml",
  ];
  const there = names.map((name) => join(root, name)).find(isThere);
  if (there !== undefined) throw new UserError(`\`${shownPath(cwd, there)}\` is there already; it is left as it is.`);
  const file = join(root, names[0] as string);
  try {
    await writeFile(file, initialConfig, { flag: "wx" });
  } catch (error) {
    throw new UserError(`\`${shownPath(cwd, file)}\` cannot be written: ${systemReason(error)}`);
  }
  return shownPath(cwd, file);
};

const initialConfig = `# yaml-language-server: $schema=https://raw.githubusercontent.com/docker-hygiene/docker-hygiene/main/docs/config.schema.json
# Configuration of docker-hygiene. Everything here is optional; lines with "#" show what can be set.

# recommended, strict or all: which rules speak, and how loud.
profile: recommended

# The lowest level of a finding that fails the run: error, warning, note or none.
failure-threshold: error

# Files and folders to leave out.
# exclude: [examples/broken]

# A level (error, warning, note, off) by rule id or by another linter's name for it, or level and options.
# "docker-hygiene rules" lists the rules, "docker-hygiene explain RULE" tells more on one.
# rules:
#   missing-user: off
#   DL3008: warning
#   missing-label: { level: warning, labels: [org.opencontainers.image.source] }

# Other settings for some Dockerfiles.
# overrides:
#   - files: [tools/**]
#     rules: { missing-user: off }

# A comment above an instruction silences a rule there: # docker-hygiene ignore=root-user -- the reason
# This reports comments without a reason.
# require-reason: true

# Findings that were there before and do not count. To write the file:
# docker-hygiene audit --write-baseline .github/docker-hygiene-baseline.json
# baseline-findings: .github/docker-hygiene-baseline.json

# Where base images may come from, and the labels that every image must carry.
# allowed-registries: [docker.io, ghcr.io]
# required-labels: [org.opencontainers.image.source]

# How a Dockerfile is built, where it is not the usual way.
# dockerfiles:
#   - file: services/api/Dockerfile
#     context: .
#     targets: [release, debug]
#     build-args: { VERSION: 1.2.3 }

# The most that an image may weigh: "of: disk" (the default) or "of: pull".
# budgets:
#   - { target: release, max-size: 20MB }

# House rules without code, on commands, images, labels and instructions.
# forbid:
#   - { id: no-wget, command: wget, message: Use curl with --fail }
#   - { id: no-hub, image: docker.io/*, message: Pull through our registry, level: error }
# require:
#   - { id: team, label: com.example.team, pattern: ^(web|data)$, message: Label the image with its team }
`;
