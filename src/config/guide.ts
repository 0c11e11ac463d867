/** Parts of `docs/configuration.md` that explain more than a table of keys can. */
export const guideLines: readonly string[] = `## House rules

\`forbid\` and \`require\` hold rules of your own, without code. An entry says what it looks for by one of these keys, and all keys that it has must match:

| key | looks at |
| --- | --- |
| \`command\` | every command that RUN executes: in lists, loops, substitutions, \`sh -c\`, here-documents, behind \`sudo\` or \`env\`. \`pip install\` means \`pip\` with the argument \`install\`; \`*\` stands for any text. With \`instruction: CMD\` the commands of that instruction instead. |
| \`image\` | images of FROM, \`COPY --from\` and \`RUN --mount=from=\`, variables resolved: \`debian\`, \`ghcr.io/acme/*\`, \`docker.io/*\`, \`node:18*\`. Stages and \`scratch\` are no images. |
| \`label\` | keys of LABEL; \`*\` stands for any text. |
| \`instruction\` | instructions of this keyword, those of ONBUILD included. |
| \`pattern\` | a regular expression that is searched for in the command's arguments, the image reference, the label's value, or what stands behind the keyword. It is written in the [syntax of RE2](https://github.com/google/re2/wiki/Syntax), which has no backreferences, lookahead and lookbehind, so that it takes time in proportion to the text, whatever it says: require \`^web$\` in place of forbidding \`^(?!web$)\`. Case counts, and \`^\` and \`$\` are the ends of the text, unless it begins with \`(?i)\` or \`(?m)\`. |

A finding stands on the exact words, is named \`custom/\` and the entry's \`id\`, and is silenced or set like any other: \`# docker-hygiene ignore=custom/no-wget -- the reason\`, or \`custom/no-wget: off\` under \`rules\` or \`overrides\`. \`docker-hygiene explain custom/no-wget\` shows the rule.

\`\`\`yaml
forbid:
  - { id: no-wget, command: wget, message: Use curl with --fail, level: error }
  - { id: no-insecure-curl, command: curl, pattern: '(^| )(-k|--insecure)( |$)', message: Certificates must be checked }
  - { id: no-hub, image: docker.io/*, message: Pull through registry.acme.com/hub }
  - { id: no-ssh-port, instruction: EXPOSE, pattern: '\\b22\\b', message: Containers are not logged in to }
require:
  - { id: team, label: com.acme.team, pattern: '^(web|data)$', message: Label the image with its team }
  - { id: numeric-user, instruction: USER, pattern: '^[0-9]+', message: End with a numeric USER }
  - { id: slim-node, image: node, pattern: '-slim', message: Use the slim variant }
  - { id: our-registry, image: registry.acme.com/*, message: Pull from registry.acme.com }
\`\`\`

What is required of labels, instructions and commands is asked of every target, with the stages it is built \`FROM\`, and reported on its FROM; of USER, CMD and the like the last one counts. A required \`image\` without \`pattern\` is asked of every image, and with one of every image of that name.

## Ignore comments

\`\`\`dockerfile
# docker-hygiene ignore=root-user -- the entrypoint drops privileges
USER root

RUN apt-get update && \\
    # docker-hygiene ignore=unpinned-system-package,DL3015 -- rebuilt every night
    apt-get install -y curl
\`\`\`

\`ignore=\` covers the instruction behind it, or the next line where it stands inside an instruction; \`ignore-file=\` covers the file. Ids are rule ids, the names that other linters have for them, \`custom/…\`, or \`all\`. The comments of other linters hold as well: \`# hadolint ignore=\`, \`# hadolint global ignore=\`, \`# check=skip=\`, \`#trivy:ignore:\`, \`#checkov:skip=\`, \`# kics-scan ignore\` and \`# tally ignore=\`. An ignore of ours that hides nothing is reported (\`unused-ignore\`), and with \`require-reason: true\` one without a reason too.

## Findings that are known

A project that begins to audit has findings already. \`docker-hygiene audit --write-baseline .github/docker-hygiene-baseline.json\` writes them down, and with \`baseline-findings: .github/docker-hygiene-baseline.json\` in the configuration (or the flag \`--baseline-findings\`, or the input of that name) they no longer count: a run tells how many it knows and judges the others.

A finding is known by its file, its rule and what its lines say, blanks left out; the line it stands on may change, and when what it says changes it is new. Findings that are gone are noted; writing the baseline again takes them off. Commit the file: it has one line for each finding.`.split(
  "\n",
);
