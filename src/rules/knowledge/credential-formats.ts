/** A credential found in a text. Its value is never kept: positions are all that a message needs. */
export interface FoundCredential {
  /** With its article: `a GitHub token`. */
  readonly what: string;
  readonly start: number;
  readonly end: number;
}

/** All credentials in a text whose format gives them away, in order, placeholders left out. */
export const findCredentials = (text: string): readonly FoundCredential[] => {
  const tokens: FoundCredential[] = [];
  findTokens(text, tokens);
  // Looking for a word that every match holds costs a tenth of the pattern.
  const keys = text.includes("PRIVATE KEY") ? findPrivateKeys(text) : [];
  const passwords = text.includes("@") ? findUrlPasswords(text) : [];
  const found = keys.length + passwords.length === 0 ? tokens : [...tokens, ...keys, ...passwords];
  if (found.length === 0) return found;
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  let end = 0;
  return found.filter((one) => {
    if (one.start < end) return false;
    end = one.end;
    return true;
  });
};

/** The text as a message may print it. */
export const withoutCredentials = (text: string): string =>
  findCredentials(text).reduceRight((left, { start, end }) => `${left.slice(0, start)}…${left.slice(end)}`, text);

/** A value that stands for a credential: `changeme`, `<token>`, `xxxx`, `${TOKEN}`. */
export const isPlaceholder = (value: string): boolean =>
  /example|change_?-?me|placeholder|dummy|redacted|xxxx|your[-_]|insert|replace|0123456789|1234567890|abcdefghij|[<>${}*]|\.\.\./i.test(
    value,
  ) || new Set(value.toLowerCase()).size <= Math.min(4, value.length / 4);

interface TokenFormat {
  readonly what: string;
  readonly pattern: string;
}

/** Prefixes and lengths as the issuers document them. */
const tokenFormats: readonly TokenFormat[] = [
  { what: "a GitHub token", pattern: "gh[pousr]_[A-Za-z0-9]{36,251}" },
  { what: "a GitHub token", pattern: "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}" },
  { what: "a GitLab token", pattern: "gl(?:pat|rt|dt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_-]{20,}" },
  { what: "an AWS access key", pattern: "(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])" },
  { what: "a Google API key", pattern: "AIza[A-Za-z0-9_-]{35}" },
  { what: "a Google client secret", pattern: "GOCSPX-[A-Za-z0-9_-]{28}" },
  { what: "a Google access token", pattern: "ya29\\.[A-Za-z0-9_-]{60,}" },
  { what: "a Slack token", pattern: "xox[abeoprs]-[A-Za-z0-9-]{20,}" },
  { what: "a Slack token", pattern: "xapp-\\d-[A-Z0-9]+-\\d+-[a-f0-9]{32,}" },
  {
    what: "a Slack webhook",
    pattern: "https://hooks\\.slack\\.com/services/T[A-Z0-9]{7,}/B[A-Z0-9]{7,}/[A-Za-z0-9]{20,}",
  },
  { what: "a Stripe key", pattern: "[sr]k_live_[A-Za-z0-9]{24,}" },
  { what: "an npm token", pattern: "npm_[A-Za-z0-9]{36}" },
  { what: "a PyPI token", pattern: "pypi-AgE[A-Za-z0-9_-]{60,}" },
  { what: "a RubyGems key", pattern: "rubygems_[a-f0-9]{48}" },
  { what: "a crates.io token", pattern: "cio[A-Za-z0-9]{32}(?![A-Za-z0-9])" },
  { what: "a NuGet key", pattern: "oy2[a-z0-9]{43}(?![a-z0-9])" },
  { what: "a Docker Hub token", pattern: "dckr_[po]at_[A-Za-z0-9_-]{27,}" },
  { what: "an OpenAI key", pattern: "sk-(?:(?:proj|svcacct|admin)-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}" },
  { what: "an Anthropic key", pattern: "sk-ant-[a-z]+\\d\\d-[A-Za-z0-9_-]{80,}" },
  { what: "a Hugging Face token", pattern: "hf_[A-Za-z]{34}(?![A-Za-z0-9])" },
  { what: "a SendGrid key", pattern: "SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}" },
  { what: "a DigitalOcean token", pattern: "do[opr]_v1_[a-f0-9]{64}" },
  { what: "a Databricks token", pattern: "dapi[a-f0-9]{32}(?![a-f0-9])" },
  { what: "a Telegram bot token", pattern: "\\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])" },
  { what: "a Shopify token", pattern: "shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}" },
  { what: "a Grafana token", pattern: "gl(?:sa|c)_[A-Za-z0-9+/=_]{32,}" },
  { what: "a Vault token", pattern: "hv[sb]\\.[A-Za-z0-9_-]{90,}" },
  { what: "a Terraform token", pattern: "[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_-]{60,}" },
  { what: "a Linear key", pattern: "lin_api_[A-Za-z0-9]{40}" },
  { what: "a Pulumi token", pattern: "pul-[a-f0-9]{40}" },
  { what: "a New Relic key", pattern: "NRAK-[A-Z0-9]{27}" },
  { what: "a Tailscale key", pattern: "tskey-(?:auth|api|client)-[A-Za-z0-9]+-[A-Za-z0-9]{20,}" },
  { what: "an age identity", pattern: "AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}" },
  { what: "an Atlassian token", pattern: "ATATT3[A-Za-z0-9_=-]{180,}" },
  { what: "a JSON web token", pattern: "eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{20,}" },
];

