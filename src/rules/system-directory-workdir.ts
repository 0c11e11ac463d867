import { unquoted } from "./knowledge/labels.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "system-directory-workdir",
  summary: "Work in a directory of your own, not of the system",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `In a directory of the system every relative COPY, download and clean-up mixes with the files of the distribution: \`COPY . .\` may replace a program, and \`rm -rf *\` removes them all. /proc, /sys and /dev are not even part of the image.

Give the application a directory of its own: /app, /srv/app, /opt/app or below /usr/src.`,
  aliases: ["DS-0030"],
  silent: [
    "Anything below /usr/local, /usr/src, /usr/share and /var, and directories of your own below /etc.",
    "A variable without a known value.",
  ],
  fixes: "none",
  sources: ["https://docs.docker.com/build/building/best-practices/#workdir"],
  needs: { instructions: ["WORKDIR"] },
  examples: [
    { bad: "WORKDIR ⟦/usr/bin⟧\n", message: "`/usr/bin` belongs to the system" },
    { title: "with a slash, and by a variable", bad: "ARG DIR=/etc\nWORKDIR ⟦/lib/⟧\nWORKDIR ⟦$DIR⟧\n" },
    { title: "by a relative step", bad: "WORKDIR /usr\nWORKDIR ⟦sbin⟧\n" },
    { good: "WORKDIR /app\n" },
    {
      title: "below",
      good: "WORKDIR /usr/local/bin\nWORKDIR /usr/src/app\nWORKDIR /etc/nginx\nWORKDIR /var/lib/app\n",
    },
    { title: "unknown", good: "ARG DIR\nWORKDIR $DIR\n" },
  ],
  check: function* (file) {
    for (const stage of file.stages)
      for (const workdir of stage.instructions) {
        if (workdir.keyword !== "WORKDIR" || stage.isWindows) continue;
        const written = file.expand(workdir.path, workdir).value;
        if (written === undefined) continue;
        const path = directoryAfter(unquoted(written), stage.workdirAt(workdir)).replace(/([^/])\/+$/, "$1");
        if (systemDirectories.has(path)) yield { at: workdir.path.span, message: `\`${path}\` belongs to the system` };
      }
  },
});

/** The facts may give the directory before the instruction or after it: both lead to the same path. */
const directoryAfter = (path: string, known: string | undefined): string => {
  if (path.startsWith("/")) return path;
  const relative = path.replace(/^(\.\/)+/, "");
  return known === undefined || known.endsWith(`/${relative}`) ? (known ?? path) : `${known}/${relative}`;
};

const systemDirectories: ReadonlySet<string> = new Set(
  "/bin /sbin /lib /lib64 /boot /dev /proc /sys /etc /run /usr/bin /usr/sbin /usr/lib".split(" "),
);
