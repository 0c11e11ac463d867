import type { Assignment, LabelInstruction } from "../../dockerfile/model.ts";
import type { StageFacts } from "../audited-file.ts";

export interface Label {
  /** Without quotes. */
  readonly key: string;
  readonly assignment: Assignment;
  readonly instruction: LabelInstruction;
}

/** The labels that a stage sets itself, in order. */
export const ownLabels = (stage: StageFacts): readonly Label[] =>
  stage.instructions.flatMap((instruction) =>
    instruction.keyword === "LABEL"
      ? instruction.assignments.map((assignment) => ({ key: unquoted(assignment.key.text), assignment, instruction }))
      : [],
  );

/** The labels of a stage and of the stages that it is built FROM; those of the base image are not known. */
export const labelsInLineage = (stage: StageFacts): readonly Label[] => stage.lineage.flatMap(ownLabels);

export const unquoted = (text: string): string => {
  const quote = text.charAt(0);
  const isQuoted = (quote === '"' || quote === "'") && text.length > 1 && text.endsWith(quote);
  return isQuoted ? text.slice(1, -1) : text;
};

/** A value in double quotes that the engine reads back as this text, variables not expanded. */
export const quoteValue = (text: string, escapeCharacter: "\\" | "`"): string =>
  `"${text.replace(/["$\\`]/g, (character) =>
    character === '"' || character === "$" || character === escapeCharacter
      ? `${escapeCharacter}${character}`
      : character,
  )}"`;

/** The keys of label-schema.org and what replaces them: https://specs.opencontainers.org/image-spec/annotations/ */
export const labelSchemaSuccessors: ReadonlyMap<string, string> = new Map([
  ["build-date", "created"],
  ["url", "url"],
  ["vcs-url", "source"],
  ["version", "version"],
  ["vcs-ref", "revision"],
  ["vendor", "vendor"],
  ["name", "title"],
  ["description", "description"],
  ["usage", "documentation"],
]);
