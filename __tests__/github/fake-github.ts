import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { findOperation } from "./api-description.ts";
import { type Answer, answer, newState, type Options, permissionsOf, type State } from "./fake-operations.ts";

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly operation: string;
  readonly body: unknown;
  readonly status: number;
}

export type Fault =
  /** A plain answer in GitHub's place. */
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** The connection breaks before anything is done. */
  | "reset"
  /** It is done, and the connection breaks before the answer. */
  | "lost reply"
  /** It is done, and the answer takes that long. */
  | { readonly delay: number };

export interface FakeGitHub {
  /** For GITHUB_API_URL. */
  readonly url: string;
  readonly state: State;
  readonly requests: readonly RecordedRequest[];
  /** Requests and responses that do not fit GitHub's description: must stay empty. */
  readonly violations: readonly string[];
  /** Puts the next requests of the operation (`checks/create`) in trouble, one fault each. */
  readonly fail: (operation: string, ...faults: readonly Fault[]) => void;
  readonly close: () => Promise<void>;
}

/** A GitHub that answers as its description says, remembers what is written, and fails when asked to. */
export const startFakeGitHub = async (options: Options = {}): Promise<FakeGitHub> => {
  const state = newState(options);
  const requests: RecordedRequest[] = [];
  const violations: string[] = [];
  const faults = new Map<string, Fault[]>();
  const sockets = new Set<Socket>();
  const prefix = options.prefix ?? "";

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await bodyOf(request);
    const url = new URL(request.url ?? "/", "http://github.test");
    const method = request.method ?? "GET";
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const pathname = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : url.pathname;
    const operation = findOperation(method, pathname);
    const name = pathname.endsWith("/graphql") ? "graphql" : (operation?.id ?? "unknown");
    const record = (status: number): void => {
      requests.push({ method, path: pathname + url.search, operation: name, body, status });
    };
    const fault = faults.get(name)?.shift();
    if (fault === "reset") {
      record(0);
      request.socket.destroy();
      return;
    }
    if (typeof fault === "object" && "status" in fault) {
      record(fault.status);
      send(response, { status: fault.status, body: fault.body ?? { message: "fault" }, headers: fault.headers ?? {} });
      return;
    }
    const reply = replyTo(name, operation, request, url, body);
    record(fault === "lost reply" ? 0 : reply.status);
    if (fault === "lost reply") {
      request.socket.destroy();
      return;
    }
    if (typeof fault === "object") await new Promise((resolve) => setTimeout(resolve, fault.delay).unref());
    send(response, reply);
  };

  const replyTo = (
    name: string,
    operation: ReturnType<typeof findOperation>,
    request: IncomingMessage,
    url: URL,
    body: unknown,
  ): Answer => {
    const permissions = permissionsOf(state, request.headers.authorization);
    if (permissions === undefined) return { status: 401, body: { message: "Bad credentials", status: "401" } };
    if (name === "graphql") return graphqlAnswer(state, body);
    if (operation === undefined) {
      violations.push(`${request.method} ${url.pathname} is not among the described operations`);
      return { status: 404, body: { message: "Not Found", status: "404" } };
    }
    const wrong = operation.faultsOfRequest(url.searchParams, body);
    const reply = answer(state, operation, permissions, url, body);
    if (reply.status >= 400) return reply;
    if (wrong.length > 0) {
      violations.push(...wrong.map((fault) => `${operation.id}: ${fault}`));
      return { status: 422, body: { message: `Invalid request.\n\n${wrong.join("\n")}`, status: "422" } };
    }
    const slips = operation.faultsOfResponse(reply.status, reply.body);
    violations.push(...slips.map((slip) => `${operation.id}: ${slip}`));
    return slips.length === 0 ? reply : { status: 500, body: { message: slips.join("\n") } };
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      violations.push(String(error));
      response.destroy();
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    state,
    requests,
    violations,
    fail: (operation, ...next) => faults.set(operation, [...(faults.get(operation) ?? []), ...next]),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
};

const graphqlAnswer = (state: State, body: unknown): Answer => {
  const query = (body as { query?: string } | undefined)?.query?.replaceAll(/\s+/g, " ").trim();
  if (query !== "query { viewer { login } }")
    return { status: 200, body: { errors: [{ message: `not served: ${query}` }] } };
  return { status: 200, body: { data: { viewer: { login: state.login } } } };
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

const send = (response: ServerResponse, { status, body, headers }: Answer): void => {
  const isText = typeof body === "string";
  response.writeHead(status, { "content-type": isText ? "text/html" : "application/json; charset=utf-8", ...headers });
  response.end(isText ? body : JSON.stringify(body));
};
