#!/usr/bin/env bash
# Packs the built package, installs it in an empty folder and uses what it promises: the command, the local cloud, the
# schemas. Run `npm run build` first.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tarball=$(npm pack --silent --pack-destination "$folder")
tar -tzf "$folder/$tarball" | sort

cd "$folder"
echo '{"type": "module"}' >package.json
npm install --no-audit --no-fund --ignore-scripts "./$tarball"
npx mnsoss-face --help
cat >use.js <<'JS'
import { createRequire } from 'node:module';
import { startLocalCloud } from 'mnsoss-face/local';

const cloud = await startLocalCloud();
const { status } = await fetch(cloud.oss.url);
await cloud.close();
if (status !== 403) throw new Error(`expected 403 from OSS without a signature, got ${status}`);
for (const name of ['faces-1', 'enrolment-1']) createRequire(import.meta.url)(`mnsoss-face/schemas/${name}.json`);
console.log('the package works');
JS
node use.js
