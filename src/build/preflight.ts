import type { Span } from "../dockerfile/model.ts";
import { nearest } from "../dockerfile/nearest.ts";
import type { Need } from "./preflight-needs.ts";
import type { BuildFailure, BuildResult, Secret, Target } from "./target.ts";

/** BuildKit's limit, in bytes. */
export const largestSecret = 500 * 1024;

export interface SuppliedSecret {
  /** Where the value comes from, in words: "the environment variable `NPM_TOKEN`". */
  readonly source: string;
  /** The environment variable, where a step of the workflow or a shell can set it. */
  readonly setBy?: string;
  readonly state:
    | "ready"
    | "empty"
    | "missing"
    | "too large"
    | "no file"
    | "locked"
    | "no key"
    | "no agent"
    | "not alone";
  /** A value with a NUL byte fits into a file and into no environment variable. */
  readonly hasNul?: boolean;
}

/** What the workflow or the command line gives, by id. */
export interface Supplied {
  readonly secrets: ReadonlyMap<string, SuppliedSecret>;
  readonly ssh: ReadonlyMap<string, SuppliedSecret>;
}

/** What would stop a build, as far as it is known before. */
export interface PreflightProblem {
  /** The very words of the Dockerfile. */
  readonly at: Span;
  readonly message: string;
  /** The rule that a finding about it stands under. */
  readonly rule: string;
}

const secretRule = "unsupplied-secret";

/** What would make a build fail, or run with an empty secret. */
export const preflight = (needs: readonly Need[], supplied: Supplied): readonly PreflightProblem[] =>
  needs.flatMap((need) => {
    const message = need.kind === "secret" ? secretProblem(need, supplied) : sshProblem(need, supplied);
    return message === undefined ? [] : [{ at: need.at, message, rule: secretRule }];
  });

/** Two sources for one id in one run: BuildKit's cache does not tell their values apart, so either may win in both. */
export const conflictingSecrets = (needs: readonly Need[], given: readonly Secret[]): readonly PreflightProblem[] =>
  needs
    .filter(({ kind }) => kind === "secret")
    .flatMap(({ id, at }) => {
      const own = given.filter((secret) => secret.id === id);
      const sources = [...new Set(own.map(sourceOf))];
      if (sources.length < 2) return [];
      const message = `The secret \`${id}\` has two values in this run, from ${sources.join(" and ")}, which the build cache does not tell apart. Give one of them another id`;
      return [{ at, message, rule: secretRule }];
    });

const sourceOf = (secret: Secret): string =>
  secret.from === "env" ? `the environment variable \`${secret.name}\`` : `the file \`${secret.path}\``;

/** A sentence about a secret or an ssh forward. */
export interface SupplyNote {
  readonly id: string;
  readonly message: string;
}

/** What is given and has no mount: mostly a slip of the keys. Nothing is said of an empty value. */
export const unusedSupplies = (
  mounts: readonly Pick<Need, "kind" | "id">[],
  supplied: Supplied,
): readonly SupplyNote[] =>
  (["secret", "ssh"] as const).flatMap((kind) => {
    const given = kind === "secret" ? supplied.secrets : supplied.ssh;
    const mounted = [...new Set(mounts.filter((mount) => mount.kind === kind).map(({ id }) => id))];
    return [...given].flatMap(([id, { state }]) => {
      if (state === "empty" || mounted.includes(id)) return [];
      const near = nearest(id, mounted);
      const hint = near === undefined ? "" : `; did you mean \`${near}\`?`;
      const what = kind === "ssh" ? "ssh forward" : "secret";
      return [{ id, message: `The ${what} \`${id}\` is given and no RUN mounts it${hint}` }];
    });
  });

/** Secrets that some mount takes and that have no content, one sentence each: builds go on without them. */
export const emptySupplies = (needs: readonly Need[], supplied: Supplied): readonly string[] =>
  [...supplied.secrets].flatMap(([id, { state, source }]) => {
    const isTaken = needs.some((need) => need.kind === "secret" && need.id === id && !need.isRequired);
    return state === "empty" && isTaken
      ? [`The secret \`${id}\` is empty (${source} has no content), so that steps run without it`]
      : [];
  });

/** A problem with its place as people read it. */
export interface PlacedProblem extends PreflightProblem {
  /** The Dockerfile as the user knows it: that of the target, or of one that it builds on. */
  readonly path: string;
  /** One-based line of the Dockerfile. */
  readonly line: number;
  /** Undefined for words on several lines. */
  readonly columns: BuildFailure["columns"];
  /** A finding of the report says it in full. */
  readonly isFinding?: boolean;
}

/** A target that is not even tried. What findings say already is not said again, nor what is told first in the log. */
export const failedBeforeBuild = (target: Target, problems: readonly PlacedProblem[]): BuildResult => {
  const isOwn = ({ path }: PlacedProblem): boolean => path === target.dockerfile;
  const placeOf = (problem: PlacedProblem): string =>
    isOwn(problem) ? `line ${problem.line}` : `${problem.path}:${problem.line}`;
  const [first, ...others] = problems.filter(({ isFinding }) => !isFinding);
  const shown = first ?? problems.filter(isOwn).toSorted((a, b) => a.line - b.line)[0];
  const isShownHere = shown !== undefined && isOwn(shown);
  return {
    target,
    status: "failed",
    milliseconds: 0,
    steps: [],
    failure: {
      message:
        first === undefined
          ? `not tried: ${errorsIn(target.dockerfile, problems)} would stop it`
          : `${isOwn(first) ? "" : `${placeOf(first)}: `}${first.message}`,
      lines: isShownHere ? { start: shown.line, end: shown.line } : undefined,
      log: others.map((problem) => `${placeOf(problem)}: ${problem.message}`),
      step: undefined,
      ...(isShownHere && shown.columns && { columns: shown.columns }),
      ...(first === undefined && { isFinding: true }),
    },
  };
};

