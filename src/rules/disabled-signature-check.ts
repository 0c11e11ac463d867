import type { Span } from "../dockerfile/model.ts";
import type { ShellCommand, ShellWord } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { downloadsIn } from "./knowledge/download-use.ts";
import { fileNameOf } from "./knowledge/downloads.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { isVerified } from "./knowledge/verification.ts";
import { withoutWords } from "./knowledge/word-deletion.ts";
import { defineRule, type Edit, type Problem } from "./rule.ts";

export default defineRule({
  id: "disabled-signature-check",
  summary: "Keep package signature checks on",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  why: `The signature is what makes a package of a mirror, a proxy or a third-party repository trustworthy: with \`--allow-unauthenticated\`, \`--nogpgcheck\`, \`[trusted=yes]\` or \`gpgcheck=0\` whoever answers for the repository runs code as root in the build.

Add the key of the repository instead: \`signed-by=/usr/share/keyrings/x.gpg\` for apt, \`rpm --import\` and \`gpgkey=\` for dnf, \`/etc/apk/keys\` for apk, and verify the key's fingerprint.`,
  aliases: ["CKV2_DOCKER_7", "CKV2_DOCKER_8", "CKV2_DOCKER_9", "CKV2_DOCKER_10", "CKV2_DOCKER_11"],
  silent: [
    "All packages of the command are local files that this Dockerfile did not download, or that it verified.",
    "A repository of local files (`file:`), as a build makes for its own packages.",
    "`repo_gpgcheck=0`, which concerns the index and not the packages; a setting that is turned on.",
  ],
  fixes: "unsafe",
  sources: [
    "https://cwe.mitre.org/data/definitions/347.html",
    "https://manpages.debian.org/bookworm/apt/apt-secure.8.en.html",
  ],
  examples: [
    {
      bad: "RUN apt-get update && apt-get install -y ⟦--allow-unauthenticated⟧ tool\n",
      fixed: "RUN apt-get update && apt-get install -y tool\n",
      message: "`--allow-unauthenticated` turns off the signature check of `apt-get`",
    },
    {
      title: "repositories that are trusted blindly",
      bad: `RUN echo "deb [arch=amd64 ⟦trusted=yes⟧] https://example.org/apt stable main" > /etc/apt/sources.list.d/x.list
COPY <<EOF /etc/yum.repos.d/x.repo
[x]
baseurl=https://example.org/rpm
⟦gpgcheck=0⟧
repo_gpgcheck=0
EOF
`,
      fixed: `RUN echo "deb [arch=amd64] https://example.org/apt stable main" > /etc/apt/sources.list.d/x.list
COPY <<EOF /etc/yum.repos.d/x.repo
[x]
baseurl=https://example.org/rpm
gpgcheck=1
repo_gpgcheck=0
EOF
`,
    },
    {
      title: "settings of other kinds",
      bad: `RUN echo "deb [⟦trusted=yes⟧] https://example.org/apt stable main" > /etc/apt/sources.list.d/x.list
RUN echo '⟦APT::Get::AllowUnauthenticated "true⟧";' > /etc/apt/apt.conf.d/99x && \\
    apt-get \\
      # for the mirror
      -o ⟦APT::Get::AllowUnauthenticated=true⟧ \\
      install -y tool
RUN ["dnf", "install", ⟦"--nogpgcheck"⟧, "-y", "tool"]
`,
      fixed: `RUN echo "deb https://example.org/apt stable main" > /etc/apt/sources.list.d/x.list
RUN echo 'APT::Get::AllowUnauthenticated "false";' > /etc/apt/apt.conf.d/99x && \\
    apt-get \\
      # for the mirror
      install -y tool
RUN ["dnf", "install", "-y", "tool"]
`,
    },
    {
      title: "other managers",
      bad: `RUN apk add --no-cache \\
      ⟦--allow-untrusted⟧ --repository https://example.org/apk tool
RUN dnf install -y ⟦--nogpgcheck⟧ tool && rpm -i ⟦--nosignature⟧ https://example.org/a.rpm
`,
      fixed: `RUN apk add --no-cache \\
      --repository https://example.org/apk tool
RUN dnf install -y tool && rpm -i https://example.org/a.rpm
`,
    },
    {
      title: "a downloaded package",
      bad: "RUN wget https://example.org/glibc.apk && apk add ⟦--allow-untrusted⟧ glibc.apk\n",
      fixed: "RUN wget https://example.org/glibc.apk && apk add glibc.apk\n",
    },
    {
      title: "a package of the own build",
      good: "COPY --from=build /out/app.apk /tmp/\nRUN apk add --allow-untrusted /tmp/app.apk\n",
    },
    {
      title: "a verified package",
      good: `RUN wget https://example.org/a.rpm && echo "$SHA256  a.rpm" | sha256sum -c && rpm -i --nosignature a.rpm\n`,
    },
    {
      title: "packages of the own build",
      good: 'RUN echo "deb [ trusted=yes ] file:///repo ./" > /etc/apt/sources.list.d/own.list && apk index --allow-untrusted *.apk\n',
    },
    {
      title: "a check that is turned on",
      good: "RUN sed -i 's/gpgcheck=0/gpgcheck=1/' /etc/yum.repos.d/x.repo && echo repo_gpgcheck=0 >> /etc/yum.conf\n",
    },
  ],
  check: function* (file) {
    let packages: ReadonlySet<string> | undefined;
    for (const run of runsIn(file, "every stage"))
      for (const command of run.commands) {
        const option = options.get(command.name);
        if (option === undefined || command.args[0]?.value === "index") continue;
        if (!command.args.some(({ value }) => option.test(value))) continue;
        packages ??= unverifiedFiles(file);
        if (hasOnlyTrustedFiles(command, packages)) continue;
        for (const word of command.args)
          if (option.test(word.value))
            yield {
              at: word.span,
              message: `\`${word.value}\` turns off the signature check of \`${command.name}\``,
              ...fixed(deletion(file, run, command, word)),
            };
      }
    for (const at of settings(file))
      yield {
        at,
        message: `\`${file.text.slice(at.start, at.end)}\` turns off the signature check of a package repository`,
        ...fixed(switchedOn(file.text, at)),
      };
  },
});

