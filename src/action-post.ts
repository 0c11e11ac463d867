import { checkState } from "./action-delivery.ts";
import { withoutInputs } from "./adapters/buildx.ts";
import { connectForge } from "./adapters/github.ts";
import type { StartedCheck } from "./adapters/github-check.ts";
import type { Occasion } from "./adapters/github-event.ts";
import { explainFailure } from "./adapters/github-failure.ts";
import type { Runner } from "./adapters/github-runner.ts";
import { removeRunFolder } from "./adapters/run-folder.ts";

/** State of the main step: the folder of its builds. */
export const folderState = "temporary-folder";

/** Removes what a cancelled main step left behind, and completes its check run. Never fails the job. */
export const cleanUp = async (runner: Runner, occasion: Occasion | undefined): Promise<void> => {
  const folder = runner.state(folderState);
  if (folder !== "") {
    await removeRunFolder(folder, withoutInputs(process.env));
  }
  const check = readCheck(runner.state(checkState));
  if (check !== undefined && occasion !== undefined) await completeCheck(check, runner, occasion);
};

const completeCheck = async (check: StartedCheck, runner: Runner, occasion: Occasion): Promise<void> => {
  const forge = connectForge({ token: runner.input("github-token"), occasion, redact: (text) => text });
  try {
    await forge.completeCheck(check, {
      conclusion: "cancelled",
      title: "Cancelled",
      summary: "The job ended before docker-hygiene did.",
      annotations: [],
    });
  } catch (error) {
    runner.warn(explainFailure(error, "the end of the check run", "checks: write", occasion).message);
  }
};

const readCheck = (state: string): StartedCheck | undefined => {
  if (state === "") return undefined;
  try {
    return JSON.parse(state) as StartedCheck;
  } catch {
    return undefined;
  }
};
