#!/usr/bin/env bash
# Builds every target of the Dockerfile and runs it, without a container engine: on Debian, as root, in about two minutes
# of processor time.
#
# It uses no image registry. The base is a substitute: a minimal Debian with the node and npm of this machine, under the
# name that the Dockerfile gives. This shows that the Dockerfile builds and that its programs run as it says: as an
# unprivileged user, writing only to /tmp, with node as process 1, ending on SIGTERM. It does not show the real base.
set -euo pipefail
cd "$(dirname "$0")/../.."

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  mapfile -t targets < <(sed -nE 's/^FROM runtime AS ([a-z-]+)$/\1/p' Dockerfile)
fi

for tool in buildah skopeo umoci debootstrap; do
  command -v "$tool" >/dev/null && continue
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends buildah crun skopeo umoci debootstrap >/dev/null
  break
done

work=$(mktemp -d "${TMPDIR:-/var/tmp}/mnsoss-images.XXXXXX")
# buildah leaves its storage mounted on itself.
clean_up() {
  while read -r _ mounted _; do umount "$mounted"; done < <(grep -F " $work/" /proc/mounts | tac)
  rm -rf "$work"
}
trap clean_up EXIT
export CONTAINERS_STORAGE_CONF="$work/storage.conf"
# Without overlay mounts in the kernel, every layer is a copy: slow, and gigabytes.
mkdir "$work/"{lower,upper,scratch,merged}
driver=vfs
if mount -t overlay overlay -o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/scratch" "$work/merged" 2>/dev/null; then
  umount "$work/merged"
  driver=overlay
fi
printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' "$driver" "$work/graph" "$work/run" >"$CONTAINERS_STORAGE_CONF"

say() { printf '%4ss %s\n' "$SECONDS" "$*"; }

base=$(sed -nE 's/^ARG NODE_IMAGE=(.+)$/\1/p' Dockerfile)
say "building a substitute for $base"
# From the mirror that this machine uses.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -1)
debootstrap --variant=minbase bookworm "$work/base" "$mirror" >"$work/debootstrap.log" || { tail "$work/debootstrap.log"; exit 1; }
install -D "$(readlink -f "$(command -v node)")" "$work/base/usr/local/bin/node"
mkdir -p "$work/base/usr/local/lib/node_modules"
cp -r "$(npm root --global)/npm" "$work/base/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/base/usr/local/bin/npm"
chroot "$work/base" useradd --uid 1000 --create-home node
container=$(buildah from scratch)
buildah add -q "$container" "$work/base" / >/dev/null
buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
buildah commit -q "$container" "$base" >/dev/null
buildah rm "$container" >/dev/null
rm -rf "$work/base"

# How this machine reaches its npm registry.
volumes=(--volume /etc/ssl/certs:/etc/ssl/certs:ro)
for npmrc in "$(npm config get globalconfig)" /usr/local/etc/npmrc /etc/npmrc; do
  [ -f "$npmrc" ] || continue
  volumes+=(--volume "$npmrc:/usr/local/etc/npmrc:ro")
  break
done

for target in "${targets[@]}"; do
  say "building $target"
  # Layers are kept between targets, as a container engine does.
  buildah bud -q --layers --isolation chroot --network host --pull-never "${volumes[@]}" \
    --target "$target" --tag "$target" . >"$work/build.log" 2>&1 || { tail -40 "$work/build.log"; exit 1; }
  skopeo copy -q "containers-storage:localhost/$target" "oci:$work/oci-$target:latest"
  umoci unpack --image "$work/oci-$target:latest" "$work/bundle-$target" >/dev/null 2>&1
  say "running $target"
  npx tsx scripts/images/run.ts "$target" "$work/bundle-$target"
  rm -rf "$work/oci-$target" "$work/bundle-$target"
done
say "done: ${targets[*]}"
