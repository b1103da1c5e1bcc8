/** The optional package that is not installed, if that is why `error` was thrown. */
export function missingPackageOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? at.code : undefined;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return namedIn(at.message);
  }
  return undefined;
}

/** Node names the package, or a file in it, in quotes. */
function namedIn(message: string): string | undefined {
  const specifier = /'([^']+)'/.exec(message)?.[1];
  return specifier && /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
}
