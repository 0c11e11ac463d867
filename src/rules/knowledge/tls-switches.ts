import type { ShellCommand, ShellWord } from "../../dockerfile/script.ts";
import { outputRedirect } from "./downloads.ts";

/** Whether a variable of this name and value turns certificate checks off. */
export const disablesTls = (name: string, value: string): boolean => {
  const upper = name.toUpperCase();
  if (trustedHosts.has(upper)) return value !== "" && !/^(localhost|127\.)/.test(value);
  if (checks.has(upper)) return /^(0|false|no|off)$/i.test(value);
  return upper === "GIT_SSL_NO_VERIFY" && !/^(|0|false|no|off)$/i.test(value);
};

/** Whether some value of the variable turns certificate checks off. */
export const decidesTls = (name: string): boolean => {
  const upper = name.toUpperCase();
  return trustedHosts.has(upper) || checks.has(upper) || upper === "GIT_SSL_NO_VERIFY";
};

export interface TlsSwitch {
  /** As a message prints it: of a word that writes a file, the setting alone. */
  readonly text: string;
  /** The word that turns the check off. */
  readonly word: ShellWord;
  /** What the word takes with it when it is deleted: its value. */
  readonly last: ShellWord;
  /** `-k` inside `-fsSLk`. */
  readonly letter?: string;
  /** It goes into a file, for another program to read. */
  readonly isWritten?: boolean;
}

/** The words of a command that turn certificate checks off. */
export const tlsSwitches = (command: ShellCommand): readonly TlsSwitch[] => {
  const { name, args } = command;
  if (name === "curl") return args.flatMap((word) => curlSwitch(word));
  const options = optionsOf.get(name.startsWith("pip") ? name.replace(/^pip[\d.]+$/, "pip3") : name);
  if (options === undefined) return writtenSwitches(command);
  return args.flatMap((word, at): readonly TlsSwitch[] => {
    if (options.alone?.test(word.value) === true) return [{ text: word.value, word, last: word }];
    const next = args[at + 1];
    const isValued = options.valued?.test(word.value) === true && next !== undefined;
    return isValued && options.value?.test(next.value) !== false ? [{ text: word.value, word, last: next }] : [];
  });
};

const checks: ReadonlySet<string> = new Set([
  "PYTHONHTTPSVERIFY",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "NPM_CONFIG_STRICT_SSL",
  "YARN_STRICT_SSL",
  "YARN_ENABLE_STRICT_SSL",
  "PERL_LWP_SSL_VERIFY_HOSTNAME",
  "CONDA_SSL_VERIFY",
  "BUNDLE_SSL_VERIFY_MODE",
]);

const trustedHosts: ReadonlySet<string> = new Set(["PIP_TRUSTED_HOST", "UV_INSECURE_HOST", "GOINSECURE"]);

const curlSwitch = (word: ShellWord): readonly TlsSwitch[] => {
  if (!word.value.startsWith("-")) return none;
  if (/^--(proxy-|doh-)?insecure$/.test(word.value)) return [{ text: word.value, word, last: word }];
  if (/^-k$/.test(word.value)) return [{ text: word.value, word, last: word }];
  return /^-[a-zA-Z#0-9]*k[a-jl-zA-Z]*$/.test(word.value) && !/^-[a-jl-zA-Z#]*[oHdXuAebFTwm]/.test(word.value)
    ? [{ text: word.value, word, last: word, letter: "k" }]
    : [];
};

interface DisablingOptions {
  readonly programs: string;
  readonly alone?: RegExp;
  /** An option that switches the check off by the word behind it. */
  readonly valued?: RegExp;
  readonly value?: RegExp;
}

const isOff = /^(0|false|no|off)$/i;

const disablingOptions: readonly DisablingOptions[] = [
  { programs: "wget", alone: /^--no-check-certificate$/ },
  { programs: "aria2c", alone: /^--check-certificate=false$/ },
  {
    programs: "pip pip2 pip3 pipenv poetry",
    alone: /^--trusted-host=(?!localhost)/,
    valued: /^(--trusted-host|global\.trusted-host)$/,
    value: /^(?!localhost|127\.)/,
  },
  {
    programs: "uv",
    alone: /^--(allow-insecure-host|trusted-host)=/,
    valued: /^--(allow-insecure-host|trusted-host)$/,
  },
  {
    programs: "git",
    alone: /^http(\..+)?\.sslverify=(0|false|no|off)$/i,
    valued: /^http(\..+)?\.sslverify$/i,
    value: isOff,
  },
  {
    programs: "npm pnpm yarn",
    alone: /^(--)?(strict-ssl|enableStrictSsl)=false$/,
    valued: /^(--)?(strict-ssl|enableStrictSsl)$/,
    value: isOff,
  },
  { programs: "yum dnf microdnf tdnf", alone: /^--setopt=([\w*-]+\.)?sslverify=(0|false|no)$/i },
  { programs: "apt apt-get aptitude", alone: /^(-o)?Acquire::https(::[^:]+)?::Verify-(Peer|Host)=(0|false|no)$/i },
  { programs: "conda mamba micromamba", alone: /^--insecure$/, valued: /^ssl_verify$/, value: isOff },
  { programs: "composer", valued: /^disable-tls$/, value: /^(1|true)$/ },
  { programs: "bundle", valued: /^ssl_verify_mode$/, value: isOff },
  {
    programs: "helm kubectl oc crane skopeo podman buildah cosign",
    alone: /^--(insecure-skip-tls-verify(=true)?|(src-|dest-)?tls-verify=false|allow-insecure-registry)$/,
  },
  { programs: "svn", alone: /^--trust-server-cert(-failures=.*)?$/ },
];

const optionsOf: ReadonlyMap<string, DisablingOptions> = new Map(
  disablingOptions.flatMap((options) => options.programs.split(" ").map((name) => [name, options] as const)),
);

const none: readonly TlsSwitch[] = [];

/** A setting that echo, printf or sed writes into a configuration file. */
const writtenSwitches = (command: ShellCommand): readonly TlsSwitch[] => {
  if (!/^(echo|printf|sed)$/.test(command.name)) return none;
  const redirect = outputRedirect(command);
  const isWritten = redirect !== undefined || command.pipedInto !== undefined || command.name === "sed";
  if (!isWritten) return none;
  const settings = /(^|\/)[._]?curlrc$/.test(redirect?.target?.value ?? "") ? curlSettings : fileSettings;
  return command.args.flatMap((word) => {
    const found = settings.exec(word.value);
    return found === null ? [] : [{ text: found[0], word, last: word, isWritten }];
  });
};

const fileSettings =
  /(?<![\w-])(sslverify|strict-ssl|check_certificate|ssl_verify)\s*[=:]\s*(0|false|no|off)\b(?!.*\/\s*\1\s*[=:]\s*(1|true|yes|on))|(?:Acquire::https::(?:[\w.*-]+::)?)?\bVerify-(?:Peer|Host)\s+(?:"(?:0|false|no)"|(?:0|false|no)\b)/i;

const curlSettings = /(?<=^|\s|\\n)(?:(?:--)?insecure|-k)(?=$|\s|\\n)/;
