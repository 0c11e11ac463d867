import { familiarName, type ImageReference } from "../../dockerfile/image-reference.ts";

export interface EndOfLife {
  /** `Debian 10 (buster)` */
  readonly release: string;
  /** The day of the last fix, `2024-06-30`. */
  readonly ended: string;
  readonly source: string;
  /** The part of the tag that names the release. */
  readonly written: string;
  /** What would stand in place of `written` in a supported release; undefined when the rest of the tag may not exist there. */
  readonly successor: string | undefined;
}

/**
 * Whether the release that a tag names gets no more fixes. The table is part of the program: only ends that had
 * passed when it was written, so that the same file gives the same findings on any day.
 */
export const endOfLifeOf = (reference: ImageReference): EndOfLife | undefined => {
  const { tag } = reference;
  if (tag === undefined) return undefined;
  const name = familiarName(reference);
  const own = products.filter(({ images }) => images.test(name));
  for (const product of own) {
    const found = lookUp(product, tag);
    if (found !== undefined) return found;
  }
  return own.some(({ isDistribution }) => isDistribution) ? undefined : distributionIn(tag);
};

const lookUp = (product: Product, tag: string): EndOfLife | undefined => {
  for (const row of product.ended) {
    const written = match(row, tag);
    if (written === undefined) continue;
    const rest = tag.slice(written.length);
    // The variant of a language's image on an old distribution is not built for new releases.
    const isPlain = /^(-(slim|alpine|fpm|apache|cli|zts|fpm-alpine|cli-alpine|jre|jdk|management|noble))?$/.test(rest);
    const [version, ...codeNames] = row.names;
    const codeName = codeNames.length === 1 ? ` (${codeNames[0]})` : "";
    const release = `${product.label} ${version}${codeName}${product.suffix ?? ""}`;
    const supported = /^\d/.test(written) ? product.supported : (product.supportedName ?? product.supported);
    const successor = isPlain && supported !== "" ? supported : undefined;
    return { release, ended: row.ended, source: product.source, written, successor };
  }
  return undefined;
};

/** `22-buster`: the distribution of a language's image. */
const distributionIn = (tag: string): EndOfLife | undefined => {
  const parts = tag.split("-").slice(1);
  for (const product of parts.length === 0 ? [] : products) {
    if (product.isDistribution !== true) continue;
    for (const row of product.ended) {
      for (const part of parts) {
        const isAlpine = product.label === "Alpine" && row.names.some((version) => part === `alpine${version}`);
        const isCodeName = product.label !== "Alpine" && !/^\d/.test(part) && row.names.includes(part);
        if (!isAlpine && !isCodeName) continue;
        return {
          release: `${product.label} ${row.names[0]}`,
          ended: row.ended,
          source: product.source,
          written: part,
          successor: undefined,
        };
      }
    }
  }
  return undefined;
};

/** The beginning of the tag that is this release: `10`, `10.4`, `buster`, `buster-20220801` for Debian 10. */
const match = (row: Row, tag: string): string | undefined => {
  for (const name of row.names) {
    if (!tag.startsWith(name)) continue;
    const rest = /^((?:\.\d+)*(?:-\d{8})?)(-.*)?$/.exec(tag.slice(name.length));
    if (rest !== null) return name + (rest[1] ?? "");
  }
  return undefined;
};

interface Row {
  /** The version first, then code names. */
  readonly names: readonly string[];
  readonly ended: string;
}

interface Product {
  readonly label: string;
  readonly images: RegExp;
  /** Said behind the version, where the image has ended and not what is in it. */
  readonly suffix?: string;
  readonly isDistribution?: boolean;
  readonly source: string;
  /** A version that gets fixes for years from now. */
  readonly supported: string;
  readonly supportedName?: string;
  readonly ended: readonly Row[];
}

/** `10/buster 2024-06-30, …` */
const ended = (text: string): readonly Row[] =>
  text.split(/,\s*/).map((row) => {
    const [names = "", day = ""] = row.trim().split(" ");
    return { names: names.split("/"), ended: day };
  });

const dotnet = /^mcr\.microsoft\.com\/dotnet\/(core\/)?(sdk|aspnet|runtime|runtime-deps|monitor)$/;

