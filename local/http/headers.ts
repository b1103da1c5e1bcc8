/** Header names are in lower case. */
export type Headers = Readonly<Record<string, string>>;
