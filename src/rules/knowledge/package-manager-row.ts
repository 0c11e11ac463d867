/**
 * - `install`: installs what the operands name, or the project when there are none
 * - `update`: fetches the package index only
 * - `upgrade`: newer versions of what is installed
 * - `build-deps`: what a source package needs (`apt-get build-dep`)
 * - `download`: fetches without installing
 * - `unknown`: the sub-command is a variable
 */
export type PackageAction =
  | "install"
  | "update"
  | "upgrade"
  | "remove"
  | "clean"
  | "build-deps"
  | "download"
  | "other"
  | "unknown";

export interface ManagerRow {
  /** Sub-commands by action, divided by commas; an empty one is the bare command. */
  readonly actions: Partial<Record<PackageAction, string>>;
  /** Options that take the next word as their value. */
  readonly valued: string;
  readonly assumeYes?: string;
  readonly caches: string;
  readonly cleanUp?: string;
  readonly singleDashWords?: boolean;
}
