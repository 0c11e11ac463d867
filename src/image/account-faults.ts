import type { AccountFault } from "./image.ts";

/** Files that say who may log in, and how. */
export const isAccountFile = (path: string): boolean => path === "etc/passwd" || path === "etc/shadow";

/** Longer ones are left unread. */
export const LARGEST_ACCOUNT_FILE = 1 << 20;

/** The account files of each layer, the lowest first; undefined where a layer has none. */
export interface AccountFiles {
  readonly passwd: Uint8Array | undefined;
  readonly shadow: Uint8Array | undefined;
}

/** Faults of the accounts that the image shows, each with the layer that brought it. */
export const accountFaults = (layers: readonly AccountFiles[]): readonly AccountFault[] => {
  let passwd: Accounts = new Map();
  let shadow: Accounts = new Map();
  let known = new Map<string, AccountFault>();
  for (const [layer, files] of layers.entries()) {
    if (files.passwd === undefined && files.shadow === undefined) continue;
    passwd = files.passwd === undefined ? passwd : readAccounts(files.passwd);
    shadow = files.shadow === undefined ? shadow : readAccounts(files.shadow);
    const found = faultsOf(passwd, shadow);
    known = new Map([...found].map(([key, fault]) => [key, known.get(key) ?? { ...fault, layer }]));
  }
  return [...known.values()];
};

/** Fields by name of the account. */
type Accounts = ReadonlyMap<string, readonly string[]>;

const readAccounts = (bytes: Uint8Array): Accounts =>
  new Map(
    new TextDecoder()
      .decode(bytes)
      .split("\n")
      .map((line) => line.split(":"))
      .flatMap((fields) => (fields.length < 3 || fields[0] === "" ? [] : [[fields[0] ?? "", fields] as const])),
  );

const faultsOf = (passwd: Accounts, shadow: Accounts): ReadonlyMap<string, Omit<AccountFault, "layer">> => {
  const faults = new Map<string, Omit<AccountFault, "layer">>();
  const byId = new Map<string, string>();
  for (const [account, [, password = "x", uid = ""]] of passwd) {
    const isOpen = password === "x" ? shadow.get(account)?.[1] === "" : password === "";
    if (isOpen) faults.set(`${account} password`, { account, fault: "no password" });
    const first = byId.get(uid);
    if (first === undefined) byId.set(uid, account);
    else faults.set(`${account} ${uid}`, { account, fault: "shared id", uid: Number(uid), with: first });
  }
  return faults;
};
