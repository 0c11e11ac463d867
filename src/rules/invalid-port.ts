import { defineRule } from "./rule.ts";

export default defineRule({
  id: "invalid-port",
  summary: "Give EXPOSE container ports from 1 to 65535",
  level: { recommended: "error", strict: "error" },
  scope: "every stage",
  aliases: ["DL3011", "ExposeInvalidFormat", "DS-0008", "71bf8cf8"],
  why: `EXPOSE names ports inside the container: \`8080\`, \`53/udp\`, \`7000-7010\`. The host's port is chosen when the container
starts (\`docker run -p 80:8080\`), so that \`80:8080\` here is refused or read as something else than it says.`,
  silent: ["variables, and tcp, udp or sctp in any case: uppercase-port-protocol speaks of that"],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/build-checks/expose-invalid-format/"],
  needs: { instructions: ["EXPOSE"] },
  examples: [
    {
      bad: "FROM debian:12\nEXPOSE ⟦80:8080⟧",
      fixed: "FROM debian:12\nEXPOSE 8080",
      message: "`80:8080` names a port of the host, which EXPOSE cannot choose",
    },
    { bad: "FROM debian:12\nEXPOSE 80 ⟦127.0.0.1:53:5353/udp⟧", fixed: "FROM debian:12\nEXPOSE 80 5353/udp" },
    {
      bad: "FROM debian:12\nEXPOSE ⟦80000⟧ ⟦0⟧",
      fixed: "FROM debian:12\nEXPOSE 80000 0",
      message: "`80000` is no port: ports go from 1 to 65535",
    },
    { bad: "FROM debian:12\nEXPOSE ⟦http⟧ ⟦9000-8000⟧", fixed: "FROM debian:12\nEXPOSE http 9000-8000" },
    { good: "FROM debian:12\nEXPOSE 1 65535/TCP 53/udp 9/sctp 7000-7010" },
    { good: "FROM debian:12\nARG PORT\nEXPOSE $PORT ${PORT}/udp" },
    { good: 'FROM debian:12\nEXPOSE "8080"' },
  ],
  check: function* (file) {
    for (const stage of file.stages)
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== "EXPOSE") continue;
        for (const { text, span } of instruction.ports) {
          const port = text.replace(/^(["'])(.*)\1$/, "$2");
          const fault = port.includes("$") ? undefined : faultOf(port);
          if (fault === undefined) continue;
          const container = /^(?:[\d.]*|\[[\da-f:]*\])(?::\d*)?(?:-\d+)?:(\d+(?:-\d+)?(?:\/\w+)?)$/i.exec(port)?.[1];
          const isFixable = container !== undefined && faultOf(container) === undefined;
          yield {
            at: span,
            message: `\`${port}\` ${fault}`,
            ...(isFixable
              ? {
                  fix: { title: `Write \`${container}\``, safety: "safe" as const, edits: [{ span, text: container }] },
                }
              : {}),
          };
        }
      }
  },
});

const faultOf = (port: string): string | undefined => {
  if (port.includes(":")) return "names a port of the host, which EXPOSE cannot choose";
  const [numbers = "", protocol] = port.split("/");
  if (protocol !== undefined && !/^(tcp|udp|sctp)$/i.test(protocol))
    return "has no protocol that EXPOSE knows: tcp, udp or sctp";
  const range = /^(\d+)(?:-(\d+))?$/.exec(numbers);
  if (range === null) return "is no port: it takes a number";
  const first = Number(range[1]);
  const last = Number(range[2] ?? range[1]);
  if (first < 1 || last > 65_535 || first > 65_535) return "is no port: ports go from 1 to 65535";
  return last < first ? "is no range: its end lies before its start" : undefined;
};
