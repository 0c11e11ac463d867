import { UserError } from "./errors.ts";
import { refuseChoice } from "./settings-values.ts";

/** What only the action knows: how the report reaches the pull request. */
export interface ActionInputs {
  readonly check: boolean | "auto";
  readonly checkName: string;
  /** The mildest findings that are shown on their lines. */
  readonly annotate: "error" | "warning" | "note" | "none";
  readonly comment: "always" | "changes" | "failure" | "never";
  readonly commentKey: string;
  readonly suggests: boolean;
  readonly token: string;
  /** Values of the job's matrix in their order; empty without one. */
  readonly matrix: readonly string[];
  readonly outputFolder: string;
  /** Where sizes to compare with come from: an earlier run's check run, the base commit built here, or neither. */
  readonly baseline: "auto" | "build" | "other";
  /** Path of another run's report to comment, instead of a run of this one's own; empty: none. */
  readonly reportFrom: string;
  /** Only findings that the base commit does not have count. */
  readonly onlyNew: boolean;
}

/** Reads the inputs of action.yml that are no settings. Throws a UserError that names the input. */
export const readActionInputs = (input: (name: string) => string): ActionInputs => {
  const text = (name: string): string => input(name).trim();
  const choice = <Value extends string>(name: string, accepted: readonly Value[], fallback: Value): Value => {
    const written = text(name);
    if (written === "") return fallback;
    const origin = { setting: name, where: `input \`${name}\` of the workflow` };
    return accepted.find((value) => value === written.toLowerCase()) ?? refuseChoice(origin, written, accepted);
  };
  const check = choice("check", ["auto", "true", "false"], "auto");
  return {
    check: check === "auto" ? check : check === "true",
    checkName: text("check-name") || "docker-hygiene",
    annotate: choice("annotate", ["error", "warning", "note", "none"], "warning"),
    comment: choice("comment", ["always", "changes", "failure", "never"], "changes"),
    commentKey: text("comment-key"),
    suggests: choice("suggestions", ["true", "false"], "false") === "true",
    token: text("github-token"),
    matrix: readMatrix(text("matrix")),
    outputFolder: text("output-folder"),
    baseline: baselines.find((value) => value === text("baseline")) ?? "other",
    reportFrom: text("report-from"),
    onlyNew: choice("only-new", ["true", "false"], "false") === "true",
  };
};

const baselines = ["auto", "build"] as const;

const readMatrix = (text: string): readonly string[] => {
  if (text === "" || text === "null") return [];
  try {
    const matrix: unknown = JSON.parse(text);
    if (typeof matrix !== "object" || matrix === null || Array.isArray(matrix)) throw new SyntaxError();
    return Object.values(matrix).map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
  } catch {
    throw new UserError("matrix: it is not a JSON object (input `matrix` of the workflow). Leave it to its default.");
  }
};
