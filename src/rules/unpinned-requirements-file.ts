import type { ShellWord } from "../dockerfile/script.ts";
import type { AuditedFile } from "./audited-file.ts";
import { hasOption } from "./knowledge/command-options.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unpinned-requirements-file",
  summary: "Pin every line of the requirements that the image installs",
  level: { recommended: "off", strict: "note" },
  scope: "context",
  why: `A requirement without an exact version, and everything that it needs in turn, is resolved on the day of the build. The
file looks like a list of what is installed but is only a wish.

Generate the file from the wish (\`pip-compile\`, \`uv pip compile\`, \`poetry export\`) so that every line has \`==\` and
better also hashes, or give a constraints file.`,
  aliases: [],
  silent: [
    "The file is not in the context.",
    "It has hashes, or a constraints file is given.",
    "`-e .`, local paths and URLs.",
  ],
  fixes: "none",
  sources: ["https://pip.pypa.io/en/stable/topics/repeatable-installs/"],
  needs: { packages: "language" },
  examples: [
    {
      files: { "requirements.txt": "flask\nrequests>=2\nclick==8.1.7\n" },
      bad: "FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r ⟦requirements.txt⟧\n",
      message: "requirements.txt leaves the version of 2 packages open: flask, requests",
    },
    {
      title: "in a folder, behind uv",
      files: { "deploy/reqs.txt": "# web\nuvicorn[standard] ~= 0.30 ; python_version > '3.8'\n" },
      bad: "FROM python:3.12-slim\nCOPY deploy/reqs.txt /tmp/\nRUN uv pip install --system --requirement ⟦/tmp/reqs.txt⟧\n",
    },
    {
      title: "mounted",
      files: { "requirements.txt": "flask\n" },
      bad: "FROM python:3.12-slim\nRUN --mount=type=bind,source=requirements.txt,target=/r/requirements.txt \\\n    python -m pip install ⟦-r/r/requirements.txt⟧\n",
    },
    {
      files: { "requirements.txt": "flask==3.0.3\n-e .\n./wheels/a.whl\nb @ https://example.com/b-1.whl\n" },
      good: "FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
    },
    {
      title: "hashes",
      files: { "requirements.txt": "flask==3.0.3 \\\n  --hash=sha256:aa\nclick \\\n  --hash=sha256:bb\n" },
      good: "FROM python:3.12-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
    },
    {
      title: "a constraints file",
      files: { "requirements.txt": "flask\n", "constraints.txt": "flask==3.0.3\n" },
      good: "FROM python:3.12-slim\nCOPY *.txt ./\nRUN pip install -r requirements.txt -c constraints.txt\n",
    },
    {
      title: "constraints named in the file",
      files: { "requirements.txt": "-c constraints.txt\nflask\n" },
      good: "FROM python:3.12-slim\nCOPY *.txt ./\nRUN pip install -r requirements.txt\n",
    },
    { title: "not in the context", files: {}, good: "FROM python:3.12-slim\nRUN pip install -r requirements.txt\n" },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      for (const called of run.packages) {
        if ((called.manager.name !== "pip" && called.manager.name !== "uv") || called.action !== "install") continue;
        const { options } = called.options;
        if (hasOption(called.options, "-c", "--constraint", "--require-hashes") || isConstrained(run)) continue;
        for (const option of options.filter(({ name }) => name === "-r" || name === "--requirement")) {
          if (option.value === undefined || option.valueWord === undefined) continue;
          const found = openRequirements(file, option.value, option.valueWord);
          if (found === undefined) continue;
          yield { at: option.valueWord.span, message: found };
        }
      }
    }
  },
});

const isConstrained = (run: RunCommands): boolean =>
  run.stage.variableAt("PIP_CONSTRAINT", run.run) !== undefined ||
  run.stage.variableAt("UV_CONSTRAINT", run.run) !== undefined;

const openRequirements = (file: AuditedFile, path: string, word: ShellWord): string | undefined => {
  if (!word.isLiteral || file.context === undefined) return undefined;
  const base = path.slice(path.lastIndexOf("/") + 1);
  const candidates = file.context.files.filter((known) => known === base || known.endsWith(`/${base}`));
  const exact = candidates.find((known) => known === path.replace(/^(\.?\/)+/, ""));
  const chosen = exact ?? (candidates.length === 1 ? candidates[0] : undefined);
  const text = chosen === undefined ? undefined : file.context.read(chosen);
  if (chosen === undefined || text === undefined || /--hash=|^[ \t]*(-c|--constraint)\b/m.test(text)) return undefined;
  const open = text.split(/\r?\n/).flatMap((line) => openName(line) ?? []);
  if (open.length === 0) return undefined;
  const shown = open.slice(0, 3).join(", ") + (open.length > 3 ? ", …" : "");
  return `${chosen} leaves the version of ${open.length === 1 ? "one package" : `${open.length} packages`} open: ${shown}`;
};

/** The name of a requirement without an exact version. */
const openName = (line: string): string | undefined => {
  const requirement = line
    .replace(/(^|\s)#.*/s, "")
    .replace(/;.*/s, "")
    .replace(/\\$/, "")
    .trim();
  const [, name, rest] = /^([a-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)$/is.exec(requirement) ?? [];
  if (name === undefined || rest === undefined || /^(===?[^*]*$|@)/.test(rest)) return undefined;
  if (rest !== "" && !/^[<>=!~(]/.test(rest)) return undefined;
  return /\.(whl|zip|gz)$/.test(name) ? undefined : name;
};
