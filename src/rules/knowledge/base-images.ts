import { familiarName, type ImageReference } from "../../dockerfile/image-reference.ts";
import type { StageFacts } from "../audited-file.ts";

export type Family =
  | "debian"
  | "ubuntu"
  | "alpine"
  | "rhel"
  | "suse"
  | "arch"
  | "busybox"
  | "distroless"
  | "wolfi"
  | "windows";

/** The distribution inside an image, from its name and tag; undefined when they do not tell. */
export const familyOf = (reference: ImageReference): Family | undefined => {
  const name = familiarName(reference);
  const tag = reference.tag ?? "";
  if (isWindowsImage(reference)) return "windows";
  const own = distributions.get(name);
  if (own !== undefined) return own;
  if (/(^|\/)distroless(\/|$)/.test(name)) return "distroless";
  if (/^cgr\.dev\//.test(name)) return "wolfi";
  if (/(^|\/)(ubi\d+|rhel\d+)(-[a-z]+)?(\/|$)/.test(name)) return "rhel";
  if (!officialOnDebian.has(name) && !others.has(name)) return undefined;
  for (const [word, family] of tagWords) if (word.test(tag)) return family;
  return others.get(name) ?? "debian";
};

/** `bash` where /bin/sh is bash, `dash` or `ash` where it is not; undefined when unknown. */
export const shOf = (reference: ImageReference): "bash" | "dash" | "ash" | undefined => {
  switch (familyOf(reference)) {
    case "debian":
    case "ubuntu":
      return "dash";
    case "alpine":
    case "busybox":
    case "wolfi":
      return "ash";
    case "rhel":
    case "suse":
    case "arch":
      return "bash";
    default:
      return undefined;
  }
};

/** Whether the tag names a release up to Debian 12 or Ubuntu 24.04: their dash is older than 0.5.12-7, which learnt pipefail. */
export const hasDashWithoutPipefail = (reference: ImageReference): boolean => {
  const name = familiarName(reference);
  const tag = reference.tag ?? "";
  if (releasesBeforePipefail.test(tag)) return true;
  if (/^(debian(\/eol)?|buildpack-deps|bitnami\/minideb)$/.test(name)) return /^([4-9]|1[0-2])([.-]|$)/.test(tag);
  return /^(ubuntu\/)?ubuntu$/.test(name) && /^(1\d\.|2[0-3]\.|24\.04)/.test(tag);
};

/** Whether dnf, yum and microdnf are dnf5, which keeps its downloads elsewhere: in Fedora 41 and later. */
export const hasDnf5 = ({ rootBase }: StageFacts): boolean => {
  if (rootBase.kind !== "image" || rootBase.reference === undefined) return false;
  const { tag = "latest" } = rootBase.reference;
  const isFedora = /^((quay\.io\/fedora|registry\.fedoraproject\.org)\/)?fedora(-minimal)?$/;
  if (!isFedora.test(familiarName(rootBase.reference))) return false;
  return /^(latest|rawhide)$/.test(tag) || Number(/^\d+/.exec(tag)?.[0]) >= 41;
};

/** The user that containers of an image have when nobody says otherwise; undefined when unknown. */
export const defaultUserOf = (reference: ImageReference): "root" | "other" | undefined => {
  const name = familiarName(reference);
  const tag = reference.tag ?? "";
  if (/(^|-)nonroot(-|$)|(^|-)(unprivileged|rootless|chiseled|chiseled-.*)$/.test(tag)) return "other";
  if (/-(unprivileged|nonroot|rootless)$/.test(name)) return "other";
  if (rootImages.has(name)) return "root";
  if (nonRootImages.has(name) || nonRootOwners.some((owner) => owner.test(name))) return "other";
  // Azure Linux distroless and Ubuntu chiseled images of .NET run as app.
  if (/^mcr\.microsoft\.com\/(.*\/)?dotnet\//.test(name)) return /chiseled|distroless/.test(tag) ? "other" : "root";
  if (/^dhi\.io\//.test(name)) return /(^|-)dev(-|$)/.test(tag) ? "root" : "other";
  const isDistroless = /^gcr\.io\/distroless\//.test(name);
  if (distributions.has(name) || officialOnDebian.has(name) || others.has(name) || isDistroless) return "root";
  return undefined;
};

export const isWindowsImage = (reference: ImageReference): boolean =>
  /^mcr\.microsoft\.com\/(windows(\/|$)|windows-|.*\/framework\/|dotnet\/framework\/)/.test(familiarName(reference)) ||
  /^(microsoft\/)?(windowsservercore|nanoserver|dotnet-framework.*|iis|aspnet)$/.test(familiarName(reference)) ||
  /(^|-)(nanoserver|windowsservercore)(-|$)/.test(reference.tag ?? "");

/** A smaller variant that the publisher offers of the same tag; undefined when there is none or it is in use. */
export const smallerVariantOf = (reference: ImageReference): string | undefined => {
  const name = familiarName(reference);
  const tag = reference.tag ?? "";
  if (
    /(^|-)(slim|alpine[\d.]*|tiny|minimal|distroless|chiseled|jre|jre-.*|nanoserver|windowsservercore)(-|$)/.test(tag)
  )
    return undefined;
  // php has no alpine variant with Apache, debian no slim one with backports.
  return /(^|-)(apache|backports)(-|$)/.test(tag) ? undefined : smallerVariants.get(name);
};

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");

const rows = <T extends string>(table: Readonly<Record<T, string>>): ReadonlyMap<string, T> =>
  new Map(
    (Object.entries(table) as [T, string][]).flatMap(([value, names]) =>
      words(names).map((name) => [name, value] as const),
    ),
  );

const distributions: ReadonlyMap<string, Family> = rows({
  debian: "debian debian/eol bitnami/minideb buildpack-deps kalilinux/kali-rolling",
  ubuntu: "ubuntu ubuntu/ubuntu phusion/baseimage nvidia/cuda",
  alpine: "alpine gliderlabs/alpine frolvlad/alpine-glibc",
  rhel:
    "fedora centos rockylinux rockylinux/rockylinux almalinux almalinux/8-base oraclelinux amazonlinux redhat/ubi8 redhat/ubi9 " +
    "quay.io/centos/centos quay.io/fedora/fedora public.ecr.aws/amazonlinux/amazonlinux clearlinux photon " +
    "mcr.microsoft.com/azurelinux/base/core mcr.microsoft.com/cbl-mariner/base/core",
  suse: "opensuse opensuse/leap opensuse/tumbleweed registry.suse.com/bci/bci-base registry.opensuse.org/opensuse/leap",
  arch: "archlinux archlinux/archlinux base/archlinux",
  busybox: "busybox",
  wolfi: "cgr.dev/chainguard/wolfi-base",
  distroless: "",
  windows: "",
});

/** Official images on Debian unless their tag says otherwise. */
const officialOnDebian: ReadonlySet<string> = new Set(
  words(
    "node python ruby golang php perl rust gcc pypy julia rakudo-star elixir erlang haskell swipl postgres redis nginx httpd mariadb " +
      "drupal wordpress joomla nextcloud ghost tomcat jetty groovy clojure composer couchdb influxdb telegraf nats neo4j " +
      "haproxy memcached varnish rabbitmq",
  ),
);

const others: ReadonlyMap<string, Family> = rows({
  debian: "",
  ubuntu: "eclipse-temurin maven gradle ibmjava tomcat mongo swift rabbitmq neo4j sonarqube solr jetty",
  alpine: "docker composer traefik registry nats-streaming znc",
  rhel: "mysql openjdk amazoncorretto percona",
  suse: "",
  arch: "",
  busybox: "",
  distroless: "",
  wolfi: "",
  windows: "",
});

const tagWords: readonly (readonly [RegExp, Family])[] = [
  [/(^|-)alpine/, "alpine"],
  [/(^|-)(forky|trixie|bookworm|bullseye|buster|stretch|jessie|slim)(-|$)/, "debian"],
  [/(^|-)(resolute|plucky|oracular|noble|jammy|focal|bionic|xenial|trusty)(-|$)/, "ubuntu"],
  [/(^|-)(ubi\d*|oraclelinux\d*|oracle|al2\d*|amazonlinux\d*|centos\d*)(-|$)/, "rhel"],
  [/(^|-)windowsservercore|(^|-)nanoserver/, "windows"],
];

const releasesBeforePipefail =
  /(^|-)((squeeze|wheezy|jessie|stretch|buster|bullseye|bookworm|precise|trusty|xenial|bionic|focal|jammy|kinetic|lunar|mantic|noble)(-|$)|ubuntu-?(1\d\.|2[0-3]\.|24\.04))/;

/** By the USER of the image that the publisher ships. */
const nonRootImages: ReadonlySet<string> = new Set(
  words(
    "memcached haproxy varnish solr elasticsearch kibana logstash sonarqube couchbase/sync-gateway " +
      "jenkins/jenkins jenkins/agent jenkins/inbound-agent jenkins/ssh-agent grafana/grafana grafana/loki grafana/grafana-oss " +
      "grafana/grafana-enterprise grafana/k6 loadimpact/k6 prom/prometheus prom/alertmanager prom/node-exporter prom/pushgateway " +
      "prom/blackbox-exporter quay.io/prometheus/prometheus quay.io/keycloak/keycloak keycloak/keycloak cloudflare/cloudflared " +
      "apache/airflow apache/superset apache/kafka apache/spark apache/nifi apache/zeppelin fluent/fluentd sitespeedio/browsertime " +
      "ghcr.io/actions/actions-runner myoung34/github-runner mambaorg/micromamba mcr.microsoft.com/mssql/server homebrew/brew " +
      "nginxinc/nginx-unprivileged curlimages/curl zaproxy/zap-stable ghcr.io/zaproxy/zaproxy rstudio/plumber " +
      "docker.io/cypress/factory hadolint/hadolint ghcr.io/hadolint/hadolint coredns/coredns opensearchproject/opensearch " +
      "ghcr.io/puppeteer/puppeteer buildkite/puppeteer browserless/chrome ghcr.io/browserless/chromium ghcr.io/astral-sh/uv " +
      "codercom/code-server gitpod/workspace-base gitpod/workspace-full linuxbrew/brew sagemath/sagemath registry.gitlab.com/gitlab-org/gitlab-runner",
  ),
);

const nonRootOwners: readonly RegExp[] = [
  /^(quay\.io\/)?jupyter\//,
  /^selenium\//,
  /^(docker\.io\/)?bitnami(legacy|secure)?\/(?!minideb)/,
  /^public\.ecr\.aws\/bitnami\/(?!minideb)/,
  /^cgr\.dev\//,
  /^docker\.elastic\.co\//,
  /^confluentinc\//,
  /^cimg\//,
  /^circleci\//,
  /^registry\.(access\.)?redhat\.(com|io)\/ubi\d+\/(nodejs|python|ruby|php|perl|go-toolset|openjdk|nginx|httpd|dotnet)/,
  /^registry\.gitlab\.com\/gitlab-org\/build\//,
];

const rootImages: ReadonlySet<string> = new Set(words("cgr.dev/chainguard/wolfi-base cgr.dev/chainguard/busybox"));

/** By the tags that the publisher offers; images of a language or a distribution only. */
const smallerVariants: ReadonlyMap<string, string> = rows({
  slim: "debian node python ruby perl pypy erlang elixir rust openjdk",
  alpine: "php nginx httpd",
  "a jre": "eclipse-temurin",
});
