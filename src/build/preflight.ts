import type { Mount, Span } from "../dockerfile/model.ts";
import { nearest } from "../dockerfile/nearest.ts";
import type { StageFacts } from "../rules/audited-file.ts";
import type { BuildResult, Secret, Target } from "./target.ts";

/** BuildKit's limit, in bytes. */
export const largestSecret = 500 * 1024;

export interface SuppliedSecret {
  /** Where the value comes from, in words: "the environment variable `NPM_TOKEN`". */
  readonly source: string;
  readonly state: "ready" | "empty" | "missing" | "too large" | "locked" | "no key";
  /** A value with a NUL byte fits into a file and into no environment variable. */
  readonly hasNul?: boolean;
}

/** What the workflow or the command line gives, by id. */
export interface Supplied {
  readonly secrets: ReadonlyMap<string, SuppliedSecret>;
  readonly ssh: ReadonlyMap<string, SuppliedSecret>;
}

/** A secret or ssh mount of a RUN. */
export interface Need {
  readonly kind: "secret" | "ssh";
  readonly id: string;
  readonly isRequired: boolean;
  /** The environment variable that a secret is mounted as. */
  readonly variable: string | undefined;
  /** The mount's id where it is written, else the whole mount. */
  readonly at: Span;
  readonly line: number;
  readonly stage: StageFacts;
}

export interface PreflightProblem {
  readonly at: Span;
  /** One-based line of the Dockerfile. */
  readonly line: number;
  readonly message: string;
}

/** The stage itself and all stages whose steps run for it. */
export const stagesBuiltFor = (stage: StageFacts): readonly StageFacts[] => {
  const found = new Set<StageFacts>();
  const visit = (next: StageFacts): void => {
    if (found.has(next)) return;
    found.add(next);
    for (const dependency of next.dependencies) visit(dependency);
    for (const ancestor of next.lineage) visit(ancestor);
  };
  visit(stage);
  return [...found].sort((a, b) => a.index - b.index);
};

/** Secret and ssh mounts that building the stage runs into; those whose id is a variable are left out. */
export const needsOf = (stage: StageFacts): readonly Need[] => stagesBuiltFor(stage).flatMap(ownNeeds);

/** What would make a build of the stage fail, or run with an empty secret, as far as it is known before. */
export const preflight = (stage: StageFacts, supplied: Supplied): readonly PreflightProblem[] =>
  needsOf(stage).flatMap((need) => {
    const message = need.kind === "secret" ? secretProblem(need, supplied) : sshProblem(need, supplied);
    return message === undefined ? [] : [{ at: need.at, line: need.line, message }];
  });

/** Two sources for one id in one run: BuildKit's cache does not tell their values apart, so either may win in both. */
export const conflictingSecrets = (stage: StageFacts, given: readonly Secret[]): readonly PreflightProblem[] =>
  needsOf(stage)
    .filter(({ kind }) => kind === "secret")
    .flatMap(({ id, at, line }) => {
      const own = given.filter((secret) => secret.id === id);
      const sources = [...new Set(own.map(sourceOf))];
      if (sources.length < 2) return [];
      const message = `the secret \`${id}\` has two values in this run, from ${sources.join(" and ")}, which the build cache does not tell apart. Give one of them another id`;
      return [{ at, line, message }];
    });

const sourceOf = (secret: Secret): string =>
  secret.from === "env" ? `the environment variable \`${secret.name}\`` : `the file \`${secret.path}\``;

/**
 * What is given and mounted by none of the stages, one sentence each: mostly a slip of the keys. Nothing is said of
 * an empty value, nor when the id of some mount is a variable.
 */
export const unusedSupplies = (stages: readonly StageFacts[], supplied: Supplied): readonly string[] => {
  const mounts = stages.flatMap((stage) => secretAndSshMounts(stage));
  if (mounts.some(({ id }) => id.includes("$"))) return [];
  return (["secret", "ssh"] as const).flatMap((kind) => {
    const given = kind === "secret" ? supplied.secrets : supplied.ssh;
    const mounted = [...new Set(mounts.filter((mount) => mount.kind === kind).map(({ id }) => id))];
    return [...given].flatMap(([id, { state }]) => {
      if (state === "empty" || mounted.includes(id)) return [];
      const near = nearest(id, mounted);
      const hint = near === undefined ? "" : `; did you mean \`${near}\`?`;
      return [`The ${kind === "ssh" ? "ssh forward" : "secret"} \`${id}\` is given and no RUN mounts it${hint}`];
    });
  });
};

