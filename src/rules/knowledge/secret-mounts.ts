import type { Mount, RunInstruction } from "../../dockerfile/model.ts";

export interface SecretMount {
  readonly mount: Mount;
  readonly id: string;
  /** Undefined when the secret comes as a variable only. */
  readonly path: string | undefined;
  readonly variable: string | undefined;
}

/** The secrets of a RUN with BuildKit's defaults filled in: the file is `/run/secrets/<id>` unless `env` is given. */
export const secretMounts = (run: RunInstruction): readonly SecretMount[] =>
  run.mounts
    .filter(({ type }) => type === "secret")
    .map((mount) => {
      const target = mount.fields.get("target");
      const variable = mount.fields.get("env");
      const id = mount.fields.get("id") ?? mount.fields.get("source") ?? target?.replace(/^.*\//s, "") ?? "";
      const path = target ?? (variable === undefined ? `/run/secrets/${id.replace(/^.*\//s, "")}` : undefined);
      return { mount, id, path, variable };
    });

export const hasMount = (run: RunInstruction, ...types: readonly string[]): boolean =>
  run.mounts.some(({ type }) => types.includes(type));
