import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { sliceOf } from "./knowledge/edits.ts";
import { productionStages } from "./knowledge/stage-purpose.ts";
import { startOf, startScripts } from "./knowledge/start-command.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "exposed-admin-port",
  summary: "Expose no remote administration port",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  aliases: ["DS-0004", "CKV_DOCKER_1", "5907595b"],
  why: `Ports of SSH, telnet, RDP, VNC and WinRM say that the container is administered from the network: a second way in,
with passwords or keys of its own, that \`docker run -P\` opens to everyone. Containers are replaced, not administered; for a
look inside there is \`docker exec\`.`,
  silent: [
    "udp, and images whose start command, script or base is that server",
    "stages named for development, tests, debugging or building",
  ],
  fixes: "none",
  needs: { instructions: ["EXPOSE"] },
  examples: [
    { bad: "FROM debian:12\nEXPOSE ⟦22⟧", message: "Port 22 is for administration over SSH" },
    { bad: 'FROM debian:12\nEXPOSE 80 ⟦3389/tcp⟧ ⟦23/TCP⟧\nCMD ["serve"]' },
    { bad: "FROM debian:12 AS base\nEXPOSE 443 \\\n  ⟦5900⟧\nFROM base" },
    { good: 'FROM debian:12\nEXPOSE 22\nCMD ["/usr/sbin/sshd", "-D"]' },
    { good: "FROM debian:12\nEXPOSE 22/udp 2222 8022" },
    { good: "FROM gitea/gitea:1.24\nEXPOSE 22 3000" },
  ],
  check: function* (file) {
    for (const stage of productionStages(file)) {
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== "EXPOSE") continue;
        for (const { text, span } of instruction.ports) {
          const port = /^["']?(\d+)(?:\/tcp)?["']?$/i.exec(text)?.[1] ?? "";
          const admin = ports.get(port);
          if (admin === undefined || isPurpose(file, stage, admin.servers)) continue;
          yield { at: span, message: `Port ${port} is for administration over ${admin.protocol}` };
        }
      }
    }
  },
});

const isPurpose = (file: AuditedFile, stage: StageFacts, servers: RegExp): boolean =>
  file.targetStages.some((target) => {
    if (!target.lineage.includes(stage)) return false;
    const base = target.rootBase.kind === "image" ? target.rootBase.text : "";
    const written = [target.entrypoint, target.cmd].map((each) =>
      each === undefined ? "" : sliceOf(file.text, each.span),
    );
    if (servers.test([base, ...written].join(" "))) return true;
    const start = startOf(file, target);
    const scripts = start === undefined ? [] : startScripts(file, target, start);
    return scripts === undefined || scripts.some(({ text }) => servers.test(text));
  });

interface AdminPort {
  readonly protocol: string;
  /** Programs and products whose purpose it is. */
  readonly servers: RegExp;
}

const ssh: AdminPort = {
  protocol: "SSH",
  servers: /ssh|dropbear|git(ea|lab|ness|olite)|gogs|forgejo|gerrit|sftp|jumpserver/i,
};
const vnc: AdminPort = { protocol: "VNC", servers: /vnc|guac|kasm|selenium/i };
const winrm: AdminPort = { protocol: "WinRM", servers: /winrm/i };

const ports: ReadonlyMap<string, AdminPort> = new Map([
  ["22", ssh],
  ["23", { protocol: "telnet", servers: /telnet|cowrie|honeypot/i }],
  ["3389", { protocol: "RDP", servers: /rdp|guac/i }],
  ["5800", vnc],
  ["5900", vnc],
  ["5985", winrm],
  ["5986", winrm],
]);
