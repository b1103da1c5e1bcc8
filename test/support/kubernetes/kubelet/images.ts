/** Replacement of an image: the command that its container would run. */
export interface Image {
  readonly command: readonly string[];
  /** Environment of the image. */
  readonly env?: Readonly<Record<string, string>>;
}

/** By name, without registry and tag. The first key that the image's name ends with counts. */
export type Images = Readonly<Record<string, Image>>;

export function findImage(images: Images, reference: string): Image | undefined {
  const name = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const key = Object.keys(images).find((known) => name === known || name.endsWith(`/${known}`));
  return key === undefined ? undefined : images[key];
}
