import type { ShellCommand, ShellWord } from "../../dockerfile/script.ts";
import { readOptions } from "./command-options.ts";
import { commandsNamed } from "./commands-by-name.ts";
import { type Download, fileNameOf } from "./downloads.ts";
import { once } from "./once.ts";

/** A command that stops the build, or lets the script decide, when a file is not the expected one. */
export interface Verification {
  readonly command: ShellCommand;
  /** Names of the files it looks at, as written; undefined when the script does not show them. */
  readonly names: readonly string[] | undefined;
}

/**
 * Whether something in these scripts verifies what the download keeps. A verification that names other
 * downloads of the same script covers only those; one whose files are not known covers everything.
 */
export const isVerified = (
  download: Download,
  commands: readonly ShellCommand[],
  downloads: readonly Download[],
): boolean => {
  if (download.isChecked) return true;
  const found = coverageOf(commands, downloads);
  return found.isTotal || namesOf(download, commands).some((name) => found.names.has(name));
};

interface Coverage {
  /** Some verification does not say what it looks at, or names none of the downloads. */
  readonly isTotal: boolean;
  readonly names: ReadonlySet<string>;
}

const coverageOf = once((commands: readonly ShellCommand[], downloads: readonly Download[]): Coverage => {
  const downloaded = new Set(downloads.flatMap((download) => namesOf(download, commands)));
  const found = findVerifications(commands);
  return {
    isTotal: found.some(({ names }) => names === undefined || !names.some((name) => downloaded.has(name))),
    names: new Set(found.flatMap(({ names }) => names ?? [])),
  };
});

/** The names under which a download keeps its files. */
export const keptNames = ({ output }: Download): readonly string[] =>
  output.kind === "files" ? output.paths.map(fileName) : [];

export const findVerifications = once((commands: readonly ShellCommand[]): readonly Verification[] =>
  commands.flatMap((command) => {
    const kind = mayVerify.test(command.name) ? kindOf(command) : undefined;
    if (kind === undefined) return [];
    if (kind === "unknown") return [{ command, names: undefined }];
    if (command.name === "apk") return apkVerification(command);
    if (kind === "signature") return [{ command, names: signedNames(command) }];
    return checksumVerification(command, commands);
  }),
);

/** All names that the cases below know hold one of these; most commands are none of them. */
const mayVerify =
  /sum|sha|hash|md5|gpg|sig|verif|openssl|cosign|notation|^(apk|gh|rpm|rpmkeys|jarsigner|ssh-keygen|php|node|ruby|perl|python[\d.]*)$/i;

/** apk refuses a package file whose signature it does not know. */
const apkVerification = (command: ShellCommand): readonly Verification[] => {
  const names = command.args.map((arg) => fileName(arg.value)).filter((name) => name.endsWith(".apk"));
  return names.length === 0 ? [] : [{ command, names }];
};

const kindOf = (command: ShellCommand): "checksum" | "signature" | "unknown" | undefined => {
  const { name } = command;
  const says = (...words: readonly string[]): boolean => command.args.some((arg) => words.includes(arg.value));
  if (/^(sha(1|224|256|384|512)?sum|gsha\d+sum|shasum|md5sum|b2sum|b3sum|cksum|rhash|xxh\w*sum)$/.test(name))
    return "checksum";
  if (/^(sha(1|256|384|512)|md5)$/.test(name)) return "unknown";
  if (/^gpgv\d?$/.test(name)) return "signature";
  if (/^gpg\d?$/.test(name))
    return says("--verify", "--decrypt", "-d", "--verify-files", "--multifile") ? "signature" : undefined;
  if (name === "openssl")
    return says("dgst", "sha256", "sha512", "sha1", "cms", "smime", "pkeyutl") ? "unknown" : undefined;
  if (name === "apk") return says("add") && !says("--allow-untrusted") ? "signature" : undefined;
  if (name === "cosign") return command.args[0]?.value.startsWith("verify") === true ? "unknown" : undefined;
  if (name === "gh") return says("attestation") ? "unknown" : undefined;
  if (name === "rpm" || name === "rpmkeys") return says("-K", "--checksig", "-Kv", "-vK") ? "unknown" : undefined;
  if (
    /^(minisign|signify(-openbsd)?|rsign|slsa-verifier|debsig-verify|dpkg-sig|dpkg-verify|jarsigner|notation|sigstore)$/.test(
      name,
    )
  )
    return "unknown";
  if (name === "ssh-keygen") return says("-Y") ? "unknown" : undefined;
  if (/^(php|python[\d.]*|perl|ruby|node)$/.test(name))
    return command.args.some((arg) => /hash_file|hashlib|sha(256|384|512)|createHash|digest/i.test(arg.value))
      ? "unknown"
      : undefined;
  // Looks at the architecture of a binary.
  if (name === "xx-verify") return undefined;
  return /verif|check_?-?sum|check_?-?sha|sha(256|512)|gpg_|_gpg|validate_?-?hash/i.test(name) ? "unknown" : undefined;
};

