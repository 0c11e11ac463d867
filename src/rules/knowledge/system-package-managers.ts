import type { ManagerRow } from "./package-manager-row.ts";

const aptOptions =
  "-o --option -c --config-file -t --target-release --default-release -a --host-architecture -P --build-profiles";
const aptCaches = "/var/lib/apt/lists /var/cache/apt";
const aptCleanUp = "rm -rf /var/lib/apt/lists/*";
const dnfOptions =
  "-c --config -x --exclude --excludepkgs --setopt --enablerepo --disablerepo --installroot --releasever -d --debuglevel " +
  "-e --errorlevel -R --randomwait --repo --repoid --repofrompath --disableexcludes --forcearch --comment --advisory " +
  "--bugzilla --cve --sec-severity --enableplugin --disableplugin --downloaddir --destdir --rpmverbosity --color --store";
const dnfActions = {
  install: "install, localinstall, reinstall, groupinstall, group install, module install, in",
  update: "makecache, check-update",
  upgrade:
    "upgrade, update, upgrade-minimal, update-minimal, distro-sync, dist-upgrade, system-upgrade, up, distribution-synchronization",
  remove: "remove, erase, autoremove, groupremove, group remove",
  clean: "clean",
  "build-deps": "builddep",
  download: "download",
};

export const systemPackageManagers = {
  "apt-get": {
    actions: {
      install: "install, reinstall",
      update: "update",
      upgrade: "upgrade, dist-upgrade, full-upgrade, dselect-upgrade",
      remove: "remove, purge, autoremove, autopurge",
      clean: "clean, autoclean, distclean, dist-clean",
      "build-deps": "build-dep",
      download: "download, source",
    },
    valued: aptOptions,
    assumeYes: "-y --yes --assume-yes",
    caches: aptCaches,
    cleanUp: aptCleanUp,
  },
  apt: {
    actions: {
      install: "install, reinstall",
      update: "update",
      upgrade: "upgrade, dist-upgrade, full-upgrade",
      remove: "remove, purge, autoremove, autopurge",
      clean: "clean, autoclean, distclean, dist-clean",
      "build-deps": "build-dep",
      download: "download, source",
    },
    valued: aptOptions,
    assumeYes: "-y --yes --assume-yes",
    caches: aptCaches,
    cleanUp: aptCleanUp,
  },
  aptitude: {
    actions: {
      install: "install, reinstall",
      update: "update",
      upgrade: "upgrade, safe-upgrade, full-upgrade, dist-upgrade",
      remove: "remove, purge",
      clean: "clean, autoclean",
      "build-deps": "build-dep",
      download: "download, source",
    },
    valued: "-o -t --target-release -F --display-format -w --width -O --sort -S --task",
    assumeYes: "-y --assume-yes",
    caches: aptCaches,
    cleanUp: aptCleanUp,
  },
  apk: {
    actions: {
      install: "add",
      update: "update",
      upgrade: "upgrade",
      remove: "del",
      clean: "cache clean",
      download: "fetch",
    },
    valued:
      "-p --root -X --repository -t --virtual --arch --cache-dir --cache-max-age --keys-dir --repositories-file --wait " +
      "--timeout --progress-fd",
    caches: "/var/cache/apk /etc/apk/cache",
    cleanUp: "rm -rf /var/cache/apk/*",
  },
  yum: {
    actions: dnfActions,
    valued: dnfOptions,
    assumeYes: "-y --assumeyes",
    caches: "/var/cache/yum /var/cache/dnf /var/cache/libdnf5",
    cleanUp: "yum clean all",
  },
  dnf: {
    actions: dnfActions,
    valued: dnfOptions,
    assumeYes: "-y --assumeyes",
    caches: "/var/cache/dnf /var/cache/libdnf5 /var/cache/yum",
    cleanUp: "dnf clean all",
  },
  microdnf: {
    actions: dnfActions,
    valued: dnfOptions,
    caches: "/var/cache/yum /var/cache/dnf /var/cache/libdnf5",
    cleanUp: "microdnf clean all",
  },
  tdnf: {
    actions: dnfActions,
    valued: dnfOptions,
    assumeYes: "-y --assumeyes",
    caches: "/var/cache/tdnf",
    cleanUp: "tdnf clean all",
  },
  zypper: {
    actions: {
      install: "install, in, install-new-recommends, inr, patch-install",
      update: "refresh, ref",
      upgrade: "update, up, dist-upgrade, dup, patch",
      remove: "remove, rm",
      clean: "clean, cc",
      "build-deps": "source-install, si",
      download: "download",
    },
    valued:
      "-c --config --root --reposd-dir --cache-dir --raw-cache-dir --solv-cache-dir --pkg-cache-dir --releasever " +
      "-p --plus-repo --plus-content --installroot -r --repo -t --type --from --solver-focus",
    assumeYes: "-n --non-interactive -y --no-confirm",
    caches: "/var/cache/zypp",
    cleanUp: "zypper clean --all",
  },
  pacman: {
    actions: {},
    valued:
      "-b --dbpath -r --root --arch --cachedir --config --gpgdir --hookdir --ignore --ignoregroup --overwrite --assume-installed",
    assumeYes: "--noconfirm",
    caches: "/var/cache/pacman /var/lib/pacman/sync",
    cleanUp: "pacman -Scc --noconfirm",
  },
} satisfies Readonly<Record<string, ManagerRow>>;
