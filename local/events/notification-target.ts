/** What event rules need from MNS. `publish` and `send` resolve when the message is durable. */
export interface NotificationTarget {
  createTopic(name: string): Promise<unknown>;
  subscribe(
    topic: string,
    subscription: string,
    endpoint: string,
    options: { format: 'SIMPLIFIED' | 'JSON' | 'XML' },
  ): Promise<unknown>;
  publish(topic: string, body: string): Promise<unknown>;
  send(queue: string, body: string): Promise<unknown>;
}