const checksumVerification = (command: ShellCommand, commands: readonly ShellCommand[]): Verification[] => {
  const read = readOptions(command.args, { valued: new Set(["-a", "--algorithm"]) });
  const operands = read.operands.filter((word) => word.value !== "-" && word.value !== "/dev/stdin");
  const isCheck = read.options.some(({ name }) => name === "-c" || name === "--check");
  if (!isCheck && read.unknown.length === 0) {
    const isCompared = command.pipedInto !== undefined || command.enclosures.includes("substitution");
    if (!isCompared) return [];
    return [{ command, names: operands.length === 0 ? undefined : operands.map((word) => fileName(word.value)) }];
  }
  if (read.unknown.length > 0) return [{ command, names: undefined }];
  return [{ command, names: operands.length === 0 ? fedNames(command, commands) : listNames(operands, commands) }];
};

/** `echo "$SHA  file" | sha256sum -c`, and here-documents and here-strings of the same form. */
const fedNames = (command: ShellCommand, commands: readonly ShellCommand[]): readonly string[] | undefined => {
  const bodies = command.redirects.flatMap(
    (redirect) => redirect.body ?? (redirect.operator === "<<<" ? (redirect.target?.value ?? []) : []),
  );
  if (bodies.length > 0) return bodies.flatMap(namesInText);
  const source = command.pipedFrom === undefined ? undefined : commands[command.pipedFrom];
  return source === undefined ? undefined : printedNames(source);
};

const printedNames = (source: ShellCommand): readonly string[] | undefined => {
  if (source.name !== "echo" && source.name !== "printf") return undefined;
  const names = source.args.flatMap((arg) => namesInText(arg.value));
  return names.length === 0 ? undefined : names;
};

/** `sha256sum -c file.sha256`: the list was written in this script, is named after its file, or is not known. */
const listNames = (lists: readonly ShellWord[], commands: readonly ShellCommand[]): readonly string[] | undefined => {
  const names: string[] = [];
  for (const list of lists) {
    const writer = commands.find((other) => other.redirects.some((redirect) => redirect.target?.value === list.value));
    const written = writer === undefined ? undefined : printedNames(writer);
    const stem = fileName(list.value).replace(/\.(sha\d*(sums?)?|md5(sums?)?)(\.txt)?$/i, "");
    if (written === undefined && stem === fileName(list.value)) return undefined;
    names.push(...(written ?? [stem]));
  }
  return names;
};

const signedNames = (command: ShellCommand): readonly string[] | undefined => {
  const { operands } = readOptions(command.args, gpgSyntax);
  const names = operands.map((word) => fileName(word.value)).filter((name) => name !== "-");
  if (names.length === 0) return undefined;
  return [...names, ...names.map((name) => name.replace(/\.(asc|sig|sign|gpg)$/, ""))];
};

const gpgSyntax = {
  valued: new Set([
    "--keyring",
    "--homedir",
    "--output",
    "-o",
    "--status-fd",
    "--keyserver",
    "--trust-model",
    "--trusted-key",
    "--logger-fd",
    "--default-key",
    "-u",
  ]),
};

const namesInText = (text: string): string[] =>
  text
    .split(/\s+|\\n/)
    .map((token) => fileName(token.replace(/^\*/, "")))
    .filter((token) => token !== "" && token !== "-" && !/^[0-9a-f]{32,128}$/i.test(token) && !/^%/.test(token));

/** What the files of a download are called, after mv and cp as well. */
const namesOf = (download: Download, commands: readonly ShellCommand[]): readonly string[] => {
  if (download.output.kind !== "files") return [];
  const names = new Set(keptNames(download));
  for (const { args } of commandsNamed(commands, "mv", "cp", "install", "ln")) {
    const words = args.filter((arg) => !arg.value.startsWith("-")).map((arg) => fileName(arg.value));
    const target = words.at(-1);
    if (target !== undefined && words.slice(0, -1).some((word) => names.has(word))) names.add(target);
  }
  return [...names];
};

const fileName = (path: string): string => fileNameOf(path.replace(/\$\{(\w+)\}/g, "$$$1"));
