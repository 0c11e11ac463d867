import { setFlagsFromString } from "node:v8";

/** A repository with more Dockerfiles is worth other settings. */
export const manyFiles = 500;

/**
 * For thousands of files. Room for new objects does not grow and garbage is collected at once, because little is kept
 * of an audited file. And does without the last tier of the compiler and without inlining in the one below it: over a
 * hundred rules that run a thousand times each they take longer than they save, and more memory than all that is found.
 */
export const expectManyFiles = (): void =>
  set("--semi-space-growth-factor=1", "--no-incremental-marking", "--no-opt", "--no-maglev-inlining");

/**
 * For loops over hundreds of megabytes, which want every tier of the compiler. They make millions of objects that die
 * at once: more and more room for new ones would cost 60 MB, and saves a few percent of time.
 */
export const expectManyBytes = (): void => set("--opt", "--maglev-inlining", "--semi-space-growth-factor=1");

const set = (...flags: readonly string[]): void => flags.forEach((flag) => void setFlagsFromString(flag));
