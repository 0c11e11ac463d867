import type { ShellWord } from "./script.ts";

/** A program that runs the command behind it. */
interface Wrapper {
  /** Options that take the next word as their value. */
  readonly values?: readonly string[];
  /** Words of its own before the command: the duration of `timeout`. */
  readonly operands?: number;
  /** `env A=1 command` */
  readonly takesAssignments?: boolean;
  /** Options with which it runs nothing: `command -v`. */
  readonly inert?: readonly string[];
}

const wrappers: Readonly<Record<string, Wrapper>> = {
  builtin: {},
  busybox: { inert: ["--list", "--list-full", "--install", "--help"] },
  command: { inert: ["-v", "-V"] },
  doas: { values: ["-u", "-C"], takesAssignments: true },
  eatmydata: {},
  env: { values: ["-u", "--unset", "-C", "--chdir"], takesAssignments: true, inert: ["-S", "--split-string"] },
  exec: { values: ["-a"] },
  fakeroot: { values: ["-l", "-s", "-i", "-b"] },
  flock: { values: ["-w", "--timeout", "-E", "-c"], operands: 1, inert: ["-c", "--command"] },
  gosu: { operands: 1 },
  ionice: { values: ["-c", "-n", "-p", "--class", "--classdata"] },
  nice: { values: ["-n", "--adjustment"] },
  nohup: {},
  runuser: { values: ["-u", "--user", "-g", "--group"], inert: ["-c", "--command", "-l", "-"] },
  setpriv: {
    values: ["--reuid", "--regid", "--groups", "--ruid", "--euid", "--rgid", "--egid", "--inh-caps", "--bounding-set"],
  },
  setsid: {},
  stdbuf: { values: ["-i", "-o", "-e"] },
  "su-exec": { operands: 1 },
  sudo: {
    values: [
      "-u",
      "-g",
      "-h",
      "-p",
      "-C",
      "-r",
      "-t",
      "-U",
      "-T",
      "-D",
      "-R",
      "--user",
      "--group",
      "--host",
      "--chdir",
    ],
    takesAssignments: true,
    inert: ["-l", "-v", "-k", "-K", "-V", "-e"],
  },
  time: { values: ["-f", "-o", "--format", "--output"] },
  timeout: { values: ["-s", "--signal", "-k", "--kill-after"], operands: 1 },
  torsocks: {},
  unbuffer: {},
  xargs: {
    values: [
      "-I",
      "-n",
      "-P",
      "-L",
      "-s",
      "-d",
      "-E",
      "-a",
      "--max-args",
      "--max-procs",
      "--max-lines",
      "--delimiter",
      "--arg-file",
    ],
  },
  "xvfb-run": { values: ["-n", "-s", "-e", "-f", "-l", "-p", "-w"] },
};

export interface Unwrapped {
  /** Position of the inner command's name in the words; 0 when nothing was taken off. */
  readonly start: number;
  /** Positions of the wrappers' names. */
  readonly wrappers: readonly number[];
  /** Positions of words such as `A=1` that the wrapper sets for the command. */
  readonly assignments: readonly number[];
}

/** Takes wrappers off a simple command's words, name first. */
export const unwrap = (words: readonly ShellWord[]): Unwrapped => {
  const taken: number[] = [];
  const assignments: number[] = [];
  let start = 0;
  for (;;) {
    const word = words[start];
    const name = word?.isLiteral ? programName(word.value) : "";
    const wrapper = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined;
    const inner = wrapper && innerStart(words, start + 1, wrapper, assignments);
    if (inner === undefined || inner >= words.length) return { start, wrappers: taken, assignments };
    taken.push(start);
    start = inner;
  }
};

/** `curl` for `/usr/bin/curl`. */
export const programName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const innerStart = (
  words: readonly ShellWord[],
  from: number,
  wrapper: Wrapper,
  assignments: number[],
): number | undefined => {
  let at = from;
  let operands = wrapper.operands ?? 0;
  for (; at < words.length; at++) {
    const { value } = words[at] as ShellWord;
    if (value === "--") {
      at++;
      break;
    }
    if (
      wrapper.inert?.some((option) => value === option || (option.startsWith("--") && value.startsWith(`${option}=`)))
    ) {
      return undefined;
    }
    if (value.startsWith("-") && value !== "-") {
      if (wrapper.values?.includes(value)) at++;
    } else if (wrapper.takesAssignments && /^[A-Za-z_]\w*=/.test(value)) assignments.push(at);
    else if (operands > 0) operands--;
    else break;
  }
  return at;
};
