import type { ShellCommand } from "../dockerfile/script.ts";
import { type RunCommands, runsIn } from "./knowledge/run-commands.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "pointless-command-in-run",
  summary: "Run no command whose effect ends with the RUN",
  level: { recommended: "note", strict: "warning" },
  scope: "every stage",
  why: `A RUN leaves files behind, nothing else. Services that it starts, mounts, processes and what an interactive program
shows end with it; a container starts later, from the files alone.

Start services in ENTRYPOINT or CMD, one per container; mount volumes when the container is created.`,
  aliases: ["DL3001", "9b6b0f38"],
  silent: [
    "`service … start` with a command behind it that needs the service, and `stop`.",
    "`ssh` in a RUN with a mount of an agent or a key.",
    "`kill` of a process that the RUN started.",
    "`mount` under `--security=insecure`.",
    "Editors that are given a script; words as arguments.",
  ],
  fixes: "none",
  needs: {
    commands:
      "top htop ps free who w last vi vim nvim nano emacs pico shutdown reboot halt poweroff service systemctl mount kill killall ssh".split(
        " ",
      ),
  },
  examples: [
    {
      bad: "FROM debian:bookworm-slim\nRUN apt-get update && ⟦service⟧ nginx start\n",
      message: "`service` has no effect beyond this RUN: the service ends with it",
    },
    { title: "systemd", bad: "FROM almalinux:9\nRUN systemctl enable nginx && ⟦systemctl⟧ start nginx\n" },
    {
      title: "what a person looks at",
      bad: "FROM debian:12\nRUN make; \\\n    ⟦top⟧ -b -n 1; \\\n    ⟦free⟧ -m; ⟦vim⟧ /etc/hosts\n",
    },
    { title: "the host", bad: "FROM debian:12\nRUN ⟦mount⟧ -t tmpfs none /mnt && ⟦shutdown⟧ now\n" },
    { good: "FROM debian:12\nRUN apt-get install -y vim openssh-client procps && which ssh && echo mount\n" },
    {
      title: "a service that is used",
      good: "FROM debian:12\nRUN service postgresql start && psql -c 'create database a' && service postgresql stop\n",
    },
    { title: "a process of the RUN", good: "FROM debian:12\nRUN mysqld & sleep 5; mysql -e 'select 1'; kill %1\n" },
    {
      title: "ssh with an agent, mount with privileges",
      good: "FROM debian:12\nRUN --mount=type=ssh ssh -T git@example.com\nRUN --security=insecure mount -t proc none /mnt\n",
    },
    {
      title: "an editor with a script",
      good: "FROM debian:12\nRUN vim -es -c 'PlugInstall' -c qa && nvim --headless +qa\n",
    },
  ],
  check: function* (file) {
    for (const run of runsIn(file, "every stage")) {
      for (const command of run.commands) {
        const reason = pointless(run, command);
        if (reason === undefined || command.nameWord === undefined) continue;
        yield { at: command.nameWord.span, message: `\`${command.name}\` has no effect beyond this RUN: ${reason}` };
      }
    }
  },
});

const viewers = /^(top|htop|ps|free|who|w|last)$/;
const editors = /^(vi|vim|nvim|nano|emacs|pico)$/;
const power = /^(shutdown|reboot|halt|poweroff)$/;

const pointless = (run: RunCommands, command: ShellCommand): string | undefined => {
  const { name, args, pipedInto, redirects } = command;
  const action = args.map((word) => word.value);
  if (command.enclosures.some((enclosure) => enclosure === "substitution" || enclosure === "condition"))
    return undefined;
  if (power.test(name)) return "there is no machine to stop";
  if (viewers.test(name) && pipedInto === undefined && redirects.length === 0) return "it only shows something";
  const isScripted = action.some((word) => /^(\+|-c$|-e|-s$|-E|--headless|--batch|--version|-u$|-S$)/.test(word));
  if (editors.test(name) && !isScripted && command.pipedFrom === undefined && redirects.length === 0) {
    return "nobody is there to edit";
  }
  const started =
    (name === "service" && action[1]) || (name === "systemctl" && action.find((word) => !word.startsWith("-")));
  if (typeof started === "string" && /^(start|restart|reload)$/.test(started)) {
    return name === "systemctl" || isLast(run, command) ? "the service ends with it" : undefined;
  }
  if (name === "mount" && action.length > 1 && !isInsecure(run)) return "the mount ends with it";
  if ((name === "kill" || name === "killall") && !startsProcess(run)) return "no process runs but its own";
  if (name === "ssh" && !run.run.mounts.some(({ type }) => type === "ssh" || type === "secret")) {
    return action.some((word) => /^-[VQ]/.test(word)) || action.length === 0
      ? undefined
      : "what it does happens on another machine";
  }
  return undefined;
};

const isLast = (run: RunCommands, command: ShellCommand): boolean => {
  const direct = run.commands.filter(({ parent }) => parent === undefined);
  return direct.at(-1) === command;
};

const isInsecure = (run: RunCommands): boolean =>
  run.run.flags.some((flag) => flag.name === "security" && flag.value === "insecure");

const startsProcess = (run: RunCommands): boolean =>
  run.commands.some(
    ({ followedBy, name, args }) =>
      followedBy === "&" ||
      name === "service" ||
      name === "nohup" ||
      /ctl$|d$|-server$|start|daemon|Xvfb/.test(name) ||
      args.some((word) => /daemon|start|-D$/.test(word.value)),
  );