const fixed = (edits: readonly Edit[] | undefined): Pick<Problem, "fix"> =>
  edits === undefined ? {} : { fix: { title: "Keep the signature check on", safety: "unsafe", edits } };

const deletion = (
  file: AuditedFile,
  { run }: RunCommands,
  { args }: ShellCommand,
  word: ShellWord,
): readonly Edit[] | undefined => {
  const before = args[args.indexOf(word) - 1];
  const first = before !== undefined && /^(-o|--option)$/.test(before.value) ? before : word;
  return withoutWords(file, run, first.span, word.span);
};

/** The other value of a setting; an option in the brackets of an apt source goes, with the brackets when it is alone. */
const switchedOn = (text: string, { start, end }: Span): readonly Edit[] | undefined => {
  const written = text.slice(start, end);
  if (/^trusted/i.test(written)) {
    const before = /\[?[ \t]*$/.exec(text.slice(Math.max(0, start - 20), start))?.[0] ?? "";
    const behind = /^[ \t]*(?:\][ \t]*)?/.exec(text.slice(end, end + 20))?.[0] ?? "";
    const isAlone = before.startsWith("[") && behind.includes("]");
    if (isAlone) return [{ span: { start: start - before.length, end: end + behind.length }, text: "" }];
    return behind.includes("]")
      ? [{ span: { start: start - before.length, end }, text: "" }]
      : [{ span: { start, end: end + behind.length }, text: "" }];
  }
  const [value = ""] = /(?<!\w)\w+$/.exec(written) ?? [];
  const other = { 0: "1", false: "true", no: "yes", 1: "0", true: "false", yes: "no", never: "Required" }[
    value.toLowerCase()
  ];
  return other === undefined ? undefined : [{ span: { start: end - value.length, end }, text: other }];
};

