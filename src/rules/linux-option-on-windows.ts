import type { StageFacts } from "./audited-file.ts";
import { isWindowsImage } from "./knowledge/base-images.ts";
import { deleteFlag, deleteInstruction } from "./knowledge/edits.ts";
import { defineRule } from "./rule.ts";

export default defineRule({
  id: "linux-option-on-windows",
  summary: "Leave out what Windows containers do not support",
  level: { recommended: "warning", strict: "warning" },
  scope: "every stage",
  aliases: [],
  why: `Windows has no uid and no signals. \`COPY --chown\` fails or is ignored there, and STOPSIGNAL has no effect: the engine
sends its own close event. Set permissions with \`icacls\` in a RUN.`,
  silent: ["bases that are not known as Windows, whatever the escape directive says"],
  fixes: "safe",
  sources: ["https://docs.docker.com/reference/dockerfile/#copy---chown---chmod"],
  examples: [
    {
      bad: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY ⟦--chown=1000⟧ app C:/app",
      fixed: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY app C:/app",
      message: "`--chown` is not supported on Windows",
    },
    {
      bad: "# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\n⟦STOPSIGNAL⟧ SIGTERM\nCMD app",
      fixed: "# escape=`\nFROM mcr.microsoft.com/windows/servercore:ltsc2022\nCMD app",
    },
    {
      bad: "FROM mcr.microsoft.com/dotnet/aspnet:10.0-nanoserver-ltsc2022 AS base\nFROM base\nADD ⟦--chown=a:b⟧ x y\n",
      fixed: "FROM mcr.microsoft.com/dotnet/aspnet:10.0-nanoserver-ltsc2022 AS base\nFROM base\nADD x y\n",
    },
    { good: "FROM debian:12\nCOPY --chown=1000 app /app\nSTOPSIGNAL SIGQUIT" },
    { good: "# escape=`\nFROM acme/app:1\nSTOPSIGNAL SIGTERM" },
    { good: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY app C:/app\nUSER ContainerUser" },
  ],
  check: function* (file) {
    for (const stage of file.stages) {
      if (!isOnWindows(stage)) continue;
      for (const instruction of stage.instructions) {
        if (instruction.keyword === "STOPSIGNAL") {
          const edits = [deleteInstruction(file.text, instruction)];
          const fix = { title: "Delete the STOPSIGNAL", safety: "safe" as const, edits };
          yield { at: instruction.keywordSpan, message: "STOPSIGNAL has no effect on Windows", fix };
        }
        if (instruction.keyword !== "COPY" && instruction.keyword !== "ADD") continue;
        for (const flag of instruction.flags) {
          if (flag.name !== "chown") continue;
          const fix = { title: "Delete the flag", safety: "safe" as const, edits: [deleteFlag(file.text, flag)] };
          yield { at: flag.span, message: "`--chown` is not supported on Windows", fix };
        }
      }
    }
  },
});

const isOnWindows = ({ rootBase }: StageFacts): boolean =>
  rootBase.kind === "image" && rootBase.reference !== undefined && isWindowsImage(rootBase.reference);
