import buildToolsInShippedStage from "./build-tools-in-shipped-stage.ts";
import duplicateStageName from "./duplicate-stage-name.ts";
import latestBaseTag from "./latest-base-tag.ts";
import malformedExecForm from "./malformed-exec-form.ts";
import missingHealthcheck from "./missing-healthcheck.ts";
import missingUser from "./missing-user.ts";
import overriddenInstruction from "./overridden-instruction.ts";
import rootUser from "./root-user.ts";
import type { Rule } from "./rule.ts";
import shellFormCommand from "./shell-form-command.ts";

/** All rules, in the order of the documentation. */
export const rules: readonly Rule[] = [
  // Base image
  latestBaseTag,
  // Stages and targets
  duplicateStageName,
  buildToolsInShippedStage,
  // User and privileges
  rootUser,
  missingUser,
  // System packages
  // Language packages
  // Downloads and integrity
  // Files and context
  // Secrets and ssh
  // Runtime
  shellFormCommand,
  malformedExecForm,
  overriddenInstruction,
  missingHealthcheck,
  // Metadata
  // Shell
  // Syntax and style
  // Image
];
