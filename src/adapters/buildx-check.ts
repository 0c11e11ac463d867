import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CheckAnswer, type CheckQuestion, readCheckAnswers } from "../audit/imported-buildkit.ts";
import { type OutlineAnswer, readOutlines } from "../build/outline.ts";
import type { BuildChecks } from "../ports.ts";
import { inPool } from "./buildx-lanes.ts";
import { askBake, type Inquiry } from "./buildx-questions.ts";

/** BuildKit's own checks and outlines, by one call of bake for all targets whose files ask for the same front end. */
export const connectBuildChecks = (options: {
  readonly builder: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly temporaryFolder?: string;
}): BuildChecks => {
  const ask = async <Answer>(
    questions: readonly CheckQuestion[],
    inquiry: Omit<Inquiry<Answer>, "builder" | "environment" | "file">,
  ): Promise<readonly Answer[]> => {
    const folder = await mkdtemp(join(options.temporaryFolder ?? tmpdir(), "docker-hygiene-checks-"));
    try {
      const groups = [...Map.groupBy(questions, ({ syntax }) => syntax).values()].flatMap((group) =>
        Array.from({ length: Math.ceil(group.length / atOnce) }, (_, index) =>
          group.slice(index * atOnce, (index + 1) * atOnce),
        ),
      );
      const answers = await inPool(groups, 2, (group, index) =>
        askBake(group, { ...inquiry, ...options, file: join(folder, `${inquiry.call}-${index}.json`) }),
      );
      const found = new Map(answers.flatMap((one) => [...one]));
      return questions.map((question) => found.get(question) ?? inquiry.refused("there was no answer"));
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  };
  return {
    check: (questions, signal) =>
      ask<CheckAnswer>(questions, {
        call: "check",
        read: readCheckAnswers,
        refused: (error) => ({ warnings: [], error }),
        signal,
        patience: 60_000,
        mostCalls: 12,
      }),
    outline: (questions, signal) =>
      ask<OutlineAnswer>(questions, {
        call: "outline",
        read: readOutlines,
        refused: (error) => ({ status: "unknown", reason: error }),
        signal,
        // Nobody waits long for what the builds will say anyway.
        patience: 20_000,
        mostCalls: 4,
      }),
  };
};

/** Of hundreds of targets in one call, buildx loses some: "no such job". */
const atOnce = 48;