const options: ReadonlyMap<string, RegExp> = new Map(
  (
    [
      ["apk", /^--allow-untrusted$/],
      [
        "apt apt-get aptitude",
        /^(--allow-unauthenticated|--force-yes|--allow-insecure-repositories|(-o)?(APT::Get::AllowUnauthenticated|Acquire::AllowInsecureRepositories)=(1|true|yes))$/i,
      ],
      ["yum dnf microdnf tdnf yum-config-manager", /^(--nogpgcheck|--no-gpgchecks)$/],
      ["zypper", /^(--no-gpg-checks|--no-gpgcheck|--gpgcheck-allow-unsigned(-repo|-package)?)$/],
      ["rpm", /^--(nosignature|nogpg)$/],
      ["debootstrap cdebootstrap", /^--(no-check-gpg|allow-unauthenticated)$/],
    ] as const
  ).flatMap(([programs, option]) => programs.split(" ").map((program) => [program, option] as const)),
);

/** Names of packages that the file downloads and does not verify. */
const unverifiedFiles = (file: AuditedFile): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const { scripts } of runsIn(file, "every stage"))
    for (const { commands } of scripts) {
      const downloads = downloadsIn(commands);
      for (const download of downloads)
        if (download.output.kind === "files" && !isVerified(download, commands, downloads))
          for (const path of download.output.paths) names.add(fileNameOf(path));
    }
  return names;
};

const hasOnlyTrustedFiles = (command: ShellCommand, unverified: ReadonlySet<string>): boolean => {
  const packages = command.args
    .map(({ value }) => value)
    .filter(
      (value) => !value.startsWith("-") && !/^(add|install|localinstall|reinstall|upgrade|update|in)$/.test(value),
    );
  return (
    packages.length > 0 &&
    packages.every(
      (value) => /\.(apk|deb|rpm)$/.test(value) && !value.includes("://") && !unverified.has(fileNameOf(value)),
    )
  );
};

/** Settings that RUN, COPY and ADD write, comment lines left out. */
const settings = (file: AuditedFile): readonly Span[] => {
  const found: Span[] = [];
  if (!/trusted=yes|gpgcheck|Allow(Unauthenticated|InsecureRepositories)|SigLevel/i.test(file.text)) return found;
  for (const { keyword, span } of file.dockerfile.instructions) {
    if (keyword !== "RUN" && keyword !== "COPY" && keyword !== "ADD") continue;
    for (const match of file.text.slice(span.start, span.end).matchAll(setting)) {
      const start = span.start + match.index;
      const line = file.text.slice(file.text.lastIndexOf("\n", start - 1) + 1, start);
      const isMeant = match[0] !== "trusted=yes" || isRemoteSource(line, file.text.slice(start, start + 200));
      if (isMeant && !/^\s*#/.test(line)) found.push({ start, end: start + match[0].length });
    }
  }
  return found;
};

/** Inside the brackets of an apt source, and not one of local files. */
const isRemoteSource = (before: string, after: string): boolean =>
  before.lastIndexOf("[") > before.lastIndexOf("]") && !/^[^\]\n]*\]\s*(file|copy|cdrom):/.test(after);

const setting =
  /\btrusted=yes\b|(?<![\w-])gpgcheck\s*=\s*(?:0|false|no)\b(?![^\n]*\/\s*gpgcheck\s*=\s*(?:1|true))|(?:APT::Get::AllowUnauthenticated|Acquire::AllowInsecureRepositories)\s+\\?["']?(?:true|1|yes)\b|\bSigLevel\s*=\s*(?:Never|Optional TrustAll)\b/gi;
