import { defineRule } from "./rule.ts";

export default defineRule({
  id: "faulty-account-in-image",
  summary: "Ship no account without password lock or with a shared id",
  level: { recommended: "warning", strict: "warning" },
  scope: "built image",
  why: `An account with an empty password lets everybody become it who can run \`su\` or reach a login. Two accounts with one number are one account to the kernel: each may read and change the files of the other.

Lock the password (\`passwd -l\`, \`useradd\` without \`-p ''\`), and give each account a number of its own.`,
  aliases: ["DKL-LI-0001", "DKL-LI-0002"],
  silent: [
    "Accounts of the base image that stay as they were.",
    "Locked passwords: `*`, `!`.",
    "Images without /etc/passwd.",
  ],
  fixes: "none",
  sources: ["https://man7.org/linux/man-pages/man5/shadow.5.html"],
  examples: [],
  check: () => [],
});
