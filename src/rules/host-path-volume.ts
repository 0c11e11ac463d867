import { withoutEndSlashes } from "./knowledge/paths.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "host-path-volume",
  summary: "Declare no VOLUME on system paths or the engine socket",
  level: { recommended: "warning", strict: "warning" },
  scope: "shipped stages",
  aliases: ["DKL-DI-0002"],
  why: `The engine mounts an empty volume over what VOLUME names. Over \`/dev\`, \`/proc\` or \`/sys\` it hides the kernel's own
files, and the container does not start or loses its isolation; over \`/var/run/docker.sock\` it makes a directory where a
socket is expected, and tells everybody to mount the engine into the container, which is root on the host.`,
  silent: ["`/dev/shm`, and `/sys/fs/cgroup`, which images with systemd are started with; variables"],
  fixes: "none",
  needs: { instructions: ["VOLUME"] },
  examples: [
    { bad: "FROM debian:12\nVOLUME ⟦/proc⟧", message: "A volume on `/proc` hides what the kernel puts there" },
    {
      bad: 'FROM debian:12\nVOLUME ["/data", ⟦"/var/run/docker.sock"⟧]',
      message: "A volume on `/var/run/docker.sock` asks for the engine of the host",
    },
    { bad: "FROM debian:12\nVOLUME /data ⟦/sys/kernel/⟧ ⟦/dev⟧" },
    { good: "FROM debian:12\nVOLUME /data /var/lib/app" },
    { good: "FROM debian:12\nVOLUME /dev/shm /devices /sys/fs/cgroup" },
    { good: "FROM debian:12 AS build\nVOLUME /proc\nFROM scratch\nCOPY --from=build /a /a" },
  ],
  check: function* (file) {
    for (const instruction of file.shippedStages.flatMap(({ instructions }) => instructions)) {
      if (instruction.keyword !== "VOLUME") continue;
      for (const { text, span } of instruction.paths) {
        const path = withoutEndSlashes(text.replace(/^["']|["']$/g, ""));
        if (/(^|\/)(docker|containerd|podman|crio)\.sock$/.test(path)) {
          yield { at: span, message: `A volume on \`${path}\` asks for the engine of the host` };
        } else if (/^\/(dev|proc|sys)(\/|$)/.test(path) && !/^\/(dev\/shm|sys\/fs\/cgroup)(\/|$)/.test(path)) {
          yield { at: span, message: `A volume on \`${path}\` hides what the kernel puts there` };
        }
      }
    }
  },
});
