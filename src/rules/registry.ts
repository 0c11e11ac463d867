import accountPasswordInRun from "./account-password-in-run.ts";
import addOfPlainFiles from "./add-of-plain-files.ts";
import archiveLeftInLayer from "./archive-left-in-layer.ts";
import archiveUnpackedAfterCopy from "./archive-unpacked-after-copy.ts";
import baseWithoutDefault from "./base-without-default.ts";
import baseWithoutDigest from "./base-without-digest.ts";
import bashSyntaxInPosixShell from "./bash-syntax-in-posix-shell.ts";
import buildToolsInShippedStage from "./build-tools-in-shipped-stage.ts";
import circularStageReference from "./circular-stage-reference.ts";
import clearTextDownload from "./clear-text-download.ts";
import clearTextScriptExecution from "./clear-text-script-execution.ts";
import cmdIgnoredByEntrypoint from "./cmd-ignored-by-entrypoint.ts";
import constantPlatformFlag from "./constant-platform-flag.ts";
import contextCopiedBeforeInstall from "./context-copied-before-install.ts";
import copyFromEmptyStage from "./copy-from-empty-stage.ts";
import curlWithoutFail from "./curl-without-fail.ts";
import debugModeShipped from "./debug-mode-shipped.ts";
import debugStageLast from "./debug-stage-last.ts";
import dependenciesInContext from "./dependencies-in-context.ts";
import deprecatedAptKey from "./deprecated-apt-key.ts";
import deprecatedLabelSchema from "./deprecated-label-schema.ts";
import deprecatedMaintainer from "./deprecated-maintainer.ts";
import devDependenciesShipped from "./dev-dependencies-shipped.ts";
import directoryChangeInRun from "./directory-change-in-run.ts";
import disabledSignatureCheck from "./disabled-signature-check.ts";
import disabledTlsVerification from "./disabled-tls-verification.ts";
import duplicateDownloadTool from "./duplicate-download-tool.ts";
import duplicateStageName from "./duplicate-stage-name.ts";
import emptyContinuationLine from "./empty-continuation-line.ts";
import emptyInstruction from "./empty-instruction.ts";
import entrypointWithoutExec from "./entrypoint-without-exec.ts";
import exposedAdminPort from "./exposed-admin-port.ts";
import faultyAccountInImage from "./faulty-account-in-image.ts";
import healthcheckToolMissing from "./healthcheck-tool-missing.ts";
import hostPathVolume from "./host-path-volume.ts";
import ignoreWithoutReason from "./ignore-without-reason.ts";
import ignoredCopySource from "./ignored-copy-source.ts";
import ineffectiveDirective from "./ineffective-directive.ts";
import interactiveAptCommand from "./interactive-apt-command.ts";
import invalidImageReference from "./invalid-image-reference.ts";
import invalidLabelKey from "./invalid-label-key.ts";
import invalidLabelValue from "./invalid-label-value.ts";
import invalidOnbuildTrigger from "./invalid-onbuild-trigger.ts";
import invalidPort from "./invalid-port.ts";
import languagePackageCacheLeft from "./language-package-cache-left.ts";
import largeBaseVariant from "./large-base-variant.ts";
import latestBaseTag from "./latest-base-tag.ts";
import legacyKeyValue from "./legacy-key-value.ts";
import linuxOptionOnWindows from "./linux-option-on-windows.ts";
import literalCredential from "./literal-credential.ts";
import malformedExecForm from "./malformed-exec-form.ts";
import misreadDescription from "./misread-description.ts";
import missingAssumeYes from "./missing-assume-yes.ts";
import missingCacheMount from "./missing-cache-mount.ts";
import missingCopySource from "./missing-copy-source.ts";
import missingDockerignore from "./missing-dockerignore.ts";
import missingFrom from "./missing-from.ts";
import missingHealthcheck from "./missing-healthcheck.ts";
import missingLabel from "./missing-label.ts";
import missingUser from "./missing-user.ts";
import mixedKeywordCasing from "./mixed-keyword-casing.ts";
import movingBaseTag from "./moving-base-tag.ts";
import multiSourceCopyToFile from "./multi-source-copy-to-file.ts";
import namedUser from "./named-user.ts";
import numericStageReference from "./numeric-stage-reference.ts";
import overriddenInstruction from "./overridden-instruction.ts";
import packageCacheInImage from "./package-cache-in-image.ts";
import passwordlessSudo from "./passwordless-sudo.ts";
import permissionsChangedAfterCopy from "./permissions-changed-after-copy.ts";
import persistentDebianFrontend from "./persistent-debian-frontend.ts";
import pipeWithoutPipefail from "./pipe-without-pipefail.ts";
import pointlessCommandInRun from "./pointless-command-in-run.ts";
import readableSecretMount from "./readable-secret-mount.ts";
import recommendedPackagesInstalled from "./recommended-packages-installed.ts";
import redundantPlatformFlag from "./redundant-platform-flag.ts";
import relativeCopyDestination from "./relative-copy-destination.ts";
import relativeWorkdir from "./relative-workdir.ts";
import relinkedDefaultShell from "./relinked-default-shell.ts";
import remoteScriptPipedToShell from "./remote-script-piped-to-shell.ts";
import repeatedDeclaration from "./repeated-declaration.ts";
import reservedStageName from "./reserved-stage-name.ts";
import rootOnlyIgnorePattern from "./root-only-ignore-pattern.ts";
import rootUser from "./root-user.ts";
import type { Rule } from "./rule.ts";
import secretFileCopied from "./secret-file-copied.ts";
import secretFileInImage from "./secret-file-in-image.ts";
import secretInArgOrEnv from "./secret-in-arg-or-env.ts";
import secretMountNotRequired from "./secret-mount-not-required.ts";
import secretValueInImage from "./secret-value-in-image.ts";
import secretWrittenToLayer from "./secret-written-to-layer.ts";
import selfReferencingEnv from "./self-referencing-env.ts";
import sensitiveFileInContext from "./sensitive-file-in-context.ts";
import setuidFileInImage from "./setuid-file-in-image.ts";
import shellFormCommand from "./shell-form-command.ts";
import shellInScratchStage from "./shell-in-scratch-stage.ts";
import shellStateLost from "./shell-state-lost.ts";
import shellSyntaxError from "./shell-syntax-error.ts";
import spacedAssignment from "./spaced-assignment.ts";
import sshServerInstalled from "./ssh-server-installed.ts";
import sshWithoutMount from "./ssh-without-mount.ts";
import staleBaseLabel from "./stale-base-label.ts";
import stalePackageIndex from "./stale-package-index.ts";
import sudoInRun from "./sudo-in-run.ts";
import syntaxError from "./syntax-error.ts";
import systemDirectoryWorkdir from "./system-directory-workdir.ts";
import systemPackageCacheLeft from "./system-package-cache-left.ts";
import systemUpgrade from "./system-upgrade.ts";
import temporaryToolLeft from "./temporary-tool-left.ts";
import uncheckedFailureInRun from "./unchecked-failure-in-run.ts";
import uncheckedRemoteAdd from "./unchecked-remote-add.ts";
import undefinedArgInFrom from "./undefined-arg-in-from.ts";
import ungracefulStopSignal from "./ungraceful-stop-signal.ts";
import unknownFlag from "./unknown-flag.ts";
import unknownStageReference from "./unknown-stage-reference.ts";
import unlockedDependencyInstall from "./unlocked-dependency-install.ts";
import unneededSecret from "./unneeded-secret.ts";
import unpinnedGitSource from "./unpinned-git-source.ts";
import unpinnedLanguagePackage from "./unpinned-language-package.ts";
import unpinnedRequirementsFile from "./unpinned-requirements-file.ts";
import unpinnedSystemPackage from "./unpinned-system-package.ts";
import unreachableStage from "./unreachable-stage.ts";
import unreadDockerignore from "./unread-dockerignore.ts";
import unsandboxedRun from "./unsandboxed-run.ts";
import unsortedPackageList from "./unsorted-package-list.ts";
import unsuppliedSecret from "./unsupplied-secret.ts";
import unsupportedBaseRelease from "./unsupported-base-release.ts";
import untrustedBaseRegistry from "./untrusted-base-registry.ts";
import unusedIgnore from "./unused-ignore.ts";
import unusedUser from "./unused-user.ts";
import unverifiedDownload from "./unverified-download.ts";
import unverifiedPackageFile from "./unverified-package-file.ts";
import unverifiedSshHost from "./unverified-ssh-host.ts";
import uppercasePortProtocol from "./uppercase-port-protocol.ts";
import uppercaseStageName from "./uppercase-stage-name.ts";
import userWithoutPasswd from "./user-without-passwd.ts";
import useraddWithoutLogInit from "./useradd-without-log-init.ts";
import verboseWgetProgress from "./verbose-wget-progress.ts";
import wastedSpaceInImage from "./wasted-space-in-image.ts";
import wholeContextCopied from "./whole-context-copied.ts";
import wholeFilesystemCopy from "./whole-filesystem-copy.ts";
import worldWritableMode from "./world-writable-mode.ts";