/** `the error on line 2`, `the errors on lines 2, 3 and 7`, `the error on line 1 of lib/Dockerfile` */
const errorsIn = (own: string, problems: readonly PlacedProblem[]): string =>
  [...Map.groupBy(problems, ({ path }) => path)]
    .map(([path, found]) => {
      const lines = [...new Set(found.map(({ line }) => line))].sort((a, b) => a - b);
      const last = lines.pop();
      const errors = found.length === 1 ? "the error" : "the errors";
      const places = lines.length === 0 ? `line ${last}` : `lines ${lines.join(", ")} and ${last}`;
      return `${errors} on ${places}${path === own ? "" : ` of ${path}`}`;
    })
    .join(" and ");

/** The target with those secrets and forwards that can be given: one that is empty or absent would fail every build. */
export const withoutUnready = (target: Target, supplied: Supplied): Target => ({
  ...target,
  secrets: target.secrets.filter(({ id }) => supplied.secrets.get(id)?.state === "ready"),
  ssh: target.ssh.filter(({ id }) => supplied.ssh.get(id)?.state === "ready"),
  ...(target.bake && {
    bake: {
      ...target.bake,
      linked: new Map([...target.bake.linked].map(([name, other]) => [name, withoutUnready(other, supplied)])),
    },
  }),
});

const secretProblem = (need: Need, supplied: Supplied): string | undefined => {
  const { id } = need;
  const given = supplied.secrets.get(id);
  if (given === undefined) {
    if (!need.isRequired) return undefined;
    const near = nearest(id, [...supplied.secrets.keys()]);
    const start = `${whoNeeds(need)} the secret \`${id}\`, which is not given`;
    if (near !== undefined) return `${start}, but \`${near}\` is. Write \`${id}\` in its place, or add ${linesFor(id)}`;
    return `${start}. Add ${linesFor(id)}`;
  }
  const { source, state } = given;
  const from = `The secret \`${id}\` comes from ${source}`;
  if (state === "ready") {
    if (!given.hasNul || need.variable === undefined) return undefined;
    return `${from} and holds a NUL byte, which the environment variable \`${need.variable}\` cannot. Mount it as a file: target=/run/secrets/${id}`;
  }
  if (state === "too large") return `${from}, which is over BuildKit's limit of 500 KiB`;
  if (state === "no file") return `${from}, which is no regular file`;
  if (state === "missing")
    return `${from}, which is not ${given.setBy === undefined ? "there" : "set"}${settingOf(given)}`;
  return need.isRequired ? `The secret \`${id}\` is empty: ${source} has no content${settingOf(given)}` : undefined;
};

const whoNeeds = ({ isOfBase }: Need): string => (isOfBase ? "An ONBUILD of the base image needs" : "The build needs");

const linesFor = (id: string): string =>
  `${id}=${expression(variableOf(id))} to \`secrets\` of the workflow, or --secret id=${id},env=${variableOf(id)} to the command line`;

const settingOf = ({ setBy }: SuppliedSecret): string =>
  setBy === undefined ? "" : `. Add to \`env\` of the workflow's step: ${setBy}: ${expression(setBy)}`;

const expression = (name: string): string => `\${{ secrets.${name} }}`;

const variableOf = (id: string): string => id.toUpperCase().replace(/\W/g, "_");

const sshProblem = (need: Need, supplied: Supplied): string | undefined => {
  const given = supplied.ssh.get(need.id);
  if (given === undefined) {
    if (!need.isRequired) return undefined;
    const remedy =
      need.id === "default"
        ? "Give a key as `ssh-private-key` of the workflow, or add default to `ssh`"
        : `Add ${need.id} to \`ssh\` of the workflow`;
    return `${whoNeeds(need)} the ssh agent \`${need.id}\`, which is not given. ${remedy}, or --ssh ${need.id} to the command line`;
  }
  if (given.state === "ready") return undefined;
  if (given.state === "locked") {
    return `The ssh key ${given.source} for \`${need.id}\` has a passphrase, which nobody can type during a build. Add it to an agent before and give \`${need.id}\` alone, or give a key without one: ${need.id}=path`;
  }
  if (given.state === "no key") return `${given.source}, given for \`${need.id}\`, is not a private ssh key`;
  if (given.state === "not alone") {
    return `The socket ${given.source} for \`${need.id}\` is given beside other paths, and an agent is forwarded alone. Give each an id of its own`;
  }
  const byInput = need.id === "default" ? "as `ssh-private-key`, or " : "";
  const noAgent = (why: string): string =>
    `No ssh agent answers for \`${need.id}\`: ${why}. Start one before, or give a key: ${byInput}${need.id}=path`;
  if (given.state === "no agent") return noAgent(`nobody listens on ${given.source}`);
  return given.source === "SSH_AUTH_SOCK"
    ? noAgent(`SSH_AUTH_SOCK is ${given.state === "empty" ? "not set" : "no socket"}`)
    : `The ssh key ${given.source} for \`${need.id}\` is not there`;
};
