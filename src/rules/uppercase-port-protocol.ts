import { partOf } from "./knowledge/edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "uppercase-port-protocol",
  summary: "Write the protocol of EXPOSE in lower case",
  level: { recommended: "note", strict: "note" },
  scope: "every stage",
  aliases: ["ExposeProtoCasing"],
  why: `The engine reads \`80/TCP\` as \`80/tcp\` and stores the latter in the image. Written as it is stored, the port is found
by whoever searches for it, and BuildKit does not warn of it.`,
  silent: ["ports that hold a variable, and what is no port: invalid-port speaks of that"],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/build-checks/expose-proto-casing/"],
  needs: { instructions: ["EXPOSE"] },
  examples: [
    {
      bad: "EXPOSE 80/⟦TCP⟧",
      fixed: "EXPOSE 80/tcp",
      message: "The protocol of `80/TCP` is `tcp`",
    },
    {
      bad: "EXPOSE 80 \\\n    # names\n    53/⟦Udp⟧ \\\n    7000-7010/⟦SCTP⟧\n",
      fixed: "EXPOSE 80 \\\n    # names\n    53/udp \\\n    7000-7010/sctp\n",
    },
    { good: "EXPOSE 80/tcp 53/udp 8080" },
    { good: "ARG PORT=80\nEXPOSE $PORT/TCP 80/HTTP" },
  ],
  check: function* (file) {
    for (const { instructions } of file.stages)
      for (const instruction of instructions) {
        if (instruction.keyword !== "EXPOSE") continue;
        for (const port of instruction.ports) {
          const [, numbers = "", protocol = ""] = /^([\d-]+\/)(\w+)$/.exec(port.text) ?? [];
          const lower = protocol.toLowerCase();
          if (protocol === lower || !/^(tcp|udp|sctp)$/.test(lower)) continue;
          const at = partOf(file.text, port, numbers.length, port.text.length);
          const text = at === port.span ? numbers + lower : lower;
          yield {
            at,
            message: `The protocol of \`${port.text}\` is \`${lower}\``,
            fix: { title: `Write ${lower}`, safety: "safe" as const, edits: [{ span: at, text }] },
          };
        }
      }
  },
});
