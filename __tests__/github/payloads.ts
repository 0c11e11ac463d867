import { readFileSync } from "node:fs";

/** Whole payloads, valid by @octokit/webhooks-schemas (a test checks), by the schema's name. */
export const payloads = JSON.parse(
  readFileSync(new URL("../fixtures/github/events.json", import.meta.url), "utf8"),
) as Readonly<Record<string, Payload>>;

type Payload = Readonly<Record<string, unknown>>;

/** Pull request 7 into `main` of acme/shop, from a branch of `from`. */
export const pullRequest = (from = "acme/shop"): Payload => {
  const payload = structuredClone(payloads.pull_request$synchronize) as Payload & {
    pull_request: { head: { repo: { full_name: string } } };
  };
  payload.pull_request.head.repo.full_name = from;
  return payload;
};

/** What the event's payload is on a runner. */
export const payloadOf = (event: "push" | "merge_group" | "workflow_dispatch" | "schedule"): Payload => {
  if (event === "schedule") return { schedule: "0 4 * * 1", repository: payloads.push$event?.repository };
  const name = {
    push: "push$event",
    merge_group: "merge_group$checks_requested",
    workflow_dispatch: "workflow_dispatch$event",
  };
  return payloads[name[event]] ?? {};
};
