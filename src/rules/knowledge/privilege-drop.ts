import { familiarName } from "../../dockerfile/image-reference.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { sliceOf } from "./edits.ts";
import { changesToOther, runsAsOther } from "./other-user.ts";
import { type Start, startOf, startScripts } from "./start-command.ts";

/**
 * Whether a container that starts as root hands over to another user by itself: gosu and its like anywhere in the
 * stage or its entrypoint script, a base whose entrypoint does so, or a script that nobody can read.
 */
export const mayDropPrivileges = (file: AuditedFile, stage: StageFacts): boolean => {
  const start = startOf(file, stage);
  if (start?.entrypoint === undefined && baseDropsPrivileges(stage)) return true;
  if (stage.lineage.some((facts) => facts.instructions.some((each) => tool.test(sliceOf(file.text, each.span)))))
    return true;
  if (start === undefined) return false;
  if (start.words.some((word) => handOver.test(word) || inits.test(word) || daemons.test(word))) return true;
  if (startsAsOther(file, start)) return true;
  const scripts = startScripts(file, stage, start);
  return scripts === undefined || scripts.some((script) => handOver.test(script.text));
};

/** Whether the last thing that is started runs as somebody else: `CMD su app -c serve`, `["sudo", "-u", "app", "serve"]`. */
const startsAsOther = (file: AuditedFile, { instruction, words }: Start): boolean => {
  if (changesToOther(words)) return true;
  const script = file.script(instruction.command, instruction);
  const last = script?.commands.findLast(({ name }) => name !== "");
  return script !== undefined && last !== undefined && runsAsOther(file, script, last);
};

/** Programs that stay root only to start others as somebody else. */
const tool =
  /(?<![a-z])(gosu|su-exec|su_exec|setpriv|setuidgid|s6-overlay|s6-setuidgid|s6-svscan|chpst|fixuid|runuser|sup-exec|pid1proxy)(?![a-z])/i;

const handOver = new RegExp(
  `${tool.source}|(^|[\\s;&|(])(su|sudo)\\s+-|\\bsu\\s+\\w[\\w-]*\\s+-[sc]|chroot\\s+--userspec|--chuid|capsh\\s.*--user`,
  "im",
);

/** They run units or services, each with the user that its own configuration names. */
const inits = /^(\/(usr\/)?(sbin|lib\/systemd)\/(init|systemd)|\/init|\/usr\/sbin\/runsvdir.*)$/;

/** Started as root, they change to the account of their configuration by themselves, without being asked to. */
const daemons = /^(\/usr\/(local\/)?s?bin\/)?(mosquitto|apache2-foreground|php-fpm|varnishd|unbound|named|chronyd)$/;

const baseDropsPrivileges = (stage: StageFacts): boolean => {
  if (stage.rootBase.kind !== "image" || stage.rootBase.reference === undefined) return false;
  const name = familiarName(stage.rootBase.reference);
  return droppers.has(name) || /(^|\/)(linuxserver|lsiobase)\//.test(name);
};

/** Images whose own entrypoint leaves root before it starts the service. */
const droppers: ReadonlySet<string> = new Set(
  (
    "postgres mysql mariadb percona mongo redis valkey/valkey valkey rabbitmq cassandra couchdb neo4j zookeeper ghost flink " +
    "influxdb telegraf chronograf kapacitor consul vault hashicorp/consul hashicorp/vault eclipse-mosquitto arangodb aerospike " +
    "postgis/postgis timescale/timescaledb timescale/timescaledb-ha pgvector/pgvector supabase/postgres redis/redis-stack-server " +
    "mysql/mysql-server percona/percona-server clickhouse/clickhouse-server rethinkdb odoo redmine crate orientdb storm"
  ).split(" "),
);
