import { deleteFlag } from "./knowledge/edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unsandboxed-run",
  summary: "Keep the build sandbox and its network isolation on",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  aliases: [],
  why: `\`RUN --security=insecure\` gives a build step the privileges of the builder's host, and \`--network=host\` its network:
metadata services with credentials, databases on localhost. Whatever the step downloads gets the same. The builder must
allow both explicitly; a build that needs them can run nowhere else.`,
  silent: ["`--network=default`, `--network=none` and `--security=sandbox`"],
  fixes: "unsafe",
  sources: ["https://docs.docker.com/reference/dockerfile/#run---security"],
  needs: { instructions: ["RUN"] },
  examples: [
    {
      bad: "FROM debian:12\nRUN ⟦--security=insecure⟧ make check",
      fixed: "FROM debian:12\nRUN make check",
      message: "`--security=insecure` gives this step the privileges of the host",
    },
    {
      bad: "FROM debian:12\nRUN --mount=type=cache,target=/c ⟦--network=host⟧ curl http://localhost",
      fixed: "FROM debian:12\nRUN --mount=type=cache,target=/c curl http://localhost",
      message: "`--network=host` gives this step the network of the host",
    },
    { bad: "FROM debian:12\nRUN ⟦--network=host⟧ ⟦--security=insecure⟧ x", fixed: "FROM debian:12\nRUN x" },
    { good: "FROM debian:12\nRUN --network=none make" },
    { good: "FROM debian:12\nRUN --security=sandbox make" },
    { good: "FROM debian:12\nRUN docker build --network=host ." },
  ],
  check: function* (file) {
    for (const stage of file.stages)
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== "RUN" || instruction.isTrigger) continue;
        for (const flag of instruction.flags) {
          const gives =
            flag.value?.toLowerCase() === isolation.get(flag.name)?.value ? isolation.get(flag.name)?.gives : undefined;
          if (gives === undefined) continue;
          yield {
            at: flag.span,
            message: `\`--${flag.name}=${flag.value}\` gives this step the ${gives} of the host`,
            fix: { title: "Delete the flag", safety: "unsafe", edits: [deleteFlag(file.text, flag)] },
          };
        }
      }
  },
});

const isolation: ReadonlyMap<string, { readonly value: string; readonly gives: string }> = new Map([
  ["network", { value: "host", gives: "network" }],
  ["security", { value: "insecure", gives: "privileges" }],
]);
