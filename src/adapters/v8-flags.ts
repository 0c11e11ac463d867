import { setFlagsFromString } from "node:v8";

/** A repository with more Dockerfiles is worth other settings. */
export const manyFiles = 500;

/**
 * For thousands of files. Lets garbage pile up less: what is kept of an audited file is small, but V8 takes several
 * times of that before it collects. And does without the last tier of the compiler, which takes longer over a hundred
 * rules that run a thousand times each than it saves, and more memory than all that is found.
 */
export const expectManyFiles = (): void => {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=60");
  setFlagsFromString("--no-opt");
};

/**
 * For loops over hundreds of megabytes, which want every tier of the compiler. They make millions of objects that die
 * at once: more and more room for new ones would cost 60 MB, and saves a few percent of time.
 */
export const expectManyBytes = (): void => {
  setFlagsFromString("--opt");
  setFlagsFromString("--semi-space-growth-factor=1");
};