const products: readonly Product[] = [
  {
    label: "Debian",
    images: /^(debian|buildpack-deps|bitnami\/minideb)$/,
    isDistribution: true,
    // The end of long-term support; security support by the project itself ends two years earlier.
    source: "https://wiki.debian.org/DebianReleases",
    supported: "13",
    supportedName: "trixie",
    ended: ended(
      "6/squeeze 2016-02-29, 7/wheezy 2018-05-31, 8/jessie 2020-06-30, 9/stretch 2022-07-01, 10/buster 2024-06-30, 11/bullseye 2026-08-31",
    ),
  },
  {
    label: "Ubuntu",
    images: /^(ubuntu|phusion\/baseimage)$/,
    isDistribution: true,
    source: "https://wiki.ubuntu.com/Releases",
    supported: "24.04",
    supportedName: "noble",
    ended: ended(
      "12.04/precise 2017-04-28, 14.04/trusty 2019-04-25, 16.04/xenial 2021-04-30, 18.04/bionic 2023-05-31, 19.10/eoan 2020-07-06, " +
        "20.04/focal 2025-05-31, 20.10/groovy 2021-07-22, 21.04/hirsute 2022-01-20, 21.10/impish 2022-07-14, 22.10/kinetic 2023-07-20, " +
        "23.04/lunar 2024-01-20, 23.10/mantic 2024-07-12, 24.10/oracular 2025-07-10, 25.04/plucky 2026-01-17, 25.10/questing 2026-07-01",
    ),
  },
  {
    label: "Alpine",
    images: /^(alpine|gliderlabs\/alpine)$/,
    isDistribution: true,
    source: "https://alpinelinux.org/releases/",
    supported: "3.23",
    ended: ended(
      "3.1 2016-11-01, 3.2 2017-05-01, 3.3 2017-11-01, 3.4 2018-05-01, 3.5 2018-11-01, 3.6 2019-05-01, 3.7 2019-11-01, 3.8 2020-05-01, " +
        "3.9 2020-11-01, 3.10 2021-05-01, 3.11 2021-11-01, 3.12 2022-05-01, 3.13 2022-11-01, 3.14 2023-05-01, 3.15 2023-11-01, " +
        "3.16 2024-05-23, 3.17 2024-11-22, 3.18 2025-05-09, 3.19 2025-11-01, 3.20 2026-04-01, 3.21 2026-11-01",
    ),
  },
  {
    label: "CentOS",
    images: /^(quay\.io\/centos\/)?centos$/,
    isDistribution: true,
    source: "https://www.centos.org/centos-linux-eol/",
    supported: "stream9",
    ended: ended(
      "5/centos5 2017-03-31, 6/centos6 2020-11-30, 7/centos7 2024-06-30, 8/centos8 2021-12-31, stream8 2024-05-31",
    ),
  },
  {
    label: "Fedora",
    images: /^(quay\.io\/fedora\/|registry\.fedoraproject\.org\/)?fedora$/,
    isDistribution: true,
    source: "https://docs.fedoraproject.org/en-US/releases/eol/",
    supported: "44",
    ended: ended(
      "30 2020-05-26, 31 2020-11-24, 32 2021-05-25, 33 2021-11-30, 34 2022-06-07, 35 2022-12-13, 36 2023-05-16, 37 2023-12-05, " +
        "38 2024-05-21, 39 2024-11-26, 40 2025-05-13, 41 2025-12-15, 42 2026-05-27",
    ),
  },
  {
    label: "Amazon Linux",
    images: /^(public\.ecr\.aws\/amazonlinux\/)?amazonlinux$/,
    isDistribution: true,
    source: "https://aws.amazon.com/amazon-linux-2/faqs/",
    supported: "2023",
    ended: ended("1/2018.03/2017.09/2017.03/2016.09 2023-12-31, 2 2026-06-30"),
  },
  {
    label: "openSUSE Leap",
    images: /^opensuse\/leap$/,
    isDistribution: true,
    source: "https://en.opensuse.org/Lifetime",
    supported: "16.0",
    ended: ended(
      "42.3 2019-07-01, 15.0 2019-12-03, 15.1 2021-02-02, 15.2 2022-01-04, 15.3 2022-12-31, 15.4 2023-12-07, 15.5 2024-12-31, 15.6 2026-04-30",
    ),
  },
  {
    label: "Node.js",
    images: /^node$/,
    source: "https://github.com/nodejs/release#release-schedule",
    supported: "24",
    ended: ended(
      "0.10 2016-10-31, 0.12 2016-12-31, 4/argon 2018-04-30, 5 2016-06-30, 6/boron 2019-04-30, 7 2017-06-30, 8/carbon 2019-12-31, 9 2018-06-30, " +
        "10/dubnium 2021-04-30, 11 2019-06-30, 12/erbium 2022-04-30, 13 2020-06-01, 14/fermium 2023-04-30, 15 2021-06-01, 16/gallium 2023-09-11, " +
        "17 2022-06-01, 18/hydrogen 2025-04-30, 19 2023-06-01, 20/iron 2026-04-30, 21 2024-06-01, 23 2025-06-01, 25 2026-06-01",
    ),
  },
  {
    label: "Python",
    images: /^python$/,
    source: "https://devguide.python.org/versions/",
    supported: "3.14",
    ended: ended(
      "2 2020-01-01, 3.3 2017-09-29, 3.4 2019-03-18, 3.5 2020-09-30, 3.6 2021-12-23, 3.7 2023-06-27, 3.8 2024-10-07, 3.9 2025-10-31, 3.10 2026-10-31",
    ),
  },
  {
    label: "PHP",
    images: /^php$/,
    source: "https://www.php.net/eol.php",
    supported: "8.4",
    ended: ended("5 2018-12-31, 7 2022-11-28, 8.0 2023-11-26, 8.1 2025-12-31"),
  },
  {
    label: "Ruby",
    images: /^ruby$/,
    source: "https://www.ruby-lang.org/en/downloads/branches/",
    supported: "3.4",
    ended: ended("1 2015-02-23, 2 2023-03-31, 3.0 2024-04-23, 3.1 2025-03-26, 3.2 2026-03-31"),
  },
  {
    label: "Go",
    images: /^golang$/,
    source: "https://go.dev/doc/devel/release",
    supported: "1.27",
    ended: ended(
      "1.10 2019-02-25, 1.11 2019-09-03, 1.12 2020-02-25, 1.13 2020-08-11, 1.14 2021-02-16, 1.15 2021-08-16, 1.16 2022-03-15, 1.17 2022-08-02, " +
        "1.18 2023-02-01, 1.19 2023-09-06, 1.20 2024-02-06, 1.21 2024-08-13, 1.22 2025-02-11, 1.23 2025-08-12, 1.24 2026-02-10, 1.25 2026-08-19",
    ),
  },
  {
    label: ".NET Core",
    images: dotnet,
    source: "https://dotnet.microsoft.com/platform/support/policy/dotnet-core",
    supported: "10.0",
    ended: ended(
      "1.0 2019-06-27, 1.1 2019-06-27, 1 2019-06-27, 2.0 2018-10-01, 2.1 2021-08-21, 2.2 2019-12-23, 2 2021-08-21, 3.0 2020-03-03, 3.1 2022-12-13",
    ),
  },
  {
    label: ".NET",
    images: dotnet,
    source: "https://dotnet.microsoft.com/platform/support/policy/dotnet-core",
    supported: "10.0",
    ended: ended("5.0 2022-05-10, 6.0 2024-11-12, 7.0 2024-05-14, 8.0 2026-11-10, 9.0 2026-11-10"),
  },
  {
    label: "PostgreSQL",
    images: /^postgres$/,
    source: "https://www.postgresql.org/support/versioning/",
    // A new major version cannot read the old one's data: no successor is offered.
    supported: "",
    ended: ended(
      "8 2014-07-24, 9 2021-11-11, 10 2022-11-10, 11 2023-11-09, 12 2024-11-21, 13 2025-11-13, 14 2026-11-12",
    ),
  },
  {
    label: "MySQL",
    images: /^mysql$/,
    source: "https://www.mysql.com/support/",
    supported: "",
    ended: ended("5 2023-10-31, 8.0 2026-04-30, 8.1 2023-10-25, 8.2 2024-01-18, 8.3 2024-04-30"),
  },
  {
    label: "Java",
    // Replaced by openjdk, which itself is deprecated by now.
    images: /^java$/,
    suffix: " of the image `java`",
    source: "https://hub.docker.com/_/java",
    supported: "",
    ended: ended("6 2016-12-31, 7 2016-12-31, 8 2016-12-31, 9 2016-12-31"),
  },
  {
    label: "Java",
    images: /^openjdk$/,
    suffix: " of the image `openjdk`",
    // The image itself is deprecated in favour of eclipse-temurin and others.
    source: "https://hub.docker.com/_/openjdk",
    supported: "",
    ended: ended(
      "7 2022-07-31, 8 2022-07-31, 9 2022-07-31, 10 2022-07-31, 11 2022-07-31, 12 2022-07-31, 13 2022-07-31, 14 2022-07-31, 15 2022-07-31, 16 2022-07-31, 17 2022-07-31, 18 2022-07-31",
    ),
  },
];