/** One pass over the text for all formats; group i belongs to format i. */
const anyToken = new RegExp(
  `(?<![A-Za-z0-9_/+.-])(?:${tokenFormats.map(({ pattern }) => `(${pattern})`).join("|")})`,
  "g",
);

const azureKey = /AccountKey=([A-Za-z0-9+/]{86}==)/g;

/** No prefix of its own: 40 characters that the name in front gives away. */
const awsSecret = /aws_?secret_?(?:access_?)?key["']?(?:\s*[=:]\s*|\s+)["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi;

/** Every format holds such a run, not of small letters and dashes alone; the lines of others are not looked at. */
const shortestRun = 20;
const onlyWords = /^[a-z-]+$/;

const isRunAt = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
  return isLetter || (code >= 48 && code <= 57) || code === 45 || code === 95;
};

/** The next run of letters, digits, `_` and `-`. No run is longer than the steps between the places looked at. */
const nextRun = (text: string, from: number): { readonly start: number; readonly end: number } | undefined => {
  for (let at = from + shortestRun - 1; at < text.length; at += shortestRun) {
    if (!isRunAt(text, at)) continue;
    let start = at;
    while (start > from && isRunAt(text, start - 1)) start--;
    let end = at + 1;
    while (end < text.length && isRunAt(text, end)) end++;
    if (end - start >= shortestRun) return { start, end };
    at = end;
  }
  return undefined;
};

const findTokens = (text: string, found: FoundCredential[]): void => {
  let from = 0;
  for (let run = nextRun(text, from); run !== undefined; run = nextRun(text, from)) {
    from = run.end;
    if (onlyWords.test(text.slice(run.start, run.end))) continue;
    const start = text.lastIndexOf("\n", run.start) + 1;
    const lineBreak = text.indexOf("\n", run.start);
    const end = lineBreak < 0 ? text.length : lineBreak;
    for (const match of text.slice(start, end).matchAll(anyToken)) {
      const format = tokenFormats[match.slice(1).findIndex((group) => group !== undefined)];
      if (format === undefined || isPlaceholder(match[0])) continue;
      found.push({ what: format.what, start: start + match.index, end: start + match.index + match[0].length });
    }
    from = end;
  }
  for (const match of text.matchAll(awsSecret)) {
    const value = match[1] ?? "";
    if (isPlaceholder(value) || /^[a-f0-9]{40}$/.test(value)) continue;
    const end = match.index + match[0].length;
    found.push({ what: "an AWS secret key", start: end - value.length, end });
  }
  if (!text.includes("AccountKey=")) return;
  for (const match of text.matchAll(azureKey)) {
    const start = match.index + "AccountKey=".length;
    found.push({ what: "an Azure storage key", start, end: match.index + match[0].length });
  }
};

/** The line that begins a private key, when key material follows it: as lines, or behind `\n` in a string. */
const findPrivateKeys = (text: string): FoundCredential[] =>
  [
    ...text.matchAll(/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?=(?:\\n|[\s\\"'+])*[A-Za-z0-9+/=]{40,})/g),
  ].map((match) => ({ what: "a private key", start: match.index, end: match.index + match[0].length }));

/** The password in `scheme://user:password@host`. */
const findUrlPasswords = (text: string): FoundCredential[] => {
  const found: FoundCredential[] = [];
  for (const match of text.matchAll(/:\/\/([^\s/:@"'<>]*):([^\s/:@"'<>]{3,})@([\w.${}-]+)/g)) {
    const [, user = "", password = "", host = ""] = match;
    if (!/[a-z0-9+.-]/i.test(text[match.index - 1] ?? "")) continue;
    if (isPlaceholder(password) || /[$`()%]\w*|^(pass(word|wd)?|pw|secret|token|user(name)?)$/i.test(password))
      continue;
    if (password === user || /^(localhost|127\.|0\.0\.0\.0)/.test(host)) continue;
    const start = match.index + 3 + user.length + 1;
    found.push({ what: "a password in a URL", start, end: start + password.length });
  }
  return found;
};