/** A target that is not even tried: its first problem is the message, further ones are told as its log. */
export const failedBeforeBuild = (target: Target, problems: readonly PreflightProblem[]): BuildResult => ({
  target,
  status: "failed",
  milliseconds: 0,
  steps: [],
  failure: {
    message: problems[0]?.message ?? "",
    lines: problems[0] === undefined ? undefined : { start: problems[0].line, end: problems[0].line },
    log: problems.slice(1).map(({ line, message }) => `line ${line}: ${message}`),
    step: undefined,
    ...(problems[0] === undefined ? {} : { at: problems[0].at }),
  },
});

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

const ownNeeds = (stage: StageFacts): readonly Need[] =>
  secretAndSshMounts(stage).filter(({ id }) => !id.includes("$"));

const secretAndSshMounts = (stage: StageFacts): readonly Need[] =>
  stage.instructions.flatMap((instruction) => {
    if (instruction.keyword !== "RUN" || instruction.isTrigger) return [];
    return instruction.mounts.flatMap((mount): readonly Need[] => {
      const { type: kind } = mount;
      if (kind !== "secret" && kind !== "ssh") return [];
      const id = mountId(mount, kind);
      if (id === undefined) return [];
      const isRequired = isTrue(mount.fields.get("required"));
      const variable = kind === "secret" ? mount.fields.get("env") : undefined;
      return [{ kind, id, isRequired, variable, at: idSpan(mount, id), line: instruction.startLine, stage }];
    });
  });

/** As BuildKit names it: the source, the id, or the target's last part. */
const mountId = (mount: Mount, kind: Need["kind"]): string | undefined => {
  const id = mount.fields.get("source") || mount.fields.get("id");
  if (id) return id;
  if (kind === "ssh") return "default";
  return mount.fields.get("target")?.split("/").at(-1) || undefined;
};

/** Of a mount with quotes or continued lines, the whole. */
const idSpan = ({ flag }: Mount, id: string): Span => {
  const whole = flag.valueSpan ?? flag.span;
  const value = flag.value ?? "";
  const at = (value.match(/(?:^|,)(?:id|source|src)=/) && value.search(/(?<=(?:^|,)(?:id|source|src)=)/)) ?? -1;
  const isPlain = whole.end - whole.start === value.length && at !== -1 && value.startsWith(id, at);
  return isPlain ? { start: whole.start + at, end: whole.start + at + id.length } : whole;
};

const isTrue = (value: string | undefined): boolean => value !== undefined && /^(?:|1|t|true)$/i.test(value);

const secretProblem = (need: Need, supplied: Supplied): string | undefined => {
  const given = supplied.secrets.get(need.id);
  if (given === undefined) {
    if (!need.isRequired) return undefined;
    const near = nearest(need.id, [...supplied.secrets.keys()]);
    const start = `the build needs the secret \`${need.id}\`, which is not given`;
    if (near !== undefined) return `${start}, but \`${near}\` is`;
    const variable = need.id.toUpperCase().replace(/\W/g, "_");
    return `${start}. Add ${need.id}=\${{ secrets.${variable} }} to \`secrets\` of the workflow, or --secret id=${need.id},env=${variable} to the command line`;
  }
  if (given.state === "ready" && given.hasNul && need.variable !== undefined) {
    return `the secret \`${need.id}\` comes from ${given.source} and holds a NUL byte, which the environment variable \`${need.variable}\` cannot. Mount it as a file: target=/run/secrets/${need.id}`;
  }
  if (given.state === "ready") return undefined;
  if (given.state === "missing") return `the secret \`${need.id}\` comes from ${given.source}, which is not there`;
  if (given.state === "too large") {
    return `the secret \`${need.id}\` comes from ${given.source}, which is over BuildKit's limit of 500 KiB`;
  }
  return need.isRequired ? `the secret \`${need.id}\` is empty: ${given.source} has no content` : undefined;
};

const sshProblem = (need: Need, supplied: Supplied): string | undefined => {
  const given = supplied.ssh.get(need.id);
  if (given === undefined) {
    if (!need.isRequired) return undefined;
    return `the build needs the ssh agent \`${need.id}\`, which is not given. Add ${need.id} to \`ssh\` of the workflow, or --ssh ${need.id} to the command line`;
  }
  if (given.state === "ready") return undefined;
  if (given.state === "locked") {
    return `the ssh key ${given.source} for \`${need.id}\` has a passphrase, which nobody can type during a build. Add it to an agent before and give \`${need.id}\` alone, or give a key without one: ${need.id}=path`;
  }
  if (given.state === "no key") return `${given.source}, given for \`${need.id}\`, is not a private ssh key`;
  return given.source === "SSH_AUTH_SOCK"
    ? `no ssh agent answers for \`${need.id}\`: SSH_AUTH_SOCK is ${given.state === "empty" ? "not set" : "no socket"}. Start one before (webfactory/ssh-agent), or give a key: ${need.id}=path`
    : `the ssh key ${given.source} for \`${need.id}\` is not there`;
};
