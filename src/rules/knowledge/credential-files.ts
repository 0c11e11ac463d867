import type { BuildContext } from "../audited-file.ts";
import { findCredentials } from "./credential-formats.ts";
import { baseName, withoutEndSlashes } from "./paths.ts";
import { isHarmlessValue, isSecretName } from "./secret-names.ts";

export interface CredentialFile {
  /** With its article: `an SSH key`. */
  readonly what: string;
  /** `name`: the name says it. `content`: only a content with a credential in it makes it one. */
  readonly evidence: "name" | "content";
}

/** What kind of credential file a path is by its name; undefined for all others, public halves and samples included. */
export const credentialFileOf = (path: string): CredentialFile | undefined => {
  const clean = withoutEndSlashes(path);
  const name = baseName(clean);
  if (!hint.test(clean)) return undefined;
  if (/\.(pub|crt|cer|csr|example|sample|template|dist|tmpl|tpl|md|j2)$/i.test(name)) return undefined;
  if (/^\.env(\..+)?$|^\.envrc$/.test(name) && /example|sample|template|dist|defaults?|schema|test/i.test(name))
    return undefined;
  return kinds.find(({ pattern }) => pattern.test(clean));
};

/** Whether a path is a credential file, its content counted in where the context can read it. */
export const isCredentialFile = (context: Pick<BuildContext, "read"> | undefined, path: string): boolean => {
  const kind = credentialFileOf(path);
  if (kind === undefined) return false;
  const text = context?.read(path);
  if (kind.evidence === "content") return text !== undefined && holdsCredential(text);
  if (text === undefined) return true;
  if (/\.(pem|key)$/i.test(path)) return text.includes("PRIVATE KEY") || !text.includes("-----BEGIN");
  return kind.what !== "an environment file" || holdsSecretVariable(text);
};

/** A committed .env often holds ports and versions only. */
const holdsSecretVariable = (text: string): boolean =>
  findCredentials(text).length > 0 ||
  [...text.matchAll(/^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*["']?([^"'\r\n]*)/gm)].some(
    ([, name = "", value = ""]) => isSecretName(name) && !isHarmlessValue(value.trim()) && !/^\$\{?\w+/.test(value),
  );

/** Whether a text holds a credential of a package manager or a client: a token, a password or a private key. */
const holdsCredential = (text: string): boolean =>
  findCredentials(text).length > 0 ||
  /^[ \t]*(\/\/\S+:)?_?(auth|authToken|password)\s*[=:]\s*["']?[^\s"'$]{6,}/im.test(text) ||
  /\bpassword\s+[^\s$]{3,}/i.test(text) ||
  /"auth"\s*:\s*"[^"]{8,}"/.test(text) ||
  /\/\/[^\s/:@]+:[^\s/:@$]+@/.test(text);

/** Part of every name below, so that most paths are left after one look. */
const hint =
  /env|id_|\.ssh|aws|credential|service|gcp|gcloud|azure|kube|docker|git-|pgpass|htpasswd|kdbx|agekey|p12|pfx|ppk|tfstate|key|pem|jks|npmrc|yarnrc|pypirc|pip\.conf|netrc|auth|nuget|settings|gradle/i;

const kinds: readonly (CredentialFile & { readonly pattern: RegExp })[] = [
  { what: "an environment file", evidence: "name", pattern: /(^|\/)\.env(\.[\w-]+)*$|(^|\/)\.envrc$/ },
  { what: "an SSH key", evidence: "name", pattern: /(^|\/)id_(rsa|dsa|ecdsa|ed25519|ecdsa_sk|ed25519_sk)$/ },
  { what: "the directory of SSH keys", evidence: "name", pattern: /(^|\/)\.ssh$/ },
  { what: "the credentials of AWS", evidence: "name", pattern: /(^|\/)\.aws(\/credentials)?$/ },
  {
    what: "the credentials of Google Cloud",
    evidence: "name",
    pattern:
      /(^|\/)(application_default_credentials|service[-_]account[\w-]*|gcp[-_](key|credentials)[\w-]*|gcloud[-_][\w-]*key)\.json$/,
  },
  {
    what: "the credentials of Azure",
    evidence: "name",
    pattern: /(^|\/)\.azure(\/(accessTokens|msal_token_cache)\.json)?$/,
  },
  {
    what: "a Kubernetes configuration",
    evidence: "name",
    pattern: /(^|\/)\.kube(\/config)?$|(^|\/)kubeconfig(\.ya?ml)?$/,
  },
  { what: "the logins of Docker", evidence: "name", pattern: /(^|\/)\.docker\/config\.json$|(^|\/)\.dockercfg$/ },
  { what: "the logins of git", evidence: "name", pattern: /(^|\/)\.git-credentials$/ },
  { what: "the passwords of PostgreSQL", evidence: "name", pattern: /(^|\/)\.pgpass$/ },
  { what: "a password file", evidence: "name", pattern: /(^|\/)\.htpasswd$/ },
  { what: "a password store", evidence: "name", pattern: /\.(kdbx|agekey)$/i },
  { what: "a key store", evidence: "name", pattern: /\.(p12|pfx|ppk)$/i },
  {
    what: "the master key of Rails",
    evidence: "name",
    pattern: /(^|\/)config\/(master|credentials\/\w+)\.key$|(^|\/)master\.key$/,
  },
  { what: "the state of Terraform", evidence: "name", pattern: /(^|\/)[\w.-]*\.tfstate(\.backup)?$/ },
  {
    what: "a private key",
    evidence: "name",
    pattern:
      /(^|\/)(privkey|private[-_]?key|server[-_]?key|tls|ssl|server|private|client|client[-_]?key|host|domain|localhost)\.(key|key\.pem)$|(^|\/)(privkey|private[-_]?key|[\w.-]*-key)\.pem$/i,
  },
  { what: "a private key", evidence: "content", pattern: /\.(pem|key|jks|keystore)$/i },
  {
    what: "a package manager's configuration",
    evidence: "content",
    pattern:
      /(^|\/)(\.npmrc|\.yarnrc(\.yml)?|\.pypirc|pip\.conf|\.netrc|_netrc|auth\.json|NuGet\.Config|settings\.xml|gradle\.properties|\.gem\/credentials|\.cargo\/credentials(\.toml)?)$/i,
  },
];
