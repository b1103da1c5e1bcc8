// Fails if a package that is deployed, or installed with this project, has a licence that is not accepted: npm run licences
import { productionPackages } from './licences/packages.ts';
import { whyNotAccepted } from './licences/verdict.ts';

const counts = new Map<string, number>();
for (const { name, version, licence } of await productionPackages()) {
  const fault = whyNotAccepted(licence);
  if (fault !== undefined) {
    console.error(`${name} ${version} ${fault}`);
    process.exitCode = 1;
  } else counts.set(licence!, (counts.get(licence!) ?? 0) + 1);
}
for (const [licence, count] of [...counts].sort(([, one], [, other]) => other - one))
  console.log(`${String(count).padStart(4)}  ${licence}`);
