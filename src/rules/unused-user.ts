import type { AuditedFile, StageFacts } from "./audited-file.ts";
import { type CreatedUser, createdIn } from "./knowledge/accounts.ts";
import { sliceOf } from "./knowledge/edits.ts";
import { mayDropPrivileges } from "./knowledge/privilege-drop.ts";
import { runsOf } from "./knowledge/run-commands.ts";
import { isForDevelopers } from "./knowledge/stage-purpose.ts";
import { type Start, startOf, startScripts } from "./knowledge/start-command.ts";
import { switchUser } from "./knowledge/user-switch.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "unused-user",
  summary: "Switch to the user that the stage creates",
  level: { recommended: "note", strict: "warning" },
  scope: "shipped stages",
  aliases: [],
  why: `An account is made for the service and then nobody switches to it: the process runs as root, though the file looks
as if it did not. Add \`USER\` behind the last step that needs root.`,
  silent: [
    "an entrypoint that hands over to another user, or that cannot be read",
    "an account that is named anywhere else: in `chown`, in `su`, in a configuration",
    "daemons that leave root by themselves, as nginx, httpd and cron do",
    "stages that start nothing, and those named for development, tests, debugging or building",
  ],
  fixes: "unsafe",
  needs: { commands: ["useradd", "adduser"] },
  examples: [
    {
      bad: 'FROM debian:12\nRUN useradd --system -u 10001 ⟦app⟧\nCMD ["serve"]',
      fixed: 'FROM debian:12\nRUN useradd --system -u 10001 app\nUSER app\nCMD ["serve"]',
      message: "The account `app` is made, but nothing switches to it",
    },
    {
      bad: 'FROM alpine:3.22\r\nRUN addgroup -S web && \\\r\n    adduser -S -D -G web ⟦worker⟧\r\nENTRYPOINT ["serve"]\r\nCMD ["x"]\r\n',
      fixed:
        'FROM alpine:3.22\r\nRUN addgroup -S web && \\\r\n    adduser -S -D -G web worker\r\nUSER worker\r\nENTRYPOINT ["serve"]\r\nCMD ["x"]\r\n',
    },
    {
      bad: 'FROM debian:12 AS base\nRUN adduser --disabled-password --gecos "" ⟦svc⟧\nFROM base\nCMD ["serve"]',
      fixed:
        'FROM debian:12 AS base\nRUN adduser --disabled-password --gecos "" svc\nFROM base\nUSER svc\nCMD ["serve"]',
    },
    {
      title: "A step behind the command",
      bad: 'FROM debian:12\nRUN useradd ⟦app⟧\nCMD ["serve"]\nRUN make\n# as before\nENTRYPOINT ["run"]\nEXPOSE 80',
      fixed:
        'FROM debian:12\nRUN useradd app\nCMD ["serve"]\nRUN make\nUSER app\n# as before\nENTRYPOINT ["run"]\nEXPOSE 80',
    },
    {
      title: "A path is no user",
      bad: 'FROM debian:12\nRUN useradd ⟦app⟧\nCOPY . /app\nCMD ["/app/run"]',
      fixed: 'FROM debian:12\nRUN useradd app\nCOPY . /app\nUSER app\nCMD ["/app/run"]',
    },
    { good: 'FROM debian:12\nRUN useradd app\nUSER app\nCMD ["serve"]' },
    { good: 'FROM debian:12\nRUN useradd app && chown -R app /data\nCMD ["serve"]' },
    { good: 'FROM debian:12\nRUN useradd www\nCMD ["nginx", "-g", "daemon off;"]' },
    { good: 'FROM debian:12\nRUN adduser www-data video\nCMD ["serve"]' },
  ],
  check: function* (file) {
    const reported = new Set<CreatedUser["command"]>();
    for (const stage of file.targetStages) {
      const start = startOf(file, stage);
      if (start === undefined || stage.user !== undefined || isForDevelopers(file, stage) || stage.isWindows) continue;
      if (start.programs.some((program) => daemons.has(program)) || mayDropPrivileges(file, stage)) continue;
      const accounts = createdIn(file, stage);
      const names = accounts.length === 0 ? undefined : namesIn(file, stage, start);
      if (names === undefined) continue;
      for (const created of accounts) {
        if (reported.has(created.command) || !created.name.isLiteral || names.has(created.name.value)) continue;
        reported.add(created.command);
        const name = created.name.value;
        yield {
          at: created.name.span,
          message: `The account \`${name}\` is made, but nothing switches to it`,
          fix: switchUser(file, stage, name),
        };
      }
    }
  },
});

/** All words, those of paths apart, that stand anywhere but where an account is made; undefined when some of it cannot be read. */
const namesIn = (file: AuditedFile, stage: StageFacts, start: Start): ReadonlySet<string> | undefined => {
  const runs = stage.lineage.flatMap((facts) => runsOf(file, facts));
  const scripts = startScripts(file, stage, start);
  if (scripts === undefined || runs.some(({ isRead }) => !isRead)) return undefined;
  const spans = [
    ...runs.flatMap(({ commands }) => commands.filter(({ name }) => !making.test(name))),
    ...stage.lineage.flatMap(({ instructions }) =>
      instructions.filter(({ keyword }) => !/^(RUN|FROM|LABEL)$/.test(keyword)),
    ),
  ];
  const texts = [...spans.map(({ span }) => sliceOf(file.text, span)), ...scripts.map(({ text }) => text)];
  return new Set(texts.flatMap((text) => text.match(/(?<![\w/.-])[\w-]+/g) ?? []));
};

const making = /^(useradd|adduser|groupadd|addgroup|mkdir)$/;

/** They bind ports or read keys as root, then leave it. */
const daemons: ReadonlySet<string> = new Set(
  (
    "nginx httpd apache2 apache2-foreground apachectl apache2ctl php-fpm mysqld mysqld_safe mariadbd named unbound dnsmasq sshd cron crond haproxy " +
    "squid vsftpd proftpd pure-ftpd dovecot postfix supervisord rsyslogd chronyd ntpd varnishd tor mosquitto lighttpd exim slapd " +
    "turnserver opendkim clamd freshclam systemd init smbd nmbd rspamd memcached rabbitmq-server postgres openresty"
  ).split(" "),
);
