import { linkedTargets } from "../build/bake-definition.ts";
import { redactor } from "../build/redaction.ts";
import type { Secret, Target } from "../build/target.ts";
import type { SecretValue } from "../image/secret-forms.ts";
import type { Docker, Measure } from "../ports.ts";
import { redactDeep } from "../redact-report.ts";
import { keyFiles, readSecretValues } from "./buildx-secrets.ts";
import { measurer } from "./oci-layout.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * An engine whose images are searched for the values of all secrets of the builds, also of those that other
 * targets get, and for further ones. What it tells of images holds none of the values.
 */
export const provingDocker = (
  environment: Environment,
  connect: (measure: Measure) => Docker,
  further: readonly SecretValue[] = [],
): Docker => {
  const measures = new WeakMap<Target, Measure>();
  const docker = connect((layout, metadata, target) => (measures.get(target) ?? measurer())(layout, metadata, target));
  return {
    ...docker,
    build: async (targets, run) => {
      const secrets = [...(await secretsOf(targets, environment)), ...further];
      const measure = measurer(secrets.length === 0 ? {} : { secrets });
      for (const target of targets) measures.set(target, measure);
      const redact = redactor(secrets.map(({ value }) => value));
      const built = await docker.build(targets, run);
      return built.map((one) => ({ ...one, images: redactDeep(one.images, redact) }));
    },
  };
};

/** Each value under its id; of ssh the key files, since an agent gives none away. */
export const secretsOf = async (
  targets: readonly Target[],
  environment: Environment,
): Promise<readonly SecretValue[]> => {
  const all = targets.flatMap(linkedTargets);
  const sources = [...all.flatMap(({ secrets }) => secrets), ...all.flatMap(({ ssh }) => keyFiles(ssh))];
  return namedValues(sources, environment);
};

/** The values behind secrets, once each; one that is empty or cannot be read has none. */
export const namedValues = async (
  secrets: readonly Secret[],
  environment: Environment,
): Promise<readonly SecretValue[]> => {
  const once = new Map(secrets.map((secret) => [JSON.stringify(secret), secret] as const));
  const read = await Promise.all(
    [...once.values()].map(async (secret) => {
      const [value] = await readSecretValues([secret], environment);
      return value === undefined || value.length === 0 ? [] : [{ id: secret.id, value }];
    }),
  );
  return read.flat();
};
