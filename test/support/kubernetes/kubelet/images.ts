/** What stands for an image: the command that its container would run. */
export interface Image {
  readonly command: readonly string[];
  /** As the image's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** By name, without registry and tag; the first whose key the image's name ends with. */
export type Images = Readonly<Record<string, Image>>;

export function findImage(images: Images, reference: string): Image | undefined {
  const name = reference.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const key = Object.keys(images).find((known) => name === known || name.endsWith(`/${known}`));
  return key === undefined ? undefined : images[key];
}
