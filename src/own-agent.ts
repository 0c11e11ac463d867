import { startAgent } from "./adapters/ssh-agent.ts";
import type { PrivateKeys } from "./build/ssh-key.ts";
import type { Settings } from "./settings.ts";

/**
 * The settings with an agent of the run behind `default`, when there are keys for one and something is to be built.
 * The agent ends with the run's folder. Rejects with a UserError that names the setting.
 */
export const withOwnAgent = async (
  settings: Settings,
  keys: PrivateKeys | undefined,
  place: Parameters<typeof startAgent>[1],
): Promise<Settings> => {
  if (keys === undefined || settings.build === false) return settings;
  const socket = await startAgent(keys, place);
  const ssh = settings.ssh.map((forward) => (forward.id === "default" ? { ...forward, paths: [socket] } : forward));
  return { ...settings, ssh };
};
