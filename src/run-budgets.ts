import type { Configs } from "./config.ts";
import type { BuiltTarget } from "./ports.ts";
import type { BudgetConfig, Config } from "./settings.ts";

/** By the id of each target: what the configuration of its Dockerfile says of it. */
export const budgetsOf = async (
  targets: readonly BuiltTarget[],
  configs: Configs,
): Promise<ReadonlyMap<string, readonly BudgetConfig[]>> =>
  new Map(
    await Promise.all(
      targets.map(async ({ build }) => {
        const { id, dockerfileAbsolute } = build.target;
        const { budgets } = await configs.of(dockerfileAbsolute);
        return [id, budgets.filter(({ matches }) => matches(build.target))] as const;
      }),
    ),
  );

/** A budget that speaks of no target is a typing error, or of a stage that is not built: it would never be broken. */
export const idleBudgets = (targets: readonly BuiltTarget[], { budgets }: Pick<Config, "budgets">): readonly string[] =>
  budgets
    .filter(({ matches }) => !targets.some(({ build }) => matches(build.target)))
    .map(
      ({ target }) =>
        `The budget of \`${target}\` limits nothing, because no target of that name is built; a stage that others are built from is one when \`dockerfiles\` names it among its \`targets\``,
    );
