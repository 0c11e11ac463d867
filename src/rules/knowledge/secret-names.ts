/** Whether a variable of this name holds a secret, going by the words of the name: `NPM_TOKEN`, `dbPassword`. */
export const isSecretName = (name: string): boolean => {
  if (exactNames.has(name.toUpperCase())) return true;
  // Compiled into what the browser gets.
  if (/^(VITE|REACT_APP|VUE_APP|GATSBY)_/.test(name)) return false;
  // The key of a key and value pair, as in .NET's `Filters__0__Key`.
  if (/__\d+__key$/i.test(name)) return false;
  if (/_(sha\d+|md5|checksum)(sum)?$/i.test(name)) return false;
  const words = wordsOf(name);
  return words.some((word) => secretWords.has(word)) && !words.some((word) => harmlessWords.has(word));
};

/** Whether a value cannot be a secret: a path, a URL without credentials, a number, a switch, a fingerprint. */
export const isHarmlessValue = (value: string): boolean =>
  /^[\W_]*$/.test(value) ||
  /^(true|false|yes|no|on|off|none|null|enabled?|disabled?|auto)$/i.test(value) ||
  /^\d+(\.\d+)?$/.test(value) ||
  /^(~|\.{1,2})?\/[\w./${}~-]*$/.test(value) ||
  /^[\w.-]+(\/[\w.-]+)+\.[a-z]{2,5}$/.test(value) ||
  /^(0x)?([0-9A-F]{40}|[0-9A-F]{16}|([0-9A-F]{4}\s*){10})$/i.test(value) ||
  (/^[a-z][a-z0-9+.-]*:\/\/\S*$/i.test(value) && !/^[^/]*\/\/[^/@:]*:[^/@]+@/.test(value));

/** Snake, dash and camel case: `AWS_SECRET-accessKey` gives aws, secret, access, key. */
const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[_.-]+/);

/** The words of BuildKit's check SecretsUsedInArgOrEnv, and their plurals where they name secrets. */
const secretWords: ReadonlySet<string> = new Set(
  "apikey auth credential credentials key passphrase password passwords passwd pword pwd secret secrets token tokens".split(
    " ",
  ),
);

/** Parts that make it a place, a name or a property of a secret, or something public. */
const harmlessWords: ReadonlySet<string> = new Set(
  (
    "gpg pgp public pub file files path dir directory url uri server host endpoint name id ids ttl version enabled enable " +
    "disabled disable method type mode size length count expiry expire expires algorithm alg fingerprint keyring " +
    "keyserver cache sort primary foreign plugin provider prefix suffix header issuer audience scope realm release signing max min limit"
  ).split(" "),
);

/** Names that BuildKit's words alone would not tell, and those that a harmless word would hide. */
const exactNames: ReadonlySet<string> = new Set(
  (
    "AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AZURE_CLIENT_SECRET GITHUB_TOKEN GH_TOKEN GITLAB_TOKEN NPM_TOKEN NODE_AUTH_TOKEN " +
    "YARN_AUTH_TOKEN PYPI_TOKEN CARGO_REGISTRY_TOKEN NUGET_API_KEY COMPOSER_AUTH DOCKER_AUTH_CONFIG PGPASSWORD MYSQL_PWD " +
    "REDISCLI_AUTH SSH_PRIVATE_KEY SIGNING_KEY GPG_PASSPHRASE GPG_PRIVATE_KEY SIGNING_SECRET SLACK_SIGNING_SECRET " +
    "SENTRY_AUTH_TOKEN HF_TOKEN OPENAI_API_KEY ANTHROPIC_API_KEY"
  ).split(" "),
);
