import type { Instruction } from "../../dockerfile/model.ts";
import type { StageFacts } from "../audited-file.ts";
import { alongLineage } from "./once.ts";

/** The first WORKDIR of the stage and those that it is built FROM. */
export const firstWorkdir = alongLineage<Instruction | undefined>(
  (stage, below) => below ?? stage.instructions.find(({ keyword }) => keyword === "WORKDIR"),
);

/** Whether the image that the stage is built on is known to work in `/`. */
export const worksInRoot = ({ rootBase }: StageFacts): boolean => {
  if (rootBase.kind !== "image" || rootBase.reference === undefined) return false;
  const { registry, repository } = rootBase.reference;
  return registry === "docker.io" && rootImages.has(repository.replace(/^library\//, ""));
};

/** Official images whose configuration has no working directory, or `/`. */
const rootImages: ReadonlySet<string> = new Set(
  (
    "debian ubuntu alpine busybox fedora centos rockylinux almalinux amazonlinux archlinux oraclelinux opensuse/leap " +
    "opensuse/tumbleweed buildpack-deps gcc python node ruby erlang elixir rust openjdk eclipse-temurin amazoncorretto " +
    "maven nginx postgres mysql mariadb mongo"
  ).split(" "),
);
