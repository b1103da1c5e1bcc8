/** An account of the local cloud, with its one long-lived access key. */
export interface Account {
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

/** What event rules need of MNS. `publish` and `send` resolve when the message is durable. */
export interface NotificationTarget {
  createTopic(name: string): Promise<void>;
  subscribe(
    topic: string,
    subscription: string,
    endpoint: string,
    options: { format: 'SIMPLIFIED' | 'JSON' | 'XML' },
  ): Promise<void>;
  publish(topic: string, body: string): Promise<void>;
  send(queue: string, body: string): Promise<void>;
}
