import type { BakeLink, Target } from "./target.ts";
import { secretFields, sshFields } from "./target-fields.ts";

/** A Bake file in JSON that builds one target with the targets that are its contexts; it holds values of build arguments. */
export const bakeDefinition = (target: Target, link: BakeLink, outputs: Readonly<Record<string, unknown>>): string => {
  const all = new Map<string, unknown>();
  add(all, target, link, outputs);
  return `${JSON.stringify({ target: Object.fromEntries(all) }, literally, 2)}\n`;
};

/** Bake reads texts as templates, in JSON too. */
const literally = (_key: string, value: unknown): unknown =>
  typeof value === "string" ? value.replace(/([$%])(?=\{)/g, "$1$1") : value;

/** The rights that bake asks for, as `--allow` takes them; files are allowed by the environment. */
export const bakeRights = (target: Target): readonly string[] => {
  const all = linkedTargets(target);
  const entitlements = all.flatMap(({ bake }) => asTexts(bake?.others.entitlements));
  return [
    ...new Set([
      ...(all.some(({ ssh }) => ssh.length > 0) ? ["ssh"] : []),
      ...(all.some(({ network }) => network === "host") ? ["network.host"] : []),
      ...entitlements,
    ]),
  ];
};

/** The target itself and all that it builds on. */
export const linkedTargets = (target: Target): readonly Target[] => [
  target,
  ...[...(target.bake?.linked.values() ?? [])].flatMap(linkedTargets),
];

const add = (
  all: Map<string, unknown>,
  target: Target,
  link: BakeLink,
  outputs: Readonly<Record<string, unknown>>,
): void => {
  const linked = [...link.linked];
  const definition = {
    ...link.others,
    context: target.context,
    ...(target.dockerfileAbsolute === "" ? {} : { dockerfile: target.dockerfileAbsolute }),
    target: target.stage,
    args: Object.fromEntries([...target.buildArgs].filter(([, value]) => value !== undefined)),
    contexts: Object.fromEntries([
      ...target.buildContexts,
      ...linked.map(([name, other]) => [name, `target:${other.bake?.name ?? ""}`] as const),
    ]),
    secret: target.secrets.map(secretFields),
    ssh: target.ssh.map(sshFields),
    platforms: target.platforms,
    "cache-from": target.cacheFrom,
    network: target.network,
    ...outputs,
  };
  all.set(link.name, Object.fromEntries(Object.entries(definition).filter(([, value]) => !isEmpty(value))));
  for (const [, other] of linked) {
    if (other.bake !== undefined && !all.has(other.bake.name))
      add(all, other, other.bake, { output: ["type=cacheonly"] });
  }
};

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === false ||
  value === "" ||
  (typeof value === "object" && value !== null && Object.keys(value).length === 0);

const asTexts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
