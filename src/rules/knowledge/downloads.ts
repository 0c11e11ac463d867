import type { Redirect, ShellCommand, ShellWord } from "../../dockerfile/script.ts";
import {
  type CommandOptions,
  findOption,
  hasOption,
  isFedByXargs,
  type OptionSyntax,
  readOptions,
} from "./command-options.ts";
import { withoutCredentials } from "./credential-formats.ts";

/** A call of curl, wget, aria2c or axel that fetches something. */
export interface Download {
  readonly command: ShellCommand;
  readonly options: CommandOptions;
  /** The words that are URLs or variables in their place; empty when xargs adds them. */
  readonly urls: readonly ShellWord[];
  readonly output:
    | { readonly kind: "standard-output" }
    /** Paths as written, variables kept. */
    | { readonly kind: "files"; readonly paths: readonly string[] }
    /** Asks for headers only or throws the content away. */
    | { readonly kind: "nowhere" };
  /** The program itself compares the content with a checksum. */
  readonly isChecked: boolean;
}

export const readDownload = (command: ShellCommand): Download | undefined => {
  const tool = tools.get(command.name);
  if (tool === undefined) return undefined;
  const read = readOptions(command.args, tool.syntax);
  const named = read.options.flatMap((option) => (option.name === "--url" ? (option.valueWord ?? []) : []));
  const urls = [...read.operands, ...named].filter((word) => isUrlOrVariable(word.value));
  if (urls.length === 0 && !isFedByXargs(command)) return undefined;
  const certain = urls.filter((word) => word.value.includes("://"));
  return {
    command,
    options: read,
    urls: certain.length > 0 ? certain : urls,
    output: outputOf(command, urls, tool, read),
    isChecked: hasOption(read, "--checksum"),
  };
};

/** Letters and words of curl that take a value (`curl --help all`). */
export const curlSyntax: OptionSyntax = {
  valued: new Set(
    [
      ..."AbcCdDeEFhHKmoPQrtTuUwxXyYz".split("").map((letter) => `-${letter}`),
      ..."user-agent cookie cookie-jar continue-at data data-ascii data-binary data-raw data-urlencode dump-header".split(
        " ",
      ),
      ..."referer cert form form-string header config max-time output ftp-port quote range telnet-option".split(" "),
      ..."upload-file user proxy-user write-out proxy request speed-limit speed-time time-cond url output-dir".split(
        " ",
      ),
      ..."cacert capath ciphers connect-timeout connect-to create-file-mode delegation dns-servers interface".split(
        " ",
      ),
      ..."json key key-type limit-rate local-port login-options max-filesize max-redirs netrc-file noproxy".split(" "),
      ..."oauth2-bearer pass pinnedpubkey preproxy proto proto-default proto-redir proxy-cacert proxy-header".split(
        " ",
      ),
      ..."rate resolve retry retry-delay retry-max-time socks5 socks5-hostname stderr tls-max trace tls13-ciphers".split(
        " ",
      ),
      ..."cert-type engine unix-socket url-query variable expect100-timeout happy-eyeballs-timeout-ms aws-sigv4".split(
        " ",
      ),
    ].map((name) => (name.startsWith("-") ? name : `--${name}`)),
  ),
};

export const wgetSyntax: OptionSyntax = {
  valued: new Set(
    [
      ..."oaeitOTwQPUlARDIXB".split("").map((letter) => `-${letter}`),
      ..."output-file append-output execute input-file base tries output-document timeout wait quota".split(" "),
      ..."directory-prefix user-agent level accept reject domains header user password http-user http-password".split(
        " ",
      ),
      ..."ftp-user ftp-password proxy-user proxy-password referer save-cookies load-cookies post-data post-file".split(
        " ",
      ),
      ..."method body-data body-file waitretry limit-rate bind-address dns-timeout connect-timeout read-timeout".split(
        " ",
      ),
      ..."ca-certificate ca-directory certificate private-key secure-protocol progress cut-dirs retry-on-http-error".split(
        " ",
      ),
      ..."max-redirect prefer-family config default-page accept-regex reject-regex include-directories".split(" "),
    ].map((name) => (name.startsWith("-") ? name : `--${name}`)),
  ),
};

/** The scheme and host of a URL as far as they are written; undefined for a variable or a name without either. */
export const readUrl = (text: string): { readonly scheme: string; readonly host: string } | undefined => {
  const found = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/@\s]*@)?(\[[^\]]*\]|[^/:?#\s]*)/i.exec(text);
  return found === null ? undefined : { scheme: (found[1] ?? "").toLowerCase(), host: (found[2] ?? "").toLowerCase() };
};

/** A URL as a message may print it: no user, no password, no query, no token. */
export const printableUrl = (text: string): string =>
  withoutCredentials(beforeQuery(text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/i, "$1")));

export const isLocalHost = (host: string): boolean =>
  /^(localhost|.*\.localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1\]|host\.docker\.internal)$/.test(host);

