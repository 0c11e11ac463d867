import {
  type BuildkitCheck,
  buildkitChecks,
  buildkitRule,
  codesText,
  importedCheck,
  shellExclusions,
  shellLevels,
} from "../src/audit/imported-checks.ts";

/** The part of docs/rules.md about what ShellCheck and BuildKit find beside our rules, from their tables. */
export const importedMarkdown = (): readonly string[] => [
  "## Imported checks",
  "",
  "Two engines are asked beside the rules, where they are there. What they find keeps their names, `shellcheck/SC2115` and `buildkit/UndefinedVar`, takes levels in the configuration and obeys ignore comments like any rule. Without them nothing fails: `--verbose` says which one was not there. What a rule of ours has said of the same place is not said again.",
  "",
  "### ShellCheck",
  "",
  "[ShellCheck](https://www.shellcheck.net/) judges the scripts of RUN, CMD, ENTRYPOINT and HEALTHCHECK, heredocs (also those that a shell is fed, where the outer shell puts nothing into them), triggers of ONBUILD and `sh -c` in exec form included, where it is on the PATH (`shellcheck: auto`; `true`: it must be there; `false`: never). It gets the text as BuildKit joins it, in the dialect that SHELL, the shebang or the base has (dash on Debian, Ubuntu and Alpine, bash on the RHEL family, sh where that is not known), with what ARG and ENV declare as exported variables. PowerShell, cmd, zsh, other interpreters and scripts with a syntax error are never given to it. `# shellcheck disable=SC2115` works inside a script, and as a comment above an instruction or among its lines.",
  "",
  "| ShellCheck's level | recommended | strict | all |",
  "|---|---|---|---|",
  ...(["error", "warning", "info", "style"] as const).map(
    (level) =>
      `| ${level} | ${shellLevels.recommended[level]} | ${shellLevels.strict[level]} | ${shellLevels.all[level]} |`,
  ),
  "",
  "These say nothing in `recommended`, and in the other profiles what the last column says, unless the configuration sets a level for them:",
  "",
  "| codes | why not in a Dockerfile | strict, all |",
  "|---|---|---|",
  ...shellExclusions.map(
    (exclusion) =>
      `| ${codesText(exclusion)} | ${exclusion.reason.replaceAll("|", "\\|")} | ${exclusion.strict ?? "off"} |`,
  ),
  "",
  "### BuildKit's checks",
  "",
  "BuildKit checks a file in the way it builds it, in one call for all files, when there is an engine for the builds (`buildkit-checks: auto`; `true`: `docker-hygiene audit` asks it too, and it must be there; `false`: never). It obeys its own `# check=skip=…`. A check that one of the rules above has as an alias is left to that rule, which judges without an engine too: so a file has the same findings everywhere, and where the rule says nothing it knows why. A variable that is used with a value for its absence, as in `${NAME:-value}`, is not reported as undefined.",
  "",
  "| check | recommended | strict | about | why it is no rule |",
  "|---|---|---|---|---|",
  ...buildkitChecks.map((check) => buildkitRow(check)),
  "| any other | note | warning | what a newer BuildKit checks | not known here |",
  "",
];

const buildkitRow = ({ name, recommended, strict, summary, reason }: BuildkitCheck): string =>
  `| [\`${buildkitRule(name)}\`](${importedCheck(name)?.url}) | ${recommended} | ${strict} | ${summary} | ${reason} |`;
