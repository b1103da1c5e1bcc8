"""Speaks MNS with nothing but Python's standard library, as a second opinion on the wire format.

Usage: mns_stdlib.py <url> <region> <account id> <access key id>; the secret comes on standard input.
Prints one JSON line per check: {"operation", "title", "ok", "detail"}.
"""

import base64
import hashlib
import hmac
import http.client
import json
import sys
import xml.etree.ElementTree as ElementTree
from email.utils import formatdate
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

NAMESPACE = "{http://mns.aliyuncs.com/doc/v1/}"


class Mns:
    def __init__(self, url, key_id, secret):
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=40)
        self.key_id = key_id
        self.secret = secret

    def call(self, method, target, body=None, headers=None):
        """Gives the status, the response headers, and the document's root or None."""
        mns = {"x-mns-version": "2015-06-06", **(headers or {})}
        date = formatdate(usegmt=True)
        content_type = "text/xml;charset=utf-8" if body is not None else ""
        text = "\n".join(
            [method, "", content_type, date, *(f"{name}:{mns[name]}" for name in sorted(mns)), target]
        )
        digest = hmac.new(self.secret.encode(), text.encode(), hashlib.sha1).digest()
        sent = {**mns, "Date": date, "Authorization": f"MNS {self.key_id}:{base64.b64encode(digest).decode()}"}
        if body is not None:
            sent["Content-Type"] = content_type
        self.connection.request(method, target, body and body.encode(), sent)
        response = self.connection.getresponse()
        data = response.read()
        return response.status, response.headers, ElementTree.fromstring(data) if data else None


def text_of(root, name):
    found = root.find(NAMESPACE + name)
    return None if found is None else found.text


def texts_of(root, name):
    return [element.text for element in root.iter(NAMESPACE + name)]


def message(body, **more):
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return f"<Message><MessageBody>{escape(body)}</MessageBody>{fields}</Message>"


