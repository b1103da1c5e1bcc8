/** What event rules need from MNS. `publish` and `send` resolve when the message is durable. */
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