/** Hosts that only a private network knows: RFC 1918 and link-local addresses, bare names, internal domains. */
export const isPrivateHost = (host: string): boolean =>
  isLocalHost(host) ||
  /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(host) ||
  /\.(local|internal|intranet|lan|corp|home|test|invalid)$/.test(host) ||
  (host !== "" && !/[.$:[]/.test(host));

/** The last part of a path or URL, without query: the name under which curl -O and wget keep a file. */
export const fileNameOf = (path: string): string => {
  if (!/[$?#]/.test(path)) return path.slice(path.lastIndexOf("/") + 1);
  const known = beforeQuery(path);
  const slash = known.replace(expansion, (found) => "_".repeat(found.length)).lastIndexOf("/");
  return known.slice(slash + 1);
};

/** Signatures, checksums and certificates: files that one verifies with, not files to verify. */
export const isVerificationFile = (path: string): boolean => {
  const name = fileNameOf(path);
  return (
    /\.(asc|sig|sign|minisig|gpg|pgp|key|pub|pem|crt|cer|crl|sha\d*(sums?)?|md5(sums?)?|b2|sbom|intoto\.jsonl)(\.txt)?$/i.test(
      name,
    ) || /(sha(1|224|256|384|512)?|md5)[-_]?sums?|checksums?/i.test(name)
  );
};

/** Where package managers look for keys and repository lists; they verify what comes from there. */
export const isPackageManagerConfig = (path: string): boolean =>
  /^\/(etc\/(apt|yum\.repos\.d|yum|dnf|zypp|apk|pki|pacman\.d)|usr\/(local\/)?share\/keyrings|usr\/lib\/apk)(\/|$)/.test(
    path,
  ) || /\.(list|repo|sources)$/.test(path);

/** The commands that read this one's output through pipes, nearest first. */
export const receiversOf = (command: ShellCommand, commands: readonly ShellCommand[]): readonly ShellCommand[] => {
  const receivers: ShellCommand[] = [];
  let next = command.pipedInto;
  while (next !== undefined && receivers.length < commands.length) {
    const receiver = commands[next];
    if (receiver === undefined) break;
    receivers.push(receiver);
    next = receiver.pipedInto;
  }
  return receivers;
};

/** The file that standard output is redirected to. */
export const outputRedirect = (command: ShellCommand): Redirect | undefined =>
  command.redirects.find(
    (redirect) =>
      /^(>|>>|>\||&>|&>>)$/.test(redirect.operator) && (redirect.descriptor === undefined || redirect.descriptor === 1),
  );

/** `${X#v}`, `${X:?}` and `$(…)`, whose `?`, `#` and `/` are not those of the URL. */
const expansion = /\$\{[^}]*(?:\}|$)|\$\([^)]*(?:\)|$)/g;

const beforeQuery = (text: string): string => /^(?:\$\{[^}]*(?:\}|$)|\$\([^)]*(?:\)|$)|[^?#])*/.exec(text)?.[0] ?? text;

interface Tool {
  readonly syntax: OptionSyntax;
  readonly output: readonly string[];
  readonly directory: readonly string[];
  readonly nowhere: readonly string[];
  /** What it does without an output option. */
  readonly keeps: "standard-output" | "file";
}

const tools: ReadonlyMap<string, Tool> = new Map([
  [
    "curl",
    {
      syntax: curlSyntax,
      output: ["-o", "--output"],
      directory: ["--output-dir"],
      nowhere: ["-I", "--head", "-T", "--upload-file"],
      keeps: "standard-output",
    },
  ],
  [
    "wget",
    {
      syntax: wgetSyntax,
      output: ["-O", "--output-document"],
      directory: ["-P", "--directory-prefix"],
      nowhere: ["--spider"],
      keeps: "file",
    },
  ],
  [
    "aria2c",
    {
      syntax: { valued: new Set("odxsjkiltUM".split("").map((letter) => `-${letter}`)) },
      output: ["-o", "--out"],
      directory: ["-d", "--dir"],
      nowhere: ["--dry-run"],
      keeps: "file",
    },
  ],
  [
    "axel",
    {
      syntax: { valued: new Set(["-o", "--output", "-n", "--num-connections", "-s", "-H", "-U"]) },
      output: ["-o", "--output"],
      directory: [],
      nowhere: [],
      keeps: "file",
    },
  ],
]);

const outputOf = (
  command: ShellCommand,
  urls: readonly ShellWord[],
  tool: Tool,
  read: CommandOptions,
): Download["output"] => {
  if (hasOption(read, ...tool.nowhere)) return { kind: "nowhere" };
  const directory = findOption(read, ...tool.directory)?.value;
  const inDirectory = (name: string): string =>
    directory === undefined || name.startsWith("/") ? name : `${directory.replace(/\/$/, "")}/${name}`;
  const named = read.options
    .filter((option) => tool.output.includes(option.name))
    .flatMap((option) => option.value ?? []);
  const remoteNamed = tool.keeps === "file" || hasOption(read, "-O", "--remote-name", "--remote-name-all");
  const written = named.filter((path) => path !== "-");
  if (written.length === 0 && remoteNamed && named.length === 0)
    return { kind: "files", paths: urls.map((url) => inDirectory(fileNameOf(url.value))) };
  const redirected = outputRedirect(command)?.target?.value;
  const paths = [
    ...written.map(inDirectory),
    ...(written.length === 0 && redirected !== undefined ? [redirected] : []),
  ];
  if (paths.length === 0 || paths.every((path) => path === "/dev/stdout")) return { kind: "standard-output" };
  if (paths.every((path) => /^\/dev\/(null|stderr|tty)$/.test(path))) return { kind: "nowhere" };
  return { kind: "files", paths };
};

const isUrlOrVariable = (text: string): boolean =>
  /^(https?|ftps?):\/\//i.test(text) || /^["']?\$/.test(text) || /^[\w-]+(\.[\w-]+)+\/\S/.test(text);
