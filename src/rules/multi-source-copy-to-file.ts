import { defineRule } from "./rule.ts";

export default defineRule({
  id: "multi-source-copy-to-file",
  summary: "End the destination of several sources with a slash",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  why: `With more than one source the destination must be a directory, and only a slash at its end says so: without it the engine refuses the instruction, "the destination must be a directory and end with a /".`,
  aliases: ["DL3021", "DS-0011", "6db6e0c2"],
  silent: [
    "One source, also one wildcard that matches several files.",
    "The destination is `.` or `..`, or ends in a variable.",
  ],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/dockerfile/#copy"],
  needs: { instructions: ["COPY", "ADD"] },
  examples: [
    {
      bad: "COPY package.json package-lock.json ⟦/app⟧\n",
      fixed: "COPY package.json package-lock.json /app/\n",
      message: "`/app` takes several sources and does not end with a slash",
    },
    {
      title: "exec form and ADD",
      bad: 'COPY ["a b", "c", ⟦"/my dir"⟧]\nADD --chmod=644 a \\\n    b \\\n    ⟦dir⟧\n',
      fixed: 'COPY ["a b", "c", "/my dir/"]\nADD --chmod=644 a \\\n    b \\\n    dir/\n',
    },
    {
      title: "from another stage",
      bad: "COPY --from=busybox /bin/sh /bin/ls ⟦/tools⟧\n",
      fixed: "COPY --from=busybox /bin/sh /bin/ls /tools/\n",
    },
    { good: "COPY package.json package-lock.json /app/\n" },
    { title: "the working directory", good: "WORKDIR /app\nCOPY a b .\nCOPY c d ./\nADD e f ..\n" },
    {
      title: "one source, or a variable at the end",
      good: `ARG DIR=/app/
COPY *.json /app
COPY a b $DIR
COPY a b /srv/\${DIR}
`,
    },
  ],
  check: function* (file) {
    for (const stage of file.stages)
      for (const copy of stage.instructions) {
        if (copy.keyword !== "COPY" && copy.keyword !== "ADD") continue;
        const { destination } = copy;
        const written = destination.text.replace(/["']$/, "");
        const isDirectory =
          /(^|[/\\])\.{0,2}$/.test(written) || /\$\{?\w/.test(written.slice(written.lastIndexOf("/") + 1));
        if (copy.sources.length + copy.heredocs.length < 2 || isDirectory) continue;
        const quote = /["']$/.test(file.text.slice(destination.span.start, destination.span.end)) ? 1 : 0;
        const end = destination.span.end - quote;
        yield {
          at: destination.span,
          message: `\`${destination.text}\` takes several sources and does not end with a slash`,
          ...(destination.text.includes("\\")
            ? {}
            : {
                fix: {
                  title: "End the destination with a slash",
                  safety: "safe",
                  edits: [{ span: { start: end, end }, text: "/" }],
                },
              }),
        };
      }
  },
});