/** All rules, in the order of the documentation. */
export const rules: readonly Rule[] = [
  // Base image
  latestBaseTag,
  movingBaseTag,
  baseWithoutDigest,
  untrustedBaseRegistry,
  invalidImageReference,
  undefinedArgInFrom,
  baseWithoutDefault,
  constantPlatformFlag,
  redundantPlatformFlag,
  unsupportedBaseRelease,
  largeBaseVariant,
  // Stages and targets
  duplicateStageName,
  buildToolsInShippedStage,
  missingFrom,
  reservedStageName,
  uppercaseStageName,
  unknownStageReference,
  circularStageReference,
  numericStageReference,
  unreachableStage,
  copyFromEmptyStage,
  wholeFilesystemCopy,
  devDependenciesShipped,
  debugStageLast,
  shellInScratchStage,
  // User and privileges
  rootUser,
  missingUser,
  unusedUser,
  namedUser,
  userWithoutPasswd,
  sudoInRun,
  passwordlessSudo,
  useraddWithoutLogInit,
  worldWritableMode,
  accountPasswordInRun,
  unsandboxedRun,
  hostPathVolume,
  sshServerInstalled,
  linuxOptionOnWindows,
  // System packages
  systemUpgrade,
  stalePackageIndex,
  recommendedPackagesInstalled,
  missingAssumeYes,
  systemPackageCacheLeft,
  temporaryToolLeft,
  unpinnedSystemPackage,
  interactiveAptCommand,
  persistentDebianFrontend,
  deprecatedAptKey,
  missingCacheMount,
  unsortedPackageList,
  // Language packages
  unpinnedLanguagePackage,
  unpinnedRequirementsFile,
  unlockedDependencyInstall,
  languagePackageCacheLeft,
  unpinnedGitSource,
  // Downloads and integrity
  unverifiedDownload,
  unverifiedPackageFile,
  uncheckedRemoteAdd,
  remoteScriptPipedToShell,
  clearTextScriptExecution,
  clearTextDownload,
  disabledTlsVerification,
  disabledSignatureCheck,
  curlWithoutFail,
  unverifiedSshHost,
  verboseWgetProgress,
  duplicateDownloadTool,
  archiveLeftInLayer,
  archiveUnpackedAfterCopy,
  // Files and context
  addOfPlainFiles,
  missingCopySource,
  ignoredCopySource,
  multiSourceCopyToFile,
  relativeCopyDestination,
  relativeWorkdir,
  systemDirectoryWorkdir,
  contextCopiedBeforeInstall,
  wholeContextCopied,
  missingDockerignore,
  dependenciesInContext,
  unreadDockerignore,
  rootOnlyIgnorePattern,
  permissionsChangedAfterCopy,
  // Secrets and ssh
  secretInArgOrEnv,
  literalCredential,
  secretFileCopied,
  sensitiveFileInContext,
  secretWrittenToLayer,
  secretMountNotRequired,
  readableSecretMount,
  sshWithoutMount,
  unsuppliedSecret,
  unneededSecret,
  // Runtime
  shellFormCommand,
  malformedExecForm,
  overriddenInstruction,
  missingHealthcheck,
  cmdIgnoredByEntrypoint,
  entrypointWithoutExec,
  healthcheckToolMissing,
  invalidPort,
  uppercasePortProtocol,
  exposedAdminPort,
  ungracefulStopSignal,
  selfReferencingEnv,
  spacedAssignment,
  legacyKeyValue,
  debugModeShipped,
  // Metadata
  missingLabel,
  invalidLabelKey,
  invalidLabelValue,
  deprecatedLabelSchema,
  deprecatedMaintainer,
  staleBaseLabel,
  repeatedDeclaration,
  // Shell
  shellSyntaxError,
  bashSyntaxInPosixShell,
  pipeWithoutPipefail,
  uncheckedFailureInRun,
  shellStateLost,
  relinkedDefaultShell,
  pointlessCommandInRun,
  directoryChangeInRun,
  // Syntax and style
  syntaxError,
  emptyInstruction,
  unknownFlag,
  ineffectiveDirective,
  invalidOnbuildTrigger,
  emptyContinuationLine,
  mixedKeywordCasing,
  misreadDescription,
  ignoreWithoutReason,
  unusedIgnore,
  // Image
  secretValueInImage,
  secretFileInImage,
  faultyAccountInImage,
  setuidFileInImage,
  packageCacheInImage,
  wastedSpaceInImage,
];
