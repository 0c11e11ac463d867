import { constants } from "node:fs";
import { access, chmod, chown, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemReason } from "./shown-path.ts";

/**
 * Puts other bytes in the place of a file's, whole or not at all, with its mode and owner; a symbolic link stays one.
 * Rejects with the reason, without the path, also when the file is no longer what it was.
 */
export const replaceFile = async (
  path: string,
  { before, after }: { readonly before: Uint8Array; readonly after: Uint8Array },
): Promise<void> => {
  let temporary: string | undefined;
  try {
    const file = await realpath(path);
    await access(file, constants.W_OK);
    const { mode, uid, gid } = await stat(file);
    temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
    await writeFile(temporary, after, { flag: "wx", mode: 0o600 });
    // Only a privileged user can give a file away; everybody else owns what is replaced.
    if (process.getuid?.() !== uid) await chown(temporary, uid, gid).catch(() => {});
    await chmod(temporary, mode & 0o7777);
    if (!(await readFile(file)).equals(before)) throw new Error("it was changed meanwhile");
    await rename(temporary, file);
    temporary = undefined;
  } catch (error) {
    throw new Error(systemReason(error));
  } finally {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => {});
  }
};
