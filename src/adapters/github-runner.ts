import { randomUUID } from "node:crypto";
import * as core from "@actions/core";

/** The runner that the action runs on: what it is told, and what it tells. */
export interface Runner {
  /** As written, white space included; empty when it is not given. */
  readonly input: (name: string) => string;
  /** Every later occurrence of a value in the log and the summary is shown as `***`. */
  readonly mask: (values: Iterable<string>) => void;
  /** Lines that are inert already, or commands that we made. */
  readonly print: (lines: readonly string[]) => void;
  /** Text that may hold anything: the runner reads no command in it. */
  readonly printInert: (text: string) => void;
  readonly warn: (message: string) => void;
  readonly fail: (message: string) => void;
  readonly output: (name: string, value: string) => void;
  /** For the post step. */
  readonly saveState: (name: string, value: string) => void;
  readonly state: (name: string) => string;
  /** Markdown of at most `summaryLimit` bytes. */
  readonly summary: (markdown: string) => Promise<void>;
}

/** Bytes of a step's summary; of a larger one the runner shows nothing. */
export const summaryLimit = 1024 * 1024;

export const connectRunner = (): Runner => ({
  input: (name) => core.getInput(name, { trimWhitespace: false }),
  mask: (values) => {
    for (const value of values) core.setSecret(value);
  },
  print: (lines) => {
    for (const line of lines) core.info(line);
  },
  printInert: (text) => {
    const token = randomUUID();
    core.info(`::stop-commands::${token}`);
    core.info(text.replace(/\n$/, ""));
    core.info(`::${token}::`);
  },
  warn: (message) => core.warning(message, { title: "docker-hygiene" }),
  fail: (message) => core.error(message, { title: "docker-hygiene" }),
  output: (name, value) => core.setOutput(name, value),
  saveState: (name, value) => core.saveState(name, value),
  state: (name) => core.getState(name),
  summary: async (markdown) => {
    await core.summary.addRaw(markdown).write();
  },
});
