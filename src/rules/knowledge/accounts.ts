import type { ShellCommand, ShellWord } from "../../dockerfile/script.ts";
import type { AuditedFile, StageFacts } from "../audited-file.ts";
import { type CommandOptions, findOption, readOptions } from "./command-options.ts";
import { runsOf } from "./run-commands.ts";

/** A command that makes an account. */
export interface CreatedUser {
  readonly command: ShellCommand;
  readonly name: ShellWord;
  readonly uid: ShellWord | undefined;
  readonly options: CommandOptions;
}

/** Reads useradd and both kinds of adduser; undefined when no account is made or its name is not shown. */
export const createdUser = (command: ShellCommand): CreatedUser | undefined => {
  if (command.name !== "useradd" && command.name !== "adduser") return undefined;
  const options = readOptions(command.args, command.name === "useradd" ? useradd : adduser);
  const [name, group] = options.operands;
  // adduser USER GROUP adds an account that is there to a group.
  if (name === undefined || (command.name === "adduser" && group !== undefined) || options.unknown.includes(name))
    return undefined;
  const uid = findOption(options, "-u", "--uid");
  const { valueWord, value } = uid ?? {};
  return {
    command,
    name,
    uid: valueWord === undefined || value === undefined ? undefined : { ...valueWord, value },
    options,
  };
};

/** All accounts that a stage and the stages it is built FROM make. */
export const createdIn = (file: AuditedFile, stage: StageFacts): readonly CreatedUser[] =>
  stage.lineage.flatMap((facts) =>
    runsOf(file, facts).flatMap(({ commands }) => commands.flatMap((command) => createdUser(command) ?? [])),
  );

const split = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const useradd = {
  valued: split(
    "-b --base-dir -c --comment -d --home-dir --home -e --expiredate -f --inactive -g --gid -G --groups -k --skel -K --key " +
      "-p --password -R --root -P --prefix -s --shell -u --uid -Z --selinux-user",
  ),
};
/** Of busybox and of Debian: no letter means one thing in one and another in the other. */
const adduser = {
  valued: split(
    "-h -g -s -G -u -k --home --shell --uid --gid --firstuid --lastuid --firstgid --lastgid --ingroup --gecos --comment --conf " +
      "--add_extra_groups --extrausers -c -d -b --home-dir",
  ),
};
