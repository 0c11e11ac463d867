import { joinFields } from "./records.ts";
import type { Secret, SshForward } from "./target.ts";

/** As `--secret` and Bake take it. */
export const secretFields = (secret: Secret): string =>
  joinFields([`id=${secret.id}`, secret.from === "env" ? `env=${secret.name}` : `src=${secret.path}`]);

/** As `--ssh` and Bake take it. */
export const sshFields = (forward: SshForward): string =>
  forward.paths.length === 0 ? forward.id : `${forward.id}=${forward.paths.join(",")}`;