def expect(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def checks(mns, region, account):
    call = mns.call
    queue = "/queues/python"
    messages = f"{queue}/messages"

    def status(method, target, body=None, headers=None):
        return call(method, target, body, headers)[0]

    def receive(query=""):
        _, _, root = call("GET", f"{messages}{query}")
        return text_of(root, "MessageBody"), quote(text_of(root, "ReceiptHandle"), safe="")

    def create_queue():
        body = "<Queue><VisibilityTimeout>60</VisibilityTimeout></Queue>"
        code, headers, _ = call("PUT", queue, body)
        expect((code, headers["Location"].endswith(queue)), (201, True))
        expect(status("PUT", queue, body), 204)
        _, _, error = call("PUT", queue, "<Queue><VisibilityTimeout>61</VisibilityTimeout></Queue>")
        expect(text_of(error, "Code"), "QueueAlreadyExist")
        expect(all(text_of(error, name) for name in ("Message", "RequestId", "HostId")), True)

    def set_queue_attributes():
        body = "<Queue><MessageRetentionPeriod>3600</MessageRetentionPeriod></Queue>"
        expect(status("PUT", f"{queue}?metaoverride=true", body), 204)

    def get_queue_attributes():
        _, _, root = call("GET", queue)
        names = ("VisibilityTimeout", "MessageRetentionPeriod", "ActiveMessages", "LoggingEnabled")
        expect([text_of(root, name) for name in names], ["60", "3600", "0", "False"])

    def list_queue():
        _, _, root = call("GET", "/queues", None, {"x-mns-prefix": "pyth", "x-mns-ret-number": "5"})
        expect([url.endswith(queue) for url in texts_of(root, "QueueURL")], [True])

    def send_message():
        code, _, root = call("POST", messages, message("<é & 😀>"))
        expect((code, len(text_of(root, "MessageId"))), (201, 32))
        expect(text_of(root, "MessageBodyMD5"), hashlib.md5("<é & 😀>".encode()).hexdigest().upper())

    def peek_message():
        _, _, root = call("GET", f"{messages}?peekonly=true")
        expect((text_of(root, "MessageBody"), text_of(root, "ReceiptHandle")), ("<é & 😀>", None))

    def receive_message():
        body, _ = receive("?waitseconds=1")
        expect(body, "<é & 😀>")
        code, _, error = call("GET", messages)
        expect((code, text_of(error, "Code")), (404, "MessageNotExist"))

    def batch_send_message():
        code, _, root = call("POST", messages, f"<Messages>{message('1')}{message('2', Priority=1)}</Messages>")
        expect((code, len(texts_of(root, "MessageId"))), (201, 2))

    def delete_message():
        body, handle = receive()
        expect(body, "2")
        expect(status("DELETE", f"{messages}?ReceiptHandle={handle}"), 204)
        expect(status("DELETE", f"{messages}?ReceiptHandle={handle}"), 404)

    def change_visibility():
        body, handle = receive()
        expect(body, "1")
        _, _, root = call("PUT", f"{messages}?ReceiptHandle={handle}&VisibilityTimeout=90")
        expect(status("DELETE", f"{messages}?ReceiptHandle={handle}"), 404)
        fresh = quote(text_of(root, "ReceiptHandle"), safe="")
        expect(status("DELETE", f"{messages}?ReceiptHandle={fresh}"), 204)

    def batch_delete_message():
        call("POST", messages, message("3"))
        _, _, root = call("GET", f"{messages}?numOfMessages=16")
        handles = "".join(f"<ReceiptHandle>{handle}</ReceiptHandle>" for handle in texts_of(root, "ReceiptHandle"))
        body = f"<ReceiptHandles>{handles}</ReceiptHandles>"
        expect(status("DELETE", messages, body), 204)
        code, _, errors = call("DELETE", messages, body)
        expect((code, texts_of(errors, "ErrorCode")), (404, ["MessageNotExist"]))

    topic = "/topics/python"
    subscription = f"{topic}/subscriptions/sub"
    endpoint = f"acs:mns:{region}:{account}:queues/python"
    subscribed = (
        f"<Subscription><Endpoint>{endpoint}</Endpoint><FilterTag>wanted</FilterTag>"
        "<NotifyContentFormat>SIMPLIFIED</NotifyContentFormat></Subscription>"
    )

    def create_topic():
        expect(status("PUT", topic, "<Topic/>"), 201)
        expect(status("PUT", topic, "<Topic/>"), 204)

    def set_topic_attributes():
        body = "<Topic><MaximumMessageSize>2048</MaximumMessageSize></Topic>"
        expect(status("PUT", f"{topic}?metaoverride=true", body), 204)

    def get_topic_attributes():
        _, _, root = call("GET", topic)
        expect([text_of(root, name) for name in ("TopicName", "MaximumMessageSize")], ["python", "2048"])

    def list_topic():
        _, _, root = call("GET", "/topics", None, {"x-mns-prefix": "pyth"})
        expect([url.endswith(topic) for url in texts_of(root, "TopicURL")], [True])

    def subscribe():
        expect(status("PUT", subscription, subscribed), 201)
        expect(status("PUT", subscription, subscribed), 204)

    def set_subscription_attributes():
        body = "<Subscription><NotifyStrategy>EXPONENTIAL_DECAY_RETRY</NotifyStrategy></Subscription>"
        expect(status("PUT", f"{subscription}?metaoverride=true", body), 204)

    def get_subscription_attributes():
        _, _, root = call("GET", subscription)
        names = ("SubscriptionName", "TopicOwner", "Endpoint", "FilterTag", "NotifyStrategy", "NotifyContentFormat")
        expected = ["sub", account, endpoint, "wanted", "EXPONENTIAL_DECAY_RETRY", "SIMPLIFIED"]
        expect([text_of(root, name) for name in names], expected)

    def list_subscriptions():
        _, _, root = call("GET", f"{topic}/subscriptions")
        expect([url.endswith(subscription) for url in texts_of(root, "SubscriptionURL")], [True])

    def publish_message():
        expect(status("POST", f"{topic}/messages", message("no", MessageTag="other")), 201)
        expect(status("POST", f"{topic}/messages", message("yes", MessageTag="wanted")), 201)
        expect(receive("?waitseconds=5")[0], "yes")
        expect(status("GET", messages), 404)

    def unsubscribe():
        expect(status("DELETE", subscription), 204)
        expect(status("GET", subscription), 404)

    def delete_topic():
        expect(status("DELETE", topic), 204)
        expect(status("GET", topic), 404)

    def delete_queue():
        expect(status("DELETE", queue), 204)
        expect(status("GET", queue), 404)

    def set_account_attributes():
        body = "<Account><LoggingBucket>logs</LoggingBucket></Account>"
        expect(status("PUT", "/?accountmeta=true", body), 204)

    def get_account_attributes():
        _, _, root = call("GET", "/?accountmeta=true")
        expect(text_of(root, "LoggingBucket"), "logs")

    def open_service():
        _, _, root = call("POST", "/commonbuy/openservice")
        expect(bool(text_of(root, "OrderId")), True)

    def wrong_secret():
        stranger = Mns(f"http://{mns.connection.host}:{mns.connection.port}", mns.key_id, "guessed")
        code, _, error = stranger.call("GET", queue)
        expect((code, text_of(error, "Code")), (403, "SignatureDoesNotMatch"))

    return [
        ("CreateQueue", "creates a queue once and refuses other settings", create_queue),
        ("SetQueueAttributes", "changes the given settings", set_queue_attributes),
        ("GetQueueAttributes", "returns given and default settings", get_queue_attributes),
        ("GetQueueAttributes", "is refused with a wrong secret", wrong_secret),
        ("ListQueue", "lists by prefix", list_queue),
        ("SendMessage", "returns the MD5 of the text", send_message),
        ("PeekMessage", "returns a message without a handle", peek_message),
        ("ReceiveMessage", "returns a message once", receive_message),
        ("BatchSendMessage", "sends several messages", batch_send_message),
        ("DeleteMessage", "deletes a message once, the most urgent first", delete_message),
        ("ChangeMessageVisibility", "hides a message for longer under a new handle", change_visibility),
        ("BatchDeleteMessage", "deletes several messages", batch_delete_message),
        ("CreateTopic", "creates a topic once", create_topic),
        ("SetTopicAttributes", "changes the given settings", set_topic_attributes),
        ("GetTopicAttributes", "returns the settings", get_topic_attributes),
        ("ListTopic", "lists by prefix", list_topic),
        ("Subscribe", "creates a subscription once", subscribe),
        ("SetSubscriptionAttributes", "changes the given settings", set_subscription_attributes),
        ("GetSubscriptionAttributes", "returns the settings", get_subscription_attributes),
        ("ListSubscriptionByTopic", "lists subscriptions", list_subscriptions),
        ("PublishMessage", "delivers only messages with the tag of the subscription", publish_message),
        ("Unsubscribe", "deletes the subscription", unsubscribe),
        ("DeleteTopic", "deletes the topic", delete_topic),
        ("DeleteQueue", "deletes the queue", delete_queue),
        ("SetAccountAttributes", "stores the logging bucket", set_account_attributes),
        ("GetAccountAttributes", "returns the logging bucket", get_account_attributes),
        ("OpenService", "returns an order id", open_service),
    ]


def main(url, region, account, key_id):
    mns = Mns(url, key_id, sys.stdin.read().strip())
    for operation, title, check in checks(mns, region, account):
        try:
            check()
            failure = None
        except Exception as error:  # A check that fails is a line of the report, whatever it failed with.
            failure = f"{type(error).__name__}: {error}"
        line = {"operation": operation, "title": title, "ok": failure is None, "detail": failure or ""}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
