import type { ManagerRow } from "./package-manager-row.ts";

const pipOptions =
  "-r --requirement -c --constraint -e --editable -t --target --prefix --root -i --index-url --extra-index-url -f --find-links " +
  "--trusted-host --platform --python-version --implementation --abi --no-binary --only-binary --progress-bar --cache-dir " +
  "--log --proxy --retries --timeout --default-timeout --exists-action --cert --client-cert --global-option --build-option " +
  "--config-settings -C --install-option --src -b --build --upgrade-strategy --report --use-feature --use-deprecated --python " +
  "--root-user-action --group -d --dest -w --wheel-dir --keyring-provider --resume-retries";
const uvOptions =
  `${pipOptions} --index --default-index --index-strategy --resolution --prerelease --link-mode -p --with --with-editable ` +
  "--with-requirements --from --exclude-newer --extra --no-extra --no-group --only-group --package --directory --project " +
  "--config-file --allow-insecure-host --refresh-package --reinstall-package --upgrade-package -P --no-install-package " +
  "--python-preference --overrides --override --build-constraint --tag --branch --rev --color --torch-backend";

export const languagePackageManagers = {
  pip: {
    actions: { install: "install", download: "download, wheel", remove: "uninstall", clean: "cache purge" },
    valued: pipOptions,
    assumeYes: "-y --yes",
    caches: "~/.cache/pip",
    cleanUp: "pip cache purge",
  },
  pipx: {
    actions: { install: "install, inject, run, install-all", upgrade: "upgrade, upgrade-all", remove: "uninstall" },
    valued: "--python --spec --pip-args --index-url -i --suffix --fetch-missing-python --backend",
    caches: "~/.cache/pip",
  },
  uv: {
    actions: {
      install: "pip install, sync, pip sync, tool install, add, tool run",
      upgrade: "tool upgrade",
      update: "lock",
      remove: "pip uninstall, remove, tool uninstall",
      clean: "cache clean, cache prune",
    },
    valued: uvOptions,
    caches: "~/.cache/uv",
    cleanUp: "uv cache clean",
  },
  poetry: {
    actions: { install: "install, add, sync, self add", upgrade: "update", remove: "remove", clean: "cache clear" },
    valued: "-C --directory -P --project --with --without --only -E --extras -G --group --source --python --platform",
    caches: "~/.cache/pypoetry",
  },
  pdm: {
    actions: { install: "install, sync, add, self add", upgrade: "update", remove: "remove", clean: "cache clear" },
    valued: "-p --project -G --group -L --lockfile -c --config --venv --without --with -e --editable",
    caches: "~/.cache/pdm",
  },
  pipenv: {
    actions: { install: "install, sync", upgrade: "update, upgrade", remove: "uninstall" },
    valued: "--python -r --requirements -i --index --categories -e --editable --pypi-mirror --extra-pip-args",
    caches: "~/.cache/pipenv ~/.cache/pip",
  },
  conda: {
    actions: {
      install: "install, create, env create, env update",
      upgrade: "update, upgrade",
      remove: "remove, uninstall",
      clean: "clean",
    },
    valued:
      "-n --name -p --prefix -c --channel -f --file --repodata-fn --solver --root-prefix -r --platform --freeze-installed",
    assumeYes: "-y --yes",
    caches: "/opt/conda/pkgs ~/.conda/pkgs",
    cleanUp: "conda clean -afy",
  },
  npm: {
    actions: {
      install: "install, i, in, ins, inst, isntall, add, install-test, it, ci, clean-install, ic, install-clean",
      upgrade: "update, up, upgrade, udpate",
      remove: "uninstall, un, unlink, remove, rm, r, prune",
      clean: "cache clean, cache clear, cache rm",
    },
    valued:
      "--prefix -C --registry --cache --loglevel --omit --include -w --workspace --fetch-retries --fetch-timeout --userconfig " +
      "--globalconfig --maxsockets --network-timeout --tag --python --cpu --os --libc --jobs --install-strategy --before --only " +
      "--fetch-retry-mintimeout --fetch-retry-maxtimeout --target --arch --script-shell",
    caches: "~/.npm",
    cleanUp: "npm cache clean --force",
  },
  pnpm: {
    actions: {
      install: "install, i, add, fetch",
      upgrade: "update, up, upgrade",
      remove: "remove, rm, uninstall, un, prune",
      clean: "store prune",
    },
    valued:
      "-C --dir -F --filter --filter-prod --store-dir --registry --reporter --loglevel --network-concurrency --child-concurrency " +
      "--virtual-store-dir --node-linker --modules-dir --lockfile-dir --allow-build",
    caches: "~/.local/share/pnpm ~/.cache/pnpm /pnpm",
    cleanUp: "pnpm store prune",
  },
  yarn: {
    actions: {
      install: ", install, add, global add, workspaces focus, up, dlx",
      upgrade: "upgrade, global upgrade, upgrade-interactive",
      remove: "remove, global remove",
      clean: "cache clean",
    },
    valued:
      "--cwd --network-timeout --registry --cache-folder --modules-folder --mutex --network-concurrency --preferred-cache-folder " +
      "--mode --loglevel --prefix --use-yarnrc --global-folder --child-concurrency",
    caches: "~/.cache/yarn /usr/local/share/.cache ~/.yarn",
    cleanUp: "yarn cache clean",
  },
  bun: {
    actions: {
      install: "install, i, add, a, ci",
      upgrade: "update",
      remove: "remove, rm",
      clean: "pm cache rm",
    },
    valued: "--cwd -c --config --registry --backend --cache-dir --omit --filter --network-concurrency --linker",
    caches: "~/.bun/install/cache",
    cleanUp: "bun pm cache rm",
  },
  gem: {
    actions: { install: "install, i", upgrade: "update", remove: "uninstall", clean: "cleanup", download: "fetch" },
    valued:
      "-v --version -i --install-dir -n --bindir -s --source -P --trust-policy --platform -g --file --without -p --http-proxy " +
      "--document --build-root --target-rbconfig -B",
    caches: "~/.gem /usr/local/bundle/cache",
  },
  bundle: {
    actions: {
      install: ", install, i",
      upgrade: "update",
      remove: "remove",
      clean: "clean",
      download: "cache, package",
    },
    valued:
      "-j --jobs --retry --path --without --with --gemfile -P --trust-policy --shebang --standalone --target-rbconfig",
    caches: "/usr/local/bundle/cache ~/.bundle/cache",
  },
  go: {
    actions: { install: "install, get, run", download: "mod download, mod vendor", update: "mod tidy", clean: "clean" },
    valued:
      "-o -ldflags -tags -p -gcflags -asmflags -gccgoflags -mod -modfile -overlay -pkgdir -toolexec -buildmode -compiler " +
      "-installsuffix -C -exec -covermode -coverpkg",
    caches: "~/.cache/go-build /root/go/pkg/mod /go/pkg/mod",
    cleanUp: "go clean -cache -modcache",
    singleDashWords: true,
  },
  cargo: {
    actions: {
      install: "install, binstall",
      upgrade: "update",
      remove: "uninstall, remove",
      clean: "clean",
      download: "fetch, vendor",
      other: "build, b, rustc, run, r, test, t, check, c, chef cook, auditable build, zigbuild",
    },
    valued:
      "--version --vers --git --branch --tag --rev --path --root --registry --index -F --features --profile --target --target-dir " +
      "-j --jobs -Z --bin --example --config -C --color --manifest-path -p --package --recipe-path",
    caches: "/usr/local/cargo/registry /usr/local/cargo/git ~/.cargo/registry ~/.cargo/git",
  },
  composer: {
    actions: {
      install: "install, i, require, req, r, create-project, global require",
      upgrade: "update, u, upgrade, global update",
      remove: "remove, rm",
      clean: "clear-cache, clearcache, cc",
    },
    valued: "-d --working-dir --prefer-install --ignore-platform-req --repository --stability --repository-url",
    caches: "~/.cache/composer ~/.composer/cache /tmp/cache",
    cleanUp: "composer clear-cache",
  },
  dotnet: {
    actions: { install: "tool install, tool update, restore", clean: "nuget locals" },
    valued:
      "--version --tool-path --add-source --configfile --framework -f -v --verbosity -r --runtime -s --source --arch -a",
    caches: "~/.nuget/packages ~/.local/share/NuGet",
    cleanUp: "dotnet nuget locals all --clear",
  },
} satisfies Readonly<Record<string, ManagerRow>>;
